"""One gateway on the embedded database for the tests that only ask it, and one of its own for who changes it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.gateway.house import House, a_house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with a_house(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def own_house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def working(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, run_worker=True) as found:
        yield found
