"""A worker that meets what nobody foresaw does not die in silence: the gateway says so, and goes with it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.gateway.house import House, a_house
from tests.gateway.signing import Draft
from tests.gateway.test_serve import logged_until_it_ended
from tests.ports.makers import until


def damage(database: Path) -> None:
    """Put an entry with a time that is none into the database: the sequencer cannot read it."""
    with closing(sqlite3.connect(database, timeout=10)) as sqlite, sqlite:
        sqlite.execute("INSERT INTO entries (id, leaf, expires_at) VALUES ('made-up', x'00', 'made up')")


async def test_a_gateway_whose_worker_ended_is_not_ready(tmp_path: Path) -> None:
    async def not_ready(house: House) -> bool:
        answer = await house.send(Draft(path="/readyz"))
        return answer.status == 503 and answer.json["code"] == "worker-ended"

    told = []

    async def served_until_it_is_not() -> None:
        async with a_house(tmp_path, run_worker=True) as house:
            assert (await house.send(Draft(path="/readyz"))).status == 200
            await asyncio.to_thread(damage, tmp_path / "broker.sqlite")
            await until(lambda: not_ready(house))
            told.append("worker-ended")

    with pytest.raises(ValueError, match="made up"):
        await served_until_it_is_not()
    assert told == ["worker-ended"]


async def test_a_gateway_whose_worker_ended_stops_so_that_its_supervisor_starts_another(tmp_path: Path) -> None:
    @contextmanager
    def damaged(_port: int) -> Iterator[None]:
        damage(tmp_path / "broker.sqlite")
        yield

    logged = await logged_until_it_ended(tmp_path, ("-m", "tests.gateway.serving"), damaged)
    assert logged == [("loop_failed", "ValueError"), ("stopping", None)]
