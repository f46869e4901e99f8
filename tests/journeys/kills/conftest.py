"""The ground of the kills, on both stacks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.made_up import MadeUpArea
from tests.journeys.kills.combination import Ground
from tests.journeys.kills.nursery import Nursery, open_nursery
from tests.journeys.kills.scene import Stack
from tests.journeys.kills.states import found_area, prepare_states


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Return where processes are started."""
    with open_nursery() as nursery:
        yield nursery


@pytest.fixture(scope="session")
def area(tmp_path_factory: pytest.TempPathFactory) -> MadeUpArea:
    """Return who takes part."""
    return found_area(tmp_path_factory.mktemp("area"))


@pytest.fixture(scope="session")
def embedded_ground(area: MadeUpArea, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Return SQLite with the embedded queue, with every state prepared."""
    return _ground(area, nursery, Stack(), tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="session")
def production_ground(
    request: pytest.FixtureRequest, area: MadeUpArea, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Ground:
    """Return PostgreSQL with RabbitMQ, with every state prepared."""
    stack = Stack(request.getfixturevalue("postgres_server"), request.getfixturevalue("amqp_url"))
    return _ground(area, nursery, stack, tmp_path_factory.mktemp("production"))


def _ground(area: MadeUpArea, nursery: Nursery, stack: Stack, folder: Path) -> Ground:
    (folder / "states").mkdir()
    states = prepare_states(area, nursery, stack, folder / "states")
    return Ground(area, nursery, stack, states, folder)
