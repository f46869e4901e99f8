"""A private RabbitMQ node: its own cookie, ports, folder, virtual hosts and one user; no guest."""

import asyncio
import base64
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aio_pika
from aio_pika.exceptions import AMQPError

from tests.servers.child import Child, answers, free_port
from tests.servers.programs import EPMD, RABBITMQ

_USER = "marac"
# One for the tests of a single process and one for each worker of pytest-xdist, who would meet in one vhost.
VHOSTS = ("tests", *(f"tests-gw{number}" for number in range(8)))


@dataclass
class RabbitNode:
    """A RabbitMQ of one's own, to be killed, frozen and wiped; `private_rabbitmq` makes one."""

    folder: Path
    port: int = field(default_factory=free_port)
    _password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _names: Child = field(init=False, repr=False)
    _child: Child = field(init=False, repr=False)

    def __post_init__(self) -> None:
        environment = self._environment(names_port=free_port(), distribution_port=free_port())
        names_port = environment["ERL_EPMD_PORT"]
        self._names = Child(
            command=[str(EPMD.require()), "-port", names_port, "-address", "127.0.0.1"],
            environment=environment,
            log=self.folder / "epmd.log",
        )
        self._child = Child([str(RABBITMQ.require())], environment, self.folder / "rabbitmq.log")
        self._write_configuration()

    @property
    def url(self) -> str:
        """The virtual host `tests` with the node's one user."""
        return f"amqp://{_USER}:{self._password}@127.0.0.1:{self.port}/{VHOSTS[0]}"

    def start(self) -> None:
        """The node runs and takes our password.

        Raises NotReady if it does not come up.
        """
        if not self._names.running:
            # As our own child: the daemon that Erlang would start otherwise outlives the node.
            self._names.start()
            names_port = int(self._names.environment["ERL_EPMD_PORT"])
            self._names.wait_until(lambda: answers(names_port), timeout_s=10)
        self._child.start()
        self._child.wait_until(lambda: answers(self.port) and reachable(self.url), timeout_s=90)

    def stop(self) -> None:
        """The node has ended in good order."""
        self._child.stop()

    def kill(self) -> None:
        """The node is gone at once (SIGKILL)."""
        self._child.kill()

    def wait_until_queues_are_on_disk(self, timeout_s: float = 20) -> None:
        """Return once a kill would not orphan a quorum queue.

        RabbitMQ 3.10 writes the name of a new quorum queue half a second late (rabbitmq/ra, pull request 443): a queue
        whose node is killed before that is back after the restart, but without a leader, and never confirms again.
        """
        self._child.wait_until(self._queues_are_on_disk, timeout_s)

    def freeze(self) -> None:
        """The node answers nobody, yet its connections stay open (SIGSTOP)."""
        self._child.freeze()

    def thaw(self) -> None:
        """A frozen node goes on."""
        self._child.thaw()

    def restart(self) -> None:
        """The node runs again, at the same address, with its durable queues and messages."""
        self.stop()
        self.start()

    def wipe_and_restart(self) -> None:
        """The node runs again, at the same address, without a queue or a message."""
        self.kill()
        shutil.rmtree(self.store)
        self.start()

    @property
    def store(self) -> Path:
        """The folder with everything the node keeps: what a search of the disk has to search."""
        return self.folder / "mnesia"

    def close(self) -> None:
        """The node and its name server are gone."""
        self._child.kill()
        self._names.kill()

    def _queues_are_on_disk(self) -> bool:
        logs = [file.parent for file in self.store.glob("*/quorum/*/*/config")]
        names = b"".join(file.read_bytes() for file in self.store.glob("*/quorum/*/names.dets"))
        return all(log.name.encode() in names for log in logs)

    def _environment(self, names_port: int, distribution_port: int) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": f"tests{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.store),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "rabbitmq.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
            # The start script then becomes the node instead of standing in front of it; the node itself reads nothing.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput",
        }

    def _write_configuration(self) -> None:
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "definitions.json").write_text(json.dumps(_definitions(self._password)))
        (self.folder / "rabbitmq.conf").write_text(
            f"load_definitions = {self.folder}/definitions.json\n"
            "log.file.level = warning\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "vm_memory_high_watermark.absolute = 512MiB\n"
            "disk_free_limit.absolute = 50MB\n"
            "raft.wal_max_size_bytes = 16777216\n"
        )


@contextmanager
def private_rabbitmq() -> Iterator[RabbitNode]:
    """A running RabbitMQ of one's own, in a temporary folder that is removed at the end.

    Raises Missing if RabbitMQ is not installed.
    """
    folder = Path(tempfile.mkdtemp(prefix="marac-rabbitmq-"))
    try:
        node = RabbitNode(folder)
        try:
            node.start()
            yield node
        finally:
            node.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reachable(url: str) -> bool:
    """Whether the node at `url` lets us in."""
    # In a thread: fixtures call this with and without an event loop of their own running.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _reachable(url)).result()


def on_vhost(url: str, vhost: str) -> str:
    """Return `url` with another virtual host."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{vhost}"))


async def _reachable(url: str) -> bool:
    try:
        async with asyncio.timeout(5):
            connection = await aio_pika.connect(url, timeout=5)
            await connection.close()
    except (OSError, AMQPError, TimeoutError):
        return False
    return True


def _definitions(password: str) -> dict[str, list[dict[str, object]]]:
    permission = {"user": _USER, "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": vhost} for vhost in VHOSTS],
        "users": [
            {
                "name": _USER,
                "password_hash": _password_hash(password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
        ],
        "permissions": [{**permission, "vhost": vhost} for vhost in VHOSTS],
    }


def _password_hash(password: str) -> str:
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
