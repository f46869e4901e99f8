"""The server killed or frozen at each durable step of an operation: nothing lost, nothing twice, nothing by half."""

import random
from functools import partial

import pytest

from tests.journeys.kills.combination import KILL, STOP, Ground, discover, interrupt, interrupt_healing, run_all
from tests.journeys.kills.operations import OPERATIONS
from tests.journeys.kills.steps import Point

SAMPLE = 1
MOST_STEPS = 8
EACH = [(name, how) for name in OPERATIONS for how in (KILL, STOP)]


@pytest.mark.parametrize(("name", "how"), EACH)
def test_a_sample_of_interrupted_operations_heals(embedded_ground: Ground, name: str, how: str) -> None:
    operation = OPERATIONS[name]
    points = random.Random(f"{name} {how}").sample(discover(embedded_ground, operation), SAMPLE)
    run_all(points, partial(interrupt, embedded_ground, operation, how=how))


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_server_that_is_killed_while_it_heals_is_healed_by_the_next(embedded_ground: Ground, name: str) -> None:
    operation = OPERATIONS[name]
    point = random.Random(f"{name} healing").choice(discover(embedded_ground, operation))
    assert interrupt_healing(embedded_ground, operation, point, 1), "nothing was healed"


@pytest.mark.campaign
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_step_of_healing_is_healed_too(embedded_ground: Ground, name: str) -> None:
    operation = OPERATIONS[name]

    def each(point: Point) -> bool:
        return all(interrupt_healing(embedded_ground, operation, point, nth) for nth in range(1, MOST_STEPS))

    run_all(discover(embedded_ground, operation), each)


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "how"), EACH)
def test_every_interrupted_operation_heals(embedded_ground: Ground, name: str, how: str) -> None:
    operation = OPERATIONS[name]
    run_all(discover(embedded_ground, operation), partial(interrupt, embedded_ground, operation, how=how))


@pytest.mark.campaign
@pytest.mark.servers
@pytest.mark.parametrize(("name", "how"), EACH)
def test_every_interrupted_operation_heals_on_real_servers(production_ground: Ground, name: str, how: str) -> None:
    operation = OPERATIONS[name]
    run_all(discover(production_ground, operation), partial(interrupt, production_ground, operation, how=how))
