"""The kit killed or frozen at each durable step of an errand: shown once, receipted once, nothing left over."""

import random
from functools import partial

import pytest

from tests.journeys.kills.combination import KILL, STOP, Ground, run_all
from tests.journeys.kills.errands import ERRANDS, discover, interrupt

SAMPLE = 1
EACH = [(name, how) for name in ERRANDS for how in (KILL, STOP)]


@pytest.mark.parametrize(("name", "how"), EACH)
def test_a_sample_of_interrupted_errands_heals(embedded_ground: Ground, name: str, how: str) -> None:
    errand = ERRANDS[name]
    points = random.Random(f"{name} {how}").sample(discover(embedded_ground, errand), SAMPLE)
    run_all(points, partial(interrupt, embedded_ground, errand, how=how))


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "how"), EACH)
def test_every_interrupted_errand_heals(embedded_ground: Ground, name: str, how: str) -> None:
    errand = ERRANDS[name]
    run_all(discover(embedded_ground, errand), partial(interrupt, embedded_ground, errand, how=how))
