"""A worker that meets what nobody foresaw does not die in silence: the gateway says so, and goes with it."""

import asyncio
import json
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.gateway.house import House, a_house
from tests.gateway.signing import Draft
from tests.gateway.test_serve import ROOT, make_certificate, until_listening
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
    make_certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.serving", str(tmp_path), str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await until_listening(process.stdout)
        damage(tmp_path / "broker.sqlite")
        rest, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 1
    logged = [(line["event"], line.get("error_type")) for line in map(json.loads, rest.splitlines())]
    assert logged == [("loop_failed", "ValueError"), ("stopping", None)]
