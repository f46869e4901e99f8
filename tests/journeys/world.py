"""A whole made-up area for one test: database, queue, a gateway with its worker on a real port, and everybody's kit."""

import asyncio
import json
import shutil
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aio_pika

from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import Referral
from agencies.documents.safe_contact import SafeContact
from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit, Pulled
from agencies.kit.home import Home
from agencies.kit.opening import Opened
from agencies.kit.wire import Problem
from agencies.names import CaseRef, OfficerId, PartyId
from broker.ports import UnitOfWork
from broker.queues.topology import dead_letter_queue, mailbox_queue
from broker.settings import Settings
from broker.store import open_store
from gateway.inprocess import InProcess, begin, made_up_settings, serving
from gateway.made_up import CAST, MadeUpArea, MovableClock, Role, found
from tests.factories import a_judgement_referral, a_safe_contact
from tests.servers.postgres import PostgresServer

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SENDER, SERVICE, COORDINATOR = "rivermead", "lantern", "coordinator"
ALL_DOCUMENTS = ["referral", "safe-contact", "exclusions"]
T = TypeVar("T")
Facts = Mapping[str, object]


@dataclass(frozen=True)
class Stack:
    """Where a world keeps its rows and sends its letters; the empty strings stand for the embedded default."""

    database_url: str = field(default="", repr=False)
    amqp_url: str = field(default="", repr=False)


@dataclass(frozen=True)
class Founded:
    """An area founded once for many tests: their worlds are copies of its folders and of its database."""

    area: MadeUpArea
    port: int
    sqlite: Path

    def copy(self, folder: Path, *, allow_classical: bool) -> MadeUpArea:
        """Return the area with everybody's folder copied to `folder`."""
        shutil.copytree(self.area.folder, folder)
        members = {
            short: replace(
                member, home=Home(folder / short, replace(member.home.settings, allow_classical=allow_classical))
            )
            for short, member in self.area.members.items()
        }
        return replace(self.area, folder=folder, members=members)


class World:
    """One area, served on one stack until `close`. Nothing in it is a stand-in but the clock."""

    def __init__(self, founded: Founded, folder: Path, stack: Stack, **settings: str | int) -> None:
        self.area = founded.copy(folder / "kits", allow_classical=bool(settings.get("allow_classical")))
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.clock = MovableClock(START, time.monotonic)
        self.settings: Settings = made_up_settings(
            self.area,
            self.home,
            founded.port,
            database_url=stack.database_url,
            amqp_url=stack.amqp_url,
            **settings,
        )
        if not stack.database_url:
            shutil.copyfile(founded.sqlite, self.database_file)
        self._kits: dict[str, Kit] = {}
        self._serving = ExitStack()
        self._gateway: InProcess | None = None

    @property
    def database_file(self) -> Path:
        """The embedded database."""
        return self.home / "broker.sqlite"

    def start(self) -> None:
        """The gateway serves, its worker in it.

        Raises BrokerError if it is not fit to serve.
        """
        self._gateway = self._serving.enter_context(serving(self.settings, self.area, self.clock))

    def stop(self) -> None:
        """The gateway has stopped in good order; kits stay."""
        self._gateway = None
        self._serving.close()

    def close(self) -> None:
        """Everything is closed."""
        for kit in self._kits.values():
            kit.close()
        self._kits.clear()
        self.stop()

    def party(self, short: str) -> PartyId:
        """Return a member's register id."""
        return self.area.party(short)

    def officer(self, short: str) -> OfficerId:
        """Return the id of the officer who works with a member's kit."""
        officer = self.area.members[short].home.settings.officer
        assert officer is not None
        return officer

    def kit(self, short: str) -> Kit:
        """Return a member's kit, the same one each time; the world closes it. It retries without waiting."""
        if short not in self._kits:
            member = self.area.members[short]
            self._kits[short] = Kit(member.home, member.keyring, self.clock, pause=lambda _seconds: None)
        return self._kits[short]

    def refer(
        self,
        referral: Referral | None = None,
        exclusions: Exclusions | None = None,
        *,
        by: str = SENDER,
        safe_contact: SafeContact | None = None,
        case: CaseRef | None = None,
    ) -> list[Accepted]:
        """Return the manifests of a referral, on judgement below the threshold unless another is given."""
        return self.kit(by).submit_referral(
            referral or a_judgement_referral(), safe_contact or a_safe_contact(), exclusions or Exclusions(), case
        )

    def arrived(self, accepted: Sequence[Accepted], by: str = SENDER) -> None:
        """Every delivery of these messages is in its recipient's mailbox, or further."""
        for one in accepted:
            self.until(lambda one=one: self.kit(by).status(one.manifest.message) != "accepted")

    def collect(self, short: str, at_least: int = 1) -> Pulled:
        """Return what a member's kit pulled and receipted, in one or several pulls, once it is `at_least` that much."""
        saved, notices = [], []
        ends = time.monotonic() + 30
        while len(saved) + len(notices) < at_least and time.monotonic() < ends:
            pulled = self.kit(short).pull(wait_s=2)
            saved += pulled.saved
            notices += pulled.notices
            assert pulled.failed == ()
        assert len(saved) + len(notices) >= at_least, "not everything came"
        return Pulled(tuple(saved), tuple(notices), ())

    def gets_nothing(self, short: str) -> bool:
        """Claim that nothing can be leased by a member; use it once everything has `arrived`."""
        pulled = self.kit(short).pull(wait_s=0)
        return not (pulled.saved or pulled.notices or pulled.failed)

    def read(self, short: str, at_least: int = 1) -> dict[str, Opened]:
        """Return what a member collected and opened, by document."""
        opened = [self.kit(short).open(delivery) for delivery in self.collect(short, at_least).saved]
        return {one.manifest.document: one for one in opened}

    def move(self, by: timedelta) -> None:
        """Let `by` pass at once; the worker looks at the clock again."""
        self.clock.move(by)
        if self._gateway is not None:
            self._gateway.wake()

    def until(self, condition: Callable[[], bool], within_s: float = 30, pause_s: float = 0.03) -> None:
        """Return once `condition` holds; fails if it does not come to."""
        ends = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < ends, "the condition waited for did not come"
            time.sleep(pause_s)

    def export(self) -> list[str]:
        """Return the lines of the log's export, as the coordinator's kit wrote them."""
        path = self.area.folder / "log.jsonl"
        self.kit(COORDINATOR).export_log(path)
        return path.read_text().splitlines()

    def entries(self, **facts: object) -> list[Facts]:
        """Return the log's entries that say all of `facts`; of what is sequenced by now."""
        logged = [json.loads(line)["entry"] for line in self.export()[1:]]
        said = [json.loads(entry) for entry in logged if entry is not None]
        return [entry for entry in said if facts.items() <= entry.items()]

    def logged(self, **facts: object) -> Facts:
        """Return the newest entry that says all of `facts`, once there is one in the log."""
        self.until(lambda: bool(self.entries(**facts)), pause_s=0.2)
        return self.entries(**facts)[-1]

    def peek(self, look: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Return what `look` reads in the database, past the gateway."""
        return self._past_the_gateway(look, writes=False)

    def change(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Return what `act` returned; what it changed in the database, past the gateway, is committed."""
        return self._past_the_gateway(act, writes=True)

    def _past_the_gateway(self, use: Callable[[UnitOfWork], Awaitable[T]], *, writes: bool) -> T:
        async def once() -> T:
            store = open_store(self.settings.database)
            try:
                async with store.unit() if writes else store.reader() as uow:
                    found = await use(uow)
                    await uow.commit()
                    return found
            finally:
                await store.close()

        return asyncio.run(once())


def refusal(act: Callable[[], object]) -> Problem:
    """Return the problem that `act` ran into."""
    try:
        act()
    except Problem as problem:
        return problem
    raise AssertionError("it was not refused")


def found_once(folder: Path, cast: Sequence[Role] = CAST) -> Founded:
    """Return an area founded a day before START in `folder`, with its database as a SQLite file to copy."""
    (folder / "kits").mkdir()
    (folder / "home").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    founded_at = START - timedelta(days=1)
    area = found(folder / "kits", f"http://127.0.0.1:{port}", founded_at, cast=cast)
    settings = made_up_settings(area, folder / "home", port)
    begin(settings, area, founded_at)
    return Founded(area, port, folder / "home" / "broker.sqlite")


def begin_on(server: PostgresServer, founded: Founded, home: Path) -> str:
    """Return the URL of a new PostgreSQL database that holds the area's beginning."""
    url = server.fresh_database()
    begin(made_up_settings(founded.area, home, founded.port, database_url=url), founded.area, START - timedelta(days=1))
    return url


def without_queues(amqp_url: str, founded: Founded) -> None:
    """The area's queues are gone from this virtual host, with what an earlier test left in them."""
    asyncio.run(_delete_queues(amqp_url, [founded.area.party(short) for short in founded.area.members]))


async def _delete_queues(amqp_url: str, parties: Sequence[PartyId]) -> None:
    connection = await aio_pika.connect(amqp_url, timeout=10)
    async with connection, connection.channel() as channel:
        names = [name(party) for party in parties for name in (mailbox_queue, dead_letter_queue)]
        for name in names:
            await channel.queue_delete(name, timeout=10, if_unused=False, if_empty=False)
