"""A whole gateway on a real TCP port: real broker, real database, made-up area; and a client that sends raw bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from agencies.kit.compose import REFERRAL, Author, Composed, compose
from broker.settings import Settings
from broker.store import open_store, upgrade
from broker.wiring import Broker, build_broker
from crypto.keys import SigningKey
from gateway.app import create_app
from gateway.serve import running
from tests.agencies.made_area import (
    AREA,
    HOUSING,
    NOW,
    fixed_key,
    made_area,
    revocation_of,
    signed_register,
    usual_entries,
)
from tests.factories import the_documents
from tests.gateway.signing import Draft, Signer, post, signed_by

TELEPHONE = "01632 960100"
HOUSING_KEY = fixed_key(HOUSING)


@dataclass
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Answer:
    """What came back, as it came."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def field(self, name: str) -> str:
        return ", ".join(value for key, value in self.fields if key == name)

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    def apart_from_the_request_id(self) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Everything that must not differ between two answers; the date is the second they were sent in."""
        given = self.field("x-request-id")
        fields = tuple(each for each in self.fields if each[0] not in {"x-request-id", "date"})
        return self.status, fields, self.body.replace(given.encode(), b"-")


@dataclass(frozen=True)
class House:
    """A gateway that listens, and the broker behind it."""

    broker: Broker
    clock: Clock
    address: str

    async def send(self, draft: Draft) -> Answer:
        return await self.send_raw(draft.raw())

    async def ask(self, draft: Draft, key: SigningKey = HOUSING_KEY) -> Answer:
        return await self.send(signed_by(draft, Signer(key).at(self.clock())))

    async def send_raw(self, raw: bytes, *, then: bytes = b"") -> Answer:
        """Send bytes and read one answer; `then` is sent without waiting for it to be read."""
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(raw + then)
            return await asyncio.wait_for(_answer(reader), 30)
        finally:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def a_house(home: Path, *, run_worker: bool = False, **changes: object) -> AsyncIterator[House]:
    """Yield a gateway with the usual register in its database."""
    made, clock, settings = made_area(), Clock(), settings_of(home, **changes)
    await found(settings)
    broker = await build_broker(settings, clock, made.service_keys, clock_is_injected=True)
    try:
        async with running(create_app(broker, run_worker=run_worker)) as address:
            yield House(broker, clock, address)
    finally:
        await broker.close()


def settings_of(home: Path, **changes: object) -> Settings:
    """The settings of the made-up area in the folder `home`."""
    usual: dict[str, object] = {
        "area": AREA,
        "case_prefix": "CAM",
        "home": home,
        "root_vkey": made_area().root.verify_key.vkey,
        "coordinator_telephone": TELEPHONE,
        "max_submission_bytes": 65_536,
    }
    return Settings.model_validate(usual | changes)


def a_submission(key: SigningKey = HOUSING_KEY) -> Composed:
    """A referral of made-up people, composed with the kit."""
    return compose(REFERRAL, the_documents(), Author(AREA, HOUSING, key), NOW)


def as_post(composed: Composed) -> Draft:
    return post("/v1/referrals", composed.body(), idempotency=composed.idempotency)


async def revoke(broker: Broker, keyid: str) -> None:
    async with broker.store.unit() as uow:
        await uow.trust.add_revocation(keyid, revocation_of(keyid, made_area().registrar), NOW)
        await uow.commit()


async def found(settings: Settings) -> None:
    """Make the area's database, with its first delegation and register."""
    settings.outside.mkdir(exist_ok=True)
    await upgrade(settings.database)
    store = open_store(settings.database)
    try:
        async with store.unit() as uow:
            await uow.trust.add_delegation(1, made_area().delegation)
            await uow.trust.add_register(1, signed_register(usual_entries()), NOW)
            await uow.commit()
    finally:
        await store.close()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = tuple((name, value) for name, _, value in (line.partition(": ") for line in head[1:] if line))
    length = dict(fields).get("content-length")
    if length is not None:
        body = await reader.readexactly(int(length))
    elif dict(fields).get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = b""
    return Answer(int(head[0].split(" ")[1]), fields, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    return body


def chunked(draft: Draft) -> Draft:
    """The same request with its body in chunks instead of a length."""
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(draft.body), draft.body)
    return replace(draft.without("content-length").adding(("transfer-encoding", "chunked")), body=body)
