"""A server program run as our own child: started, killed, frozen, stopped, and never left behind."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil


class NotReady(Exception):
    """A server did not answer in time; the message ends with the last lines of its own log."""


@dataclass(frozen=True)
class Account:
    """The system account a server runs under when we are root and it refuses to be."""

    uid: int
    gid: int


@dataclass
class Child:
    """One server process in a session of its own, so that Ctrl-C reaches the test run and not the server."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    account: Account | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the program; its output goes to `log`."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                start_new_session=True,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
            )

    @property
    def running(self) -> bool:
        """Whether the program has been started and has not ended; a frozen one still runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The program's process id, once it has been started."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """The program is gone without a chance to tidy up, as in a power cut."""
        self._signal_all(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=30)

    def freeze(self) -> None:
        """The program stops answering but keeps its ports and connections."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """A frozen program goes on where it was."""
        self._signal_all(signal.SIGCONT)

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 20) -> None:
        """The program has ended, in good order if it could within `timeout_s`, else killed."""
        if self._process is None or not self.running:
            return
        self.thaw()
        self._process.send_signal(number)
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Return once `ready()` holds.

        Raises NotReady if the program ends first, or after `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            if not self.running or time.monotonic() > deadline:
                raise NotReady(f"{Path(self.command[0]).name} is not ready; its log ends:\n{self.tail()}")
            time.sleep(0.05)

    def tail(self, lines: int = 20) -> str:
        """Return the last `lines` of what the program wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _signal_all(self, number: signal.Signals) -> None:
        # The program's own children too: each backend of PostgreSQL is in a process group of its own.
        if self._process is None or not self.running:
            return
        with suppress(psutil.NoSuchProcess):
            program = psutil.Process(self._process.pid)
            for process in [program, *program.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something on 127.0.0.1 takes connections at `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
