"""The worlds of the journeys: one area founded once, copied for each test, on both stacks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.made_up import CAST, Role
from tests.journeys.forger import Forger
from tests.journeys.world import Founded, Stack, World, begin_on, found_once, without_queues
from tests.servers.postgres import PostgresServer, database_name

DEPUTY, CHAIR, OTHER_CHAIR, CAFCASS = "deputy", "chair-1", "chair-2", "cafcass"
WITH_OFFICES = (
    *CAST,
    Role(DEPUTY, "deputy", "Fenmark MARAC Deputy Coordinator", proves=True),
    Role(CHAIR, "chair", "Chair of the first Fenmark MARAC"),
    Role(OTHER_CHAIR, "chair", "Chair of the second Fenmark MARAC"),
    Role(CAFCASS, "cafcass", "Fenmark CAFCASS"),
)
# What runs on either stack runs on what is used in life; the embedded default has its own journeys, and a campaign
# runs these there too.
EMBEDDED = pytest.param("embedded", marks=pytest.mark.campaign)
PRODUCTION = pytest.param("production", marks=pytest.mark.servers)
MakeWorld = Callable[..., World]
BeginOn = Callable[[PostgresServer], str]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Return an area with its database, to be copied."""
    return found_once(tmp_path_factory.mktemp("founded"))


@pytest.fixture(scope="session")
def postgres_template(
    postgres_server: PostgresServer, founded: Founded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return the name of a PostgreSQL database with the area's beginning, to be copied."""
    url = begin_on(postgres_server, founded, tmp_path_factory.mktemp("template"))
    yield database_name(url)
    postgres_server.drop_database(url)


@pytest.fixture
def begun_on(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> BeginOn:
    """Return how to make a database with the area's beginning on a PostgreSQL of the test's own."""
    return lambda server: begin_on(server, founded, tmp_path_factory.mktemp("begun"))


@pytest.fixture(params=[EMBEDDED, PRODUCTION])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Return SQLite with the embedded queue, or PostgreSQL with RabbitMQ; nobody else's rows or letters are there."""
    return Stack() if request.param == "embedded" else request.getfixturevalue("production")


@pytest.fixture
def production(
    postgres_server: PostgresServer, postgres_template: str, amqp_url: str, founded: Founded
) -> Iterator[Stack]:
    """Return a database on PostgreSQL, and RabbitMQ without a queue of the area."""
    without_queues(amqp_url, founded)
    url = postgres_server.fresh_database(postgres_template)
    yield Stack(url, amqp_url)
    postgres_server.drop_database(url)


@pytest.fixture
def make_world(founded: Founded, tmp_path: Path) -> Iterator[MakeWorld]:
    """Return how to make a world on a stack, with further settings by name; it is served, and closed at the end."""
    with ExitStack() as closing:

        def make(stack: Stack | None = None, **settings: str | int) -> World:
            world = World(founded, tmp_path, stack or Stack(), **settings)
            closing.callback(world.close)
            world.start()
            return world

        yield make


@pytest.fixture
def world(stack: Stack, make_world: MakeWorld) -> World:  # in this order: the world is closed before its stack
    """Return a whole area, served."""
    return make_world(stack)


@pytest.fixture(scope="session")
def founded_with_offices(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Return an area in which the coordinator has a deputy, meetings have two chairs, and CAFCASS takes part."""
    return found_once(tmp_path_factory.mktemp("offices"), WITH_OFFICES)


@pytest.fixture
def with_offices(founded_with_offices: Founded, tmp_path: Path) -> Iterator[World]:
    """Return that area on SQLite with the embedded queue, served."""
    world = World(founded_with_offices, tmp_path, Stack())
    world.start()
    yield world
    world.close()


@pytest.fixture
def embedded(make_world: MakeWorld) -> World:
    """Return a whole area on SQLite with the embedded queue, served: for what no stack can change."""
    return make_world()


@pytest.fixture
def forger(embedded: World) -> Forger:
    """Return who holds the key and the database of the embedded world's gateway."""
    return Forger(embedded)
