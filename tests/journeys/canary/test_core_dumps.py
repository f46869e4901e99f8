"""What hardening is for: without it the plaintext of a half-sent referral is on the disk after a crash."""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.canary import abuses
from tests.journeys.canary.abuses import Pen
from tests.journeys.canary.canaries import Canaries
from tests.journeys.canary.encodings import needles
from tests.journeys.canary.house import House, abort, in_flight
from tests.journeys.canary.life import SENDER, Life
from tests.journeys.canary.search import search
from tests.servers.child import Child, answers

PATTERN = Path("/proc/sys/kernel/core_pattern")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="where cores go, and whether, is read from Linux's /proc"),
    pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_CORE)[1] == 0, reason="nobody may dump a core here"),
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def abort_in_the_middle(house: House, gateway: Child) -> tuple[Canaries, bool]:
    """Return the canaries of a referral of which all but a byte had arrived, and whether a core was dumped."""
    canaries = Canaries(1)
    gateway.start()
    try:
        gateway.wait_until(lambda: answers(house.port), timeout_s=60)
        good = abuses.texts_of(Life(house, canaries).documents(length=5000))
        raw = Pen(house.area, SENDER).submit(good)
        with in_flight(house.port, raw, lambda ready: gateway.wait_until(ready, 30)):
            return canaries, abort(gateway)
    finally:
        gateway.kill()


def test_a_gateway_that_is_not_hardened_writes_the_plaintext_to_the_disk(house: House) -> None:
    soft = house.service("soft", [sys.executable, "-m", "tests.journeys.canary.unhardened", str(house.home)])
    canaries, dumped = abort_in_the_middle(house, soft)
    assert dumped
    if not PATTERN.read_text().startswith(("|", "/")):  # else it went where this machine's owner wants it
        assert search(needles(canaries), house.runs_in.glob("*core*"))


def test_the_gateway_as_it_is_writes_none(house: House) -> None:
    canaries, dumped = abort_in_the_middle(house, house.gateway)
    assert not dumped
    assert search(needles(canaries), house.folders) == []
