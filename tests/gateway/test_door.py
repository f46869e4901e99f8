"""A connection counts from when it is accepted: silence before the TLS handshake takes nobody's place for long."""

import asyncio
import resource
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from gateway.door import HANDSHAKE_WITHIN_S, Door
from tests.gateway.test_serve import make_certificate
from tests.ports.makers import until

LIMIT = 3
Run = Callable[[Coroutine[None, None, None]], None]


# Production's loops are uvloop's, the demo's and the tests' asyncio's own.
on_both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Impatient(Door):
    """The door of production, with as much patience as a test has."""

    handshake_within_s = 0.5


class Echo(asyncio.Protocol):
    """Sends back what comes; counts itself, as uvicorn's protocol does."""

    def __init__(self, connections: set[asyncio.Protocol]) -> None:
        self._connections = connections

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


@asynccontextmanager
async def opened(home: Path, door: type[Door]) -> AsyncIterator[tuple[str, int]]:
    make_certificate(home)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(home / "tls.crt", home / "tls.key")
    connections: set[asyncio.Protocol] = set()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stands = door(lambda: Echo(connections), connections, LIMIT, tls)
        stands.open(listener)
        try:
            yield listener.getsockname()
        finally:
            await stands.close()


async def speaks(address: tuple[str, int], home: Path) -> bool:
    """Claim that who does speak TLS is served."""
    context = ssl.create_default_context(cafile=home / "tls.crt")
    try:
        reader, writer = await asyncio.open_connection(*address, ssl=context)
    except OSError:
        return False
    writer.write(b"hello")
    said = await reader.read(5)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return said == b"hello"


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def silent(address: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(address)
    connection.setblocking(False)
    return connection


async def come_down_to(connections: list[socket.socket], count: int) -> bool:
    """Claim that in the end so many are open, no more and no fewer."""

    async def few() -> bool:
        return sum(not is_closed(one) for one in connections) <= count

    await until(few)
    return sum(not is_closed(one) for one in connections) == count


@on_both_loops
def test_who_connects_and_says_nothing_is_counted_before_any_tls(run: Run, tmp_path: Path) -> None:
    async def act() -> None:
        async with opened(tmp_path, Door) as address:
            with ExitStack() as ends:
                idle = [ends.enter_context(silent(address)) for _ in range(50)]
                assert await come_down_to(idle, LIMIT)
                assert not await speaks(address, tmp_path)

    run(act())


@on_both_loops
def test_who_does_not_finish_the_handshake_in_time_makes_room(run: Run, tmp_path: Path) -> None:
    async def act() -> None:
        async with opened(tmp_path, Impatient) as address:
            with ExitStack() as ends:
                idle = [ends.enter_context(silent(address)) for _ in range(LIMIT)]
                assert await come_down_to(idle, 0)
                assert await speaks(address, tmp_path)
                for one in idle:
                    one.close()

    run(act())


@on_both_loops
def test_what_is_no_tls_is_closed_and_the_next_is_served(run: Run, tmp_path: Path) -> None:
    async def act() -> None:
        async with opened(tmp_path, Door) as address:
            for _ in range(2 * LIMIT):
                with silent(address) as connection:
                    connection.send(b"GET / HTTP/1.1\r\n\r\n")
            await until(lambda: speaks(address, tmp_path))

    run(act())


@on_both_loops
def test_a_door_that_meets_what_nobody_foresaw_says_that_it_ended_and_why(run: Run) -> None:
    def broken() -> asyncio.Protocol:
        raise ValueError("made up")

    async def act() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            door = Door(broken, set(), LIMIT, None)
            door.open(listener)
            with silent(listener.getsockname()):
                await asyncio.wait_for(door.ended.wait(), 10)
            with pytest.raises(ValueError, match="made up"):
                await door.close()

    run(act())


def test_production_waits_ten_seconds_for_a_handshake() -> None:
    assert Door.handshake_within_s == HANDSHAKE_WITHIN_S == 10


LIMITED = """
import resource
from broker.errors import UnsafeSettings
from gateway.door import allow_connections
soft, hard = 256, 1000
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
for most in (100, 700):
    allow_connections(most)
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
try:
    allow_connections(901)
except UnsafeSettings as refused:
    print(refused)
"""


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1000, reason="the limit here is lower than it sets")
def test_the_limit_of_open_files_is_raised_to_what_the_connections_need_or_the_gateway_does_not_start() -> None:
    told = subprocess.run([sys.executable, "-c", LIMITED], check=True, capture_output=True, text=True)
    lower, raised, refused = told.stdout.splitlines()
    assert (lower, raised) == ("256", "800")
    assert "MARAC_MAX_CONNECTIONS 901 needs 1001 open files" in refused
