"""A made-up area with a real gateway on a real port, and kits with real keys."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from agencies.kit.client import Kit
from agencies.kit.home import Home, KitSettings
from agencies.kit.keyring import Keyring
from agencies.names import OfficerId, PartyId
from agencies.notes.register import Entry
from broker.settings import Settings
from broker.store import open_store, upgrade
from broker.wiring import build_broker
from gateway.app import create_app
from gateway.serve import running
from tests.agencies.made_area import (
    AREA,
    COORDINATOR,
    HOUSING,
    IDVA,
    NOW,
    OFFICER,
    entry_of,
    fixed_identity,
    fixed_key,
    made_area,
    said_by,
    signed_register,
)

IDVA_OFFICER = OfficerId(f"{AREA}/officer/5d5d5d5d")
OFFICE_OFFICER = OfficerId(f"{AREA}/officer/c0c0c0c0")
OFFICERS = {HOUSING: OFFICER, IDVA: IDVA_OFFICER, COORDINATOR: OFFICE_OFFICER}


@dataclass
class Clock:
    """The time of this made-up area; moved by hand."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class RunningArea:
    """Where the gateway listens, and the folder that kits are made in."""

    folder: Path
    url: str
    clock: Clock
    pauses: list[float] = field(default_factory=list)

    def kit(self, party: PartyId, url: str | None = None) -> Kit:
        return Kit(self.home(party, url), keyring(party), self.clock, self.pauses.append)

    def home(self, party: PartyId, url: str | None = None) -> Home:
        path = self.folder / party.rpartition("/")[2]
        settings = KitSettings(AREA, url or self.url, made_area().root.verify_key.vkey, party, OFFICERS[party])
        if (path / "kit.json").exists():
            return Home(path, settings)
        return Home.create(path, settings)


def keyring(party: PartyId) -> Keyring:
    return Keyring(fixed_key(party), fixed_key(OFFICERS[party]), (fixed_identity(party, "working"),))


@cache
def entries() -> tuple[Entry, ...]:
    parties = [entry_of(said_by(party)) for party in (COORDINATOR, HOUSING, IDVA)]
    officers = [
        entry_of(replace(said_by(officer), kind="officer", agency=party)) for party, officer in OFFICERS.items()
    ]
    return (*parties, *officers)


@contextmanager
def running_area(folder: Path) -> Iterator[RunningArea]:
    """Yield the area while its gateway serves it in a thread of its own."""
    clock, listening, stop = Clock(), threading.Event(), asyncio.Event()
    area = RunningArea(folder, "", clock)
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        settings = area_settings(folder)
        await upgrade(settings.database)
        store = open_store(settings.database)
        async with store.unit() as uow:
            await uow.trust.add_delegation(1, made_area().delegation)
            await uow.trust.add_register(1, signed_register(entries()), NOW)
            await uow.commit()
        await store.close()
        broker = await build_broker(settings, clock, made_area().service_keys, clock_is_injected=True)
        try:
            async with running(create_app(broker, run_worker=True)) as url:
                area.url = url
                listening.set()
                await stop.wait()
        finally:
            await broker.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert listening.wait(30)
        yield area
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def area_settings(folder: Path) -> Settings:
    home = folder / "area"
    home.mkdir()
    return Settings(
        area=AREA,
        case_prefix="CAM",
        home=home,
        root_vkey=made_area().root.verify_key.vkey,
        coordinator_telephone="01632 960100",
    )
