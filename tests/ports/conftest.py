"""The stores and queues that one suite runs on."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broker.ports import Queue, Store
from broker.queues import open_queue
from broker.store import open_store, upgrade
from tests.ports.makers import NOW
from tests.servers.postgres import PostgresServer, database_name

POSTGRES = pytest.param("postgres", marks=pytest.mark.servers)
DELIVERY_LIMIT = 3


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the schema and nothing in it."""
    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the name of a PostgreSQL database with the schema and nothing in it."""
    url = postgres_server.fresh_database()
    asyncio.run(upgrade(url))
    yield database_name(url)
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", POSTGRES])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of an empty database with the schema."""
    yield from _database(request, request.param)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Return a store on an empty database."""
    opened = open_store(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def sqlite_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of an empty SQLite database with the schema, alone in `tmp_path`."""
    yield from _database(request, "sqlite")


@pytest.fixture
def postgres_database_url(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database with the schema."""
    yield from _database(request, "postgres")


@pytest.fixture
async def postgres_store(postgres_database_url: str) -> AsyncIterator[Store]:
    """Return a store on PostgreSQL, for what only a database with several writers can do."""
    opened = open_store(postgres_database_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands at NOW until it is moved."""
    return Clock()


@dataclass(frozen=True)
class Backend:
    """Where one kind of queue keeps its letters; RabbitMQ's uses no database."""

    database_url: str
    amqp_url: str


class Queues:
    """Opens as many queues of one kind as a test wants, each as a process of its own would."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self._opened: list[tuple[Queue, Store]] = []

    def open(self) -> Queue:
        store = open_store(self._backend.database_url)
        queue = open_queue(self._backend.amqp_url, store, self._clock, DELIVERY_LIMIT)
        self._opened.append((queue, store))
        return queue

    async def close(self) -> None:
        for queue, store in self._opened:
            await queue.close()
            await store.close()


@pytest.fixture(
    params=[
        "embedded-sqlite",
        pytest.param("embedded-postgres", marks=pytest.mark.servers),
        pytest.param("rabbitmq", marks=pytest.mark.servers),
    ]
)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Return where the queues of one kind keep their letters."""
    amqp_url = request.getfixturevalue("amqp_url") if request.param == "rabbitmq" else ""
    for url in _database(request, "postgres" if request.param == "embedded-postgres" else "sqlite"):
        yield Backend(url, amqp_url)


@pytest.fixture
async def queues(backend: Backend, clock: Clock) -> AsyncIterator[Queues]:
    """Return a way to open queues of one kind that share their letters."""
    opened = Queues(backend, clock)
    yield opened
    await opened.close()


@pytest.fixture
def queue(queues: Queues) -> Queue:
    """Return one queue."""
    return queues.open()


def _database(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        path = request.getfixturevalue("tmp_path") / "broker.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.fresh_database(request.getfixturevalue("postgres_template"))
    yield url
    server.drop_database(url)
