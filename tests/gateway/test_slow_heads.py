"""Connections that only take up room are closed: on real sockets, with less patience than production has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.app import create_app
from gateway.wire import HEAD_WITHIN_S, BoundedProtocol
from tests.gateway.house import a_house
from tests.gateway.signing import Draft

HEAD = Draft(path="/livez").raw()


class Impatient(BoundedProtocol):
    """The protocol of production, which waits for a head as long as a test may take."""

    head_within_s = 0.5


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """Return the port of an impatient gateway."""
    async with a_house(tmp_path) as house:
        app = create_app(house.broker, run_worker=False)
        config = uvicorn.Config(
            app, http=Impatient, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False
        )
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: Impatient(config, state, {}), "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Return True once the other side has closed; False if it does not within a time that is long for it."""
    try:
        async with asyncio.timeout(5):
            return await reader.read() == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert await reader.readexactly(len(b'{"status":"live"}')) == b'{"status":"live"}'


async def test_who_sends_nothing_is_closed(port: int) -> None:
    async with connected(port) as (reader, _):
        assert await is_closed(reader)


async def test_who_sends_a_head_byte_by_byte_is_closed(port: int) -> None:
    async with connected(port) as (reader, writer):

        async def dribble() -> None:
            while True:
                writer.write(b"X")
                await asyncio.sleep(0.1)  # the slowness is what is tested

        writer.write(HEAD[:-2])
        dribbling = asyncio.create_task(dribble())
        assert await is_closed(reader)
        dribbling.cancel()


@pytest.mark.parametrize("second", [b"", b"\r\n", HEAD[:-2]], ids=["nothing", "an empty line", "half a head"])
async def test_after_an_answer_the_next_head_has_as_long_and_no_longer(port: int, second: bytes) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(HEAD)
            await answered(reader)
        writer.write(second)
        assert await is_closed(reader)


async def test_requests_sent_all_at_once_are_answered_one_by_one(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(HEAD * 5)
        for _ in range(5):
            await answered(reader)
        assert await is_closed(reader)


async def test_one_connection_too_many_is_closed_and_the_others_are_served(tmp_path: Path) -> None:
    async with a_house(tmp_path, max_connections=2) as house:
        port = int(house.address.rpartition(":")[2])
        async with connected(port) as (first, sends), connected(port) as (_, _idle):
            async with connected(port) as (third, _):
                assert await is_closed(third)
            sends.write(HEAD)
            head = await first.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")


def test_production_waits_ten_seconds() -> None:
    assert BoundedProtocol.head_within_s == HEAD_WITHIN_S == 10
