"""Requests signed by this machine's clock are taken although the sandbox's was moved: clients keep their own time."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import get_args

from fastapi import FastAPI, Request

from agencies.directory import Directory
from broker.need_to_know import Act, Asker
from broker.settings import Settings
from broker.wiring import Broker
from gateway.deps import Signed, SignedDelegation, SignedRegister, SignedRequest, the_broker
from gateway.errors import RequestRejected

Clock = Callable[[], datetime]
Admit = Callable[[Request], Awaitable[SignedRequest]]


@dataclass(frozen=True, slots=True)
class _ByMachine:
    """What admitting a request asks of the broker, at this machine's time."""

    _broker: Broker
    clock: Clock

    @property
    def settings(self) -> Settings:
        return self._broker.settings

    async def directory(self) -> Directory:
        return await self._broker.directory()

    async def spend_nonces(self, nonces: Sequence[tuple[str, str, datetime]]) -> bool:
        return await self._broker.spend_nonces(nonces)

    async def check(self, act: Act, asker: Asker) -> None:
        await self._broker.check(act, replace(asker, at=self._broker.clock()))


def take_either_clock(app: FastAPI, machine: Clock) -> None:
    """Let `app` judge a signature that is stale by the area's clock by the `machine`'s too; all else by the area's."""
    for annotated in (Signed, SignedRegister, SignedDelegation):
        admit: Admit = get_args(annotated)[1].dependency
        app.dependency_overrides[admit] = _either(admit, machine)


def _either(admit: Admit, machine: Clock) -> Admit:
    async def admit_by_either(request: Request) -> SignedRequest:
        try:
            return await admit(request)
        except RequestRejected as rejected:
            if rejected.public != "signature-stale":  # which is found before the body is read
                raise
        broker = the_broker(request)
        view = SimpleNamespace(state=SimpleNamespace(broker=_ByMachine(broker, machine)))
        admitted = await admit(Request({**request.scope, "app": view}, request.receive))
        return replace(admitted, at=broker.clock())

    return admit_by_either
