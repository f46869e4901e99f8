"""One sandbox for all tests of a process, as `marac demo --keep` opens it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.sandbox.guide import Guide
from gateway.sandbox.opening import Place, opened
from tests.servers.child import free_port


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    place = Place(tmp_path_factory.mktemp("sandbox"), free_port(), "marac", kept=True)
    with opened(place, lambda: datetime.now(UTC), lambda _step: None) as guide:
        yield guide
