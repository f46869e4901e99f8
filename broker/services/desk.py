"""What every use case is handed: the store, the keys, the clock, the settings and the verified directory."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from agencies.area import Area, verify_area
from agencies.directory import Directory
from agencies.names import AreaName
from agencies.register import verify_register
from agencies.revocations import verify_revocations
from broker.errors import StoreUnavailable
from broker.ports import Store, UnitOfWork
from broker.services.watch import Watch
from broker.settings import Settings
from crypto.blind_index import IndexKey
from crypto.keys import SigningKey, parse_vkey

Clock = Callable[[], datetime]


class Bell:
    """Wakes long polls and loops in this process when there is news; other processes look again by themselves.

    rings  how often it rang: who looks first and waits afterwards says which ring it had heard, and misses none
    """

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self.rings = 0

    def ring(self) -> None:
        """Wake whoever waits now."""
        self.rings += 1
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def wait(self, timeout_s: float, heard: int | None = None) -> bool:
        """Return True when the bell rings, or has since ring number `heard`; False after `timeout_s`."""
        if heard not in {None, self.rings}:
            return True
        try:
            await asyncio.wait_for(self._rung.wait(), timeout_s)
        except TimeoutError:
            return False
        return True


class Directories:
    """The directory as of the current unit of work, verified once for each version of what it is made from.

    Read in the same transaction as its use, so that a revocation holds from the next transaction on.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.root = parse_vkey(settings.root_vkey)
        self._version: tuple[int, int, int] | None = None
        self._directory: Directory | None = None

    async def current(self, uow: UnitOfWork) -> Directory:
        """Return the directory that this transaction sees.

        Raises StoreUnavailable if the area was never initialised in this database.
        """
        version = await uow.trust.version()
        if version != self._version or self._directory is None:
            self._directory = await self._verify(uow)
            self._version = version
        return self._directory

    async def area(self, uow: UnitOfWork) -> Area:
        """Return the area with its verified delegations."""
        return verify_area(self.root, await uow.trust.delegations())

    async def _verify(self, uow: UnitOfWork) -> Directory:
        area = await self.area(uow)
        note = await uow.trust.register()
        if note is None:
            raise StoreUnavailable("this database holds no register: run `marac init` first")
        register = verify_register(note, area, allow_classical=self._settings.allow_classical)
        revocations = verify_revocations(await uow.trust.revocations(), area, register)
        return Directory(area, register, revocations)


@dataclass
class Desk:
    """The surroundings of a use case. Keys are never logged, shown or stored.

    watch  what the clock is measured by before anything is destroyed; None where it is injected
    """

    settings: Settings
    store: Store
    clock: Clock
    gateway_key: SigningKey = field(repr=False)
    index_key: IndexKey = field(repr=False)
    directories: Directories
    watch: Watch | None = None
    mail: Bell = field(default_factory=Bell)  # something is in a mailbox
    outgoing: Bell = field(default_factory=Bell)  # something is in the outbox
    logged: Bell = field(default_factory=Bell)  # an entry waits for the sequencer
    clock_moved: Bell = field(default_factory=Bell)  # rung by whoever injects a clock and moves it

    @property
    def area(self) -> AreaName:
        """The area's name."""
        return AreaName(self.settings.area)

    @property
    def log_origin(self) -> str:
        """The origin of the area's log."""
        return f"{self.area}/log"

    def now(self) -> datetime:
        """Return the time to the second, as notes and entries state it."""
        return self.clock().replace(microsecond=0)

    def stopped(self) -> "Desk":
        """Return this desk with its clock stopped: what one transaction judges and states is of one instant."""
        at = self.clock()
        return replace(self, clock=lambda: at)
