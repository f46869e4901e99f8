"""The ground of the kills, on both stacks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.kills.combination import Ground
from tests.journeys.kills.nursery import Nursery, open_nursery
from tests.journeys.kills.scene import Stack
from tests.journeys.kills.states import prepare_states
from tests.journeys.world import Founded, without_queues


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Return where processes are started."""
    with open_nursery() as nursery:
        yield nursery


@pytest.fixture(scope="session")
def embedded_ground(founded: Founded, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Return SQLite with the embedded queue, with every state prepared."""
    return _ground(founded, nursery, Stack(), tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="session")
def production_ground(
    request: pytest.FixtureRequest, founded: Founded, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    """Return PostgreSQL with RabbitMQ, with every state prepared."""
    amqp_url = request.getfixturevalue("amqp_url")
    without_queues(amqp_url, founded)
    stack = Stack(request.getfixturevalue("postgres_server"), amqp_url)
    return _ground(founded, nursery, stack, tmp_path_factory.mktemp("production"))


def _ground(founded: Founded, nursery: Nursery, stack: Stack, folder: Path) -> Ground:
    (folder / "states").mkdir()
    states = prepare_states(founded, nursery, stack, folder / "states")
    return Ground(founded.area, nursery, stack, states, folder)
