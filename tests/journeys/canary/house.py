"""A made-up area whose gateway and worker are processes of their own, with every folder that they write to known."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import asyncpg

from agencies.kit import keyfile
from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit
from broker.settings import Settings
from broker.wiring import ServiceKeys
from gateway.commands.area_env import FILE, load_settings, write_settings
from gateway.commands.founding import GATEWAY_KEY, INDEX_KEY, LOG_KEY
from gateway.commands.outcome import wall_clock
from gateway.inprocess import begin
from gateway.made_up import AREA, PREFIX, TELEPHONE, WORK_FACTOR, found
from tests.notices.mail_server import mail_server
from tests.notices.receiver import receiver
from tests.notices.tls import certificate, serving
from tests.servers.child import Child, answers, free_port

ROOT = Path(__file__).parents[3]
PROGRAM = Path(sys.executable).with_name("marac")
_DUMP_CORES = ("sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh")
SHARED = (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm"))


class House:
    """One area on one stack, in `folder`: `kits/` is the agencies' own, and `broker/` is all that the broker writes.

    database_url, amqp_url   empty for the embedded default, where the worker runs in the gateway's process
    """

    def __init__(self, folder: Path, database_url: str = "", amqp_url: str = "") -> None:
        self.folder = folder
        self.home, self.runs_in, self._tmp, self._user = (
            folder / "broker" / name for name in ("home", "run", "tmp", "user")
        )
        for place in (folder / "kits", self.home, self.home / "outside", self.runs_in, self._tmp, self._user):
            place.mkdir(parents=True, mode=0o700)
        self._began = wall_clock().timestamp()
        self._closing = ExitStack()
        self._file = certificate(folder / "kits")
        self.mail = self._closing.enter_context(mail_server(serving(self._file)))
        self.posted = self._closing.enter_context(receiver(serving(self._file)))
        self.port = free_port()
        self.area = found(folder / "kits", f"http://127.0.0.1:{self.port}", wall_clock())
        self.settings = self._settle(database_url, amqp_url)
        begin(self.settings, self.area, wall_clock())
        self.gateway = self.service("gateway", [str(PROGRAM), "serve", "--home", str(self.home)])
        self.worker = self.service("worker", [str(PROGRAM), "worker", "--home", str(self.home)]) if amqp_url else None
        self._kits: dict[str, Kit] = {}

    @property
    def folders(self) -> Sequence[Path]:
        """The folders of the broker's processes: settings and database, working folder and logs, TMPDIR and HOME."""
        return [self.home, self.home / "outside", self.runs_in, self._tmp, self._user]

    @property
    def strays(self) -> Sequence[Path]:
        """New files where programs write that do not look at TMPDIR: the machine's own, and shared memory."""
        return [path for folder in SHARED if folder.is_dir() for path in folder.iterdir() if self._is_new(path)]

    def service(self, name: str, command: Sequence[str]) -> Child:
        """Return a program of this house, not started: it may dump core, and its output is in `run/NAME.log`."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._user),
            "TMPDIR": str(self._tmp),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
        }
        return Child([*_DUMP_CORES, *command], environment, self.runs_in / f"{name}.log")

    def start(self) -> None:
        """Gateway and worker run."""
        self.gateway.start()
        if self.worker is not None:
            self.worker.start()
        self.gateway.wait_until(lambda: answers(self.port), timeout_s=60)

    def close(self) -> None:
        """Everything has ended."""
        for kit in self._kits.values():
            kit.close()
        for child in (self.gateway, self.worker):
            if child is not None:
                child.stop()
        self._closing.close()

    def kit(self, short: str) -> Kit:
        """Return a member's kit, the same one each time."""
        if short not in self._kits:
            member = self.area.members[short]
            self._kits[short] = Kit(member.home, member.keyring, wall_clock)
        return self._kits[short]

    def arrived(self, accepted: Sequence[Accepted], by: str) -> None:
        """Every delivery of these messages is in its recipient's mailbox."""
        kit = self.kit(by)

        def all_there() -> bool:
            return all(kit.status(one.manifest.message) != "accepted" for one in accepted)

        self.gateway.wait_until(all_there, timeout_s=60)

    @property
    def keys(self) -> ServiceKeys:
        """The broker's own keys."""
        return ServiceKeys(self.area.gateway, self.area.log, self.area.index)

    def say(self, raw: bytes) -> bytes:
        """Return all that the gateway answers to these bytes, until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have read enough
                connection.sendall(raw)
            return _read_to_end(connection)

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Yield every value in every table, as the database gives it: what it compresses on its disk is plain here."""
        if self.settings.database_url:
            yield from asyncio.run(_postgres_rows(self.settings.database_url))
        else:
            yield from _sqlite_rows(self.home / "broker.sqlite")

    def _is_new(self, path: Path) -> bool:
        with suppress(FileNotFoundError):  # other people's come and go
            return path.is_file() and path.stat().st_ctime >= self._began
        return False

    def _settle(self, database_url: str, amqp_url: str) -> Settings:
        secret = self.home / "passphrase"
        secret.touch(mode=0o600)
        secret.write_text(self.area.passphrase + "\n")
        for name, key in ((GATEWAY_KEY, self.area.gateway), (LOG_KEY, self.area.log)):
            keyfile.save_signing_key(self.home / name, key, self.area.passphrase, WORK_FACTOR)
        keyfile.save_index_key(self.home / INDEX_KEY, self.area.index, self.area.passphrase, WORK_FACTOR)
        values = {
            "area": AREA,
            "case_prefix": PREFIX,
            "root_vkey": self.area.root.verify_key.vkey,
            "coordinator_telephone": TELEPHONE,
            "port": str(self.port),
            "passphrase_file": str(secret),
            "database_url": database_url,
            "amqp_url": amqp_url,
            "smtp_host": "127.0.0.1",
            "smtp_port": str(self.mail.port),
            "smtp_from": "office@notices.example",
            "webhooks": "1",
            "webhook_networks": "127.0.0.0/8",
            "notices_ca": str(self._file),
        }
        write_settings(self.home / FILE, {name: value for name, value in values.items() if value})
        return load_settings(self.home)


def abort(child: Child) -> bool:
    """Return whether a core was dumped by a program that was made to abort."""
    os.kill(child.pid, signal.SIGABRT)
    ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    assert ended.si_status == signal.SIGABRT
    return ended.si_code == os.CLD_DUMPED


def in_flight(port: int, raw: bytes, until: Callable[[Callable[[], bool]], None]) -> socket.socket:
    """Return a connection on which all of a request but its last byte has arrived in the server's own memory.

    until   waits for a condition
    """
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(raw[:-1])
    ours = connection.getsockname()[1]
    until(lambda: _unread(port, ours) == 0 and _unread(ours, port) == 0)
    return connection


def _unread(local: int, remote: int) -> int:
    """Return how many bytes wait on a loopback connection, to be read or to be sent, as the kernel counts them."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, _, queues, *_ = line.split()
        if (int(here[-4:], 16), int(there[-4:], 16)) == (local, remote):
            return sum(int(queue, 16) for queue in queues.split(":"))
    return -1


def _read_to_end(connection: socket.socket) -> bytes:
    answer = bytearray()
    with suppress(ConnectionResetError):  # closed with something of ours unread
        while part := connection.recv(65536):
            answer += part
    return bytes(answer)


def _sqlite_rows(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the database's own names
                yield from ((table, _raw(value)) for value in row)


async def _postgres_rows(url: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    database = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)
    try:
        tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            for row in await database.fetch(f'SELECT * FROM "{table}"'):  # noqa: S608 - the database's own names
                found += [(table, _raw(value)) for value in row.values()]
    finally:
        await database.close()
    return found


def _raw(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else repr(value).encode()
