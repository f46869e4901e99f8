"""The gateway in a thread of this process, on a real port: for the demo, the sandbox and tests; never in production."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

import uvloop
from fastapi import FastAPI

from broker.errors import BrokerError
from broker.settings import Settings
from broker.store import open_store, upgrade
from broker.wiring import Broker, ServiceKeys, build_broker
from gateway.app import create_app
from gateway.made_up import AREA, PREFIX, TELEPHONE, MadeUpArea
from gateway.serve import running

START_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class InProcess:
    """A gateway that is listening."""

    url: str
    _loop: asyncio.AbstractEventLoop
    _broker: Broker

    def wake(self) -> None:
        """Let what waits for a later time look at the clock again: it was moved."""
        self._loop.call_soon_threadsafe(self._broker.desk.clock_moved.ring)


def made_up_settings(area: MadeUpArea, home: Path, port: int, **more: str | int) -> Settings:
    """Return the settings of a made-up area, in the folder `home`; `more` are further settings by name."""
    return Settings.model_validate(
        {
            "area": AREA,
            "case_prefix": PREFIX,
            "home": home,
            "root_vkey": area.root.verify_key.vkey,
            "coordinator_telephone": TELEPHONE,
            "port": port,
            **more,
        }
    )


def begin(settings: Settings, area: MadeUpArea, now: datetime) -> None:
    """Make the area's database, with its first delegation and register."""
    asyncio.run(_begin(settings.database, area, now))


@contextlib.contextmanager
def serving(
    settings: Settings,
    area: MadeUpArea,
    clock: Callable[[], datetime],
    furnish: Callable[[FastAPI], None] = lambda _app: None,
) -> Iterator[InProcess]:
    """Serve the area from a thread until the block ends; `furnish` may add to the application before it listens.

    Raises whatever keeps the gateway from starting.
    """
    started: Future[InProcess] = Future()
    stop = threading.Event()
    keys = ServiceKeys(area.gateway, area.log, area.index)
    thread = threading.Thread(
        target=lambda: uvloop.run(_serve(settings, keys, clock, furnish, started, stop)), name="gateway"
    )
    thread.start()
    try:
        yield started.result(START_WITHIN_S)
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _begin(url: str, area: MadeUpArea, now: datetime) -> None:
    await upgrade(url)
    store = open_store(url)
    try:
        async with store.unit() as uow:
            await uow.trust.add_delegation(1, area.delegation)
            await uow.trust.add_register(1, area.register, now)
            await uow.commit()
    finally:
        await store.close()


async def _serve(
    settings: Settings,
    keys: ServiceKeys,
    clock: Callable[[], datetime],
    furnish: Callable[[FastAPI], None],
    started: "Future[InProcess]",
    stop: threading.Event,
) -> None:
    try:
        broker = await build_broker(settings, clock, keys, clock_is_injected=True)
        try:
            app = create_app(broker, run_worker=True)
            furnish(app)
            async with running(app, settings.host, settings.port) as url:
                started.set_result(InProcess(url, asyncio.get_running_loop(), broker))
                await asyncio.get_running_loop().run_in_executor(None, stop.wait)
        finally:
            await broker.close()
    except (BrokerError, OSError) as error:  # handed to the thread that waits, which raises it
        if started.done():
            raise
        started.set_exception(error)
