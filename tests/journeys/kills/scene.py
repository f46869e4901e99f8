"""One world of a combination: a copy of a prepared state, its servers, its kits, and what was seen of it so far."""

import asyncio
import fcntl
import itertools
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import asyncpg

from agencies.documents.exclusions import Exclusions
from agencies.kit.acceptance import Accepted
from agencies.kit.client import AlreadyShown, Kit
from agencies.kit.compose import Composed
from agencies.kit.home import Home
from agencies.kit.inbox import State as Here
from agencies.kit.opening import Opened
from agencies.kit.wire import Problem, Unreachable
from agencies.names import PartyId
from broker.queues.topology import dead_letter_queue, mailbox_queue
from gateway.inprocess import made_up_settings
from gateway.made_up import MadeUpArea
from tests.factories import a_judgement_referral, a_safe_contact
from tests.journeys.kills.child import Job
from tests.journeys.kills.clock import FileClock
from tests.journeys.kills.nursery import Nursery, Running, Server, until
from tests.journeys.kills.steps import Plan
from tests.servers.postgres import PostgresServer, database_name

LEASE_S, REPUBLISH_S = 300, 4
READERS = ("lantern", "coordinator")
Row = tuple[Any, ...]
Unanswered = (Unreachable, Problem)  # what a kit meets when its server dies or freezes under it


@dataclass
class Memory:
    """What the world outside the broker knows.

    texts        each document accepted, by its message
    shown        what kits handed to a reader, as (member, message)
    checkpoints  every signed checkpoint that was ever to be seen
    headers      what a purge has to make unreadable for ever
    stage        how far an act of several stages has come
    """

    composed: Composed | None = None
    answers: list[list[Accepted]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    checkpoints: set[str] = field(default_factory=set)
    headers: list[bytes] = field(default_factory=list)
    stage: int = 0


@dataclass(frozen=True)
class Prepared:
    """A state to copy worlds from: its folder, its database's name on PostgreSQL, what was seen until then."""

    folder: Path
    database: str
    memory: Memory


@dataclass(frozen=True)
class Stack:
    """Where worlds live: SQLite, or a PostgreSQL server and a RabbitMQ virtual host."""

    postgres: PostgresServer | None = None
    amqp_url: str = ""

    @property
    def embedded(self) -> bool:
        """Whether one SQLite file holds everything."""
        return self.postgres is None

    def fresh_database(self, template: str) -> str:
        """Return the URL of a new database, a copy of `template`; nothing on SQLite, whose file is copied."""
        return self.postgres.fresh_database(template) if self.postgres else ""

    def drop(self, url: str) -> None:
        """The database is gone."""
        if self.postgres:
            self.postgres.drop_database(url)

    def empty_queues(self, parties: Sequence[PartyId]) -> None:
        """What these parties' queues held is gone, so that the next scene begins with none of it."""
        if self.amqp_url:
            asyncio.run(_delete_queues(self.amqp_url, parties))


class Scene:
    """A copy of a prepared state in `folder`, with its own database."""

    def __init__(self, area: MadeUpArea, nursery: Nursery, stack: Stack, prepared: Prepared, folder: Path) -> None:
        shutil.copytree(prepared.folder, folder)
        self.area = area
        self.folder = folder
        self.stack = stack
        self.clock = FileClock(folder / "clock")
        self.memory = deepcopy(prepared.memory)
        self.database_url = stack.fresh_database(prepared.database)
        self.server: Server | None = None
        self._nursery = nursery
        self._numbers = itertools.count(1)
        self._started: list[Running] = []
        self._kits: dict[tuple[str, str], Kit] = {}

    @property
    def outside(self) -> Path:
        """The folder outside the database."""
        return self.folder / "home" / "outside"

    def start(self) -> Server:
        """A further server listens; it is the one whom everybody talks to from now on."""
        server = self._start(self._own_folder("server"))
        server.wait()
        self.server = server  # only now: an act under way sends it signals, which would end one that is not ready
        return server

    def start_doomed(self, plan: Plan) -> Server:
        """A further server has begun; it meets its fate by the plan, perhaps before anybody can talk to it."""
        own = self._own_folder("server")
        plan.write(own)
        return self._start(own)

    def _start(self, own: Path) -> Server:
        settings = made_up_settings(
            self.area,
            self.folder / "home",
            8443,
            database_url=self.database_url,
            amqp_url=self.stack.amqp_url,
            lease_s=LEASE_S,
            republish_after_s=REPUBLISH_S,
        )
        job = Job(
            "server",
            str(own),
            str(self.folder / "clock"),
            {**settings.model_dump(mode="json", exclude_none=True)},
            (self.area.gateway.encode(), self.area.log.encode(), self.area.index.encode()),
        )
        server = Server(self._nursery.start(job), own)
        self._started.append(server)
        return server

    def start_kit(self, short: str, acts: Sequence[str], plan: Plan) -> Running:
        """A member's kit works in a process of its own, against the newest server, under a plan."""
        own = self._own_folder("kit")
        plan.write(own)
        if self.memory.composed is not None:
            (own / "composed").write_bytes(self.memory.composed.encode())
        home, secrets = str(self.folder / "kits" / short), (self.area.passphrase,)
        clock = str(self.folder / "clock")
        job = Job("kit", str(own), clock, secrets=secrets, home=home, url=self.url, acts=tuple(acts))
        kit = Running(self._nursery.start(job), own)
        self._started.append(kit)
        return kit

    def take_note(self, short: str, kit: Running) -> None:
        """What a kit's process has shown counts as shown."""
        path = kit.folder / "shown"
        shown = path.read_text().split() if path.exists() else []
        self.memory.shown += [(short, message) for message in shown]

    def read_again(self, short: str) -> None:
        """What a kit took for shown, and died before a reader had it, is read again from its saved file."""
        with self.kit(short) as kit:
            for item in kit.inbox.items():
                if item.state is Here.SHOWN and (short, item.message) not in self.memory.shown:
                    self.see(short, kit.read_again(item.delivery))

    @property
    def url(self) -> str:
        """Where the newest server listens."""
        assert self.server is not None
        return self.server.url

    @contextmanager
    def kit(self, short: str) -> Iterator[Kit]:
        """A member's kit, which talks to the newest server and does not wait between its tries."""
        if threading.current_thread() is not threading.main_thread():
            with self._new_kit(short) as kit:
                yield kit
            return
        key = (short, self.url)
        if key not in self._kits:  # kept: each is worth a twentieth of a second
            self._kits[key] = self._new_kit(short)
        yield self._kits[key]

    def _new_kit(self, short: str) -> Kit:
        member = self.area.members[short]
        home = Home(self.folder / "kits" / short, replace(member.home.settings, url=self.url))
        return Kit(home, member.keyring, self.clock, pause=lambda _seconds: None)

    def compose(self) -> None:
        """A referral is signed and ready to be sent, as often as it takes."""
        documents = {"referral": a_judgement_referral(), "safe-contact": a_safe_contact(), "exclusions": Exclusions()}
        member = self.area.members["rivermead"]
        home = Home(self.folder / "kits" / "rivermead", member.home.settings)
        with Kit(home, member.keyring, self.clock) as kit:
            self.memory.composed = kit.prepare(documents)

    def submit(self) -> None:
        """The prepared submission is sent, and its answer remembered."""
        composed = self.memory.composed
        assert composed is not None
        with self.kit("rivermead") as kit:
            accepted = kit.submit(composed)
        self.memory.answers.append(accepted)
        for one in accepted:
            self.memory.texts[one.manifest.message] = composed.documents[one.manifest.document]

    def pull(self, short: str) -> None:
        """A member collects what waits for it."""
        with self.kit(short) as kit:
            pulled = kit.pull()
        assert not pulled.failed, pulled.failed

    def open_all(self, short: str, only: str | None = None) -> None:
        """A member opens what it has collected and not seen yet."""
        with self.kit(short) as kit:
            for item in kit.inbox.items():
                wanted = only is None or item.message == only
                if wanted and item.state in (Here.SAVED, Here.COLLECTED, Here.OPENED):
                    self._open(kit, short, item.delivery)

    def _open(self, kit: Kit, short: str, delivery: str) -> None:
        item = next(item for item in kit.inbox.items() if item.delivery == delivery)
        try:
            opened = kit.open(item.delivery)
        except AlreadyShown:
            return
        self.see(short, opened)

    def see(self, short: str, opened: Opened) -> None:
        """A reader has a message before their eyes; it is the one that was sent."""
        message = opened.manifest.message
        assert opened.text == self.memory.texts[message], "another text was opened than was sent"
        self.memory.shown.append((short, message))

    def rows(self, query: str) -> list[Row]:
        """Return what the database says, past the broker."""
        if not self.database_url:
            sql = sqlite3.connect(f"file:{self.folder / 'home' / 'broker.sqlite'}?mode=ro", uri=True, timeout=30)
            try:
                return [tuple(row) for row in sql.execute(query)]
            finally:
                sql.close()
        return asyncio.run(_rows(self.database_url.replace("+asyncpg", ""), query))

    def count(self, query: str) -> int:
        """Return the number that a query gives."""
        return int(str(self.rows(query)[0][0]))

    def size(self, table: str) -> int:
        """Return how many rows a table of ours has."""
        return self.count(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own tables' names

    def is_locked(self) -> bool:
        """Claim that somebody holds SQLite's write lock; to be asked when nobody is at work."""
        if self.database_url:
            return False
        sql = sqlite3.connect(self.folder / "home" / "broker.sqlite", timeout=0, isolation_level=None)
        try:
            sql.execute("BEGIN IMMEDIATE")
            sql.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
        finally:
            sql.close()
        return False

    def outside_is_held(self) -> bool:
        """Claim that somebody holds the folder outside the database; to be asked when nobody is at work."""
        with (self.outside / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def look(self) -> None:
        """Remember the checkpoints that are to be seen now."""
        for (checkpoint,) in self.rows("SELECT checkpoint FROM log_state WHERE checkpoint IS NOT NULL"):
            self.memory.checkpoints.add(str(checkpoint))
        kept = self.outside / "checkpoint"
        if kept.exists():
            self.memory.checkpoints.add(kept.read_text())

    def settled(self) -> bool:
        """Claim that nothing is left to do: every delivery arrived, every entry is in the log, and kept outside."""
        self.look()
        left = self.count(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM letters)"
            " + (SELECT count(*) FROM deliveries WHERE state = 'accepted')"
            " + (SELECT count(*) FROM entries WHERE position IS NULL)"
        )
        kept = self.outside / "checkpoint"
        newest = self.rows("SELECT checkpoint FROM log_state WHERE checkpoint IS NOT NULL")
        return left == 0 and newest == ([(kept.read_text(),)] if kept.exists() else [])

    def settle(self) -> None:
        """Return once everything is settled. Raises NeverHappened."""
        until(self.settled, "outbox, queue and sequencer come to rest, and the checkpoint is kept outside")

    def end_all(self) -> None:
        """Every process that was started here is gone, and every kit closed."""
        for kit in self._kits.values():
            kit.close()
        self._kits.clear()
        for one in self._started:
            one.kill()

    def close(self) -> None:
        """Database and folder are gone."""
        self.stack.drop(self.database_url)
        self.stack.empty_queues([self.area.party(short) for short in self.area.members])
        shutil.rmtree(self.folder)

    def prepare(self, database: str = "") -> Prepared:
        """Return this scene, at rest and with its servers stopped, as a state to copy."""
        for name in self.folder.glob("server-*"):
            shutil.rmtree(name)
        return Prepared(self.folder, database_name(self.database_url) if self.database_url else database, self.memory)

    def _own_folder(self, kind: str) -> Path:
        own = self.folder / f"{kind}-{next(self._numbers)}"
        own.mkdir()
        return own


async def _rows(url: str, query: str) -> list[Row]:
    parts = urlsplit(url)
    connection = await asyncpg.connect(parts.geturl(), timeout=20)
    try:
        return [tuple(record) for record in await connection.fetch(query)]
    finally:
        await connection.close()


async def _delete_queues(amqp_url: str, parties: Sequence[PartyId]) -> None:
    connection = await aio_pika.connect(amqp_url, timeout=10)
    async with connection, connection.channel() as channel:
        for party in parties:
            for name in (mailbox_queue(party), dead_letter_queue(party)):
                await channel.queue_delete(name, timeout=10, if_unused=False, if_empty=False)
