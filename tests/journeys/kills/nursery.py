"""The parent's side: processes started by child.py, watched, frozen, thawed and ended by their ids."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from tests.journeys.kills.child import Job
from tests.journeys.kills.steps import Plan, Point, read_trace

ROOT = Path(__file__).parents[3]
WITHIN_S = 45.0
_LOOK_AGAIN_S = 0.02


class NeverHappened(AssertionError):
    """A condition that must come true did not."""


class Gone(Exception):
    """The process that was waited for has ended or is frozen."""


def until(condition: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
    """Return once `condition` holds. Raises NeverHappened."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise NeverHappened(what)
        time.sleep(_LOOK_AGAIN_S)


class Running:
    """One process of ours."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.folder = folder
        self._process = psutil.Process(pid)

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        try:
            return bool(self._process.status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    @property
    def frozen(self) -> bool:
        """Whether it is stopped."""
        with suppress(psutil.NoSuchProcess):
            return bool(self._process.status() == psutil.STATUS_STOPPED)
        return False

    @property
    def trace(self) -> Sequence[Point]:
        """The points it has reached."""
        return read_trace(self.folder)

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def plan(self, plan: Plan) -> None:
        """It counts its steps from now on, and meets its fate at the point of the plan."""
        plan.write(self.folder)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it, if it is still there."""
        with suppress(psutil.NoSuchProcess):
            self._process.send_signal(number)

    def thaw(self) -> None:
        """It goes on, and nothing more is planned for it."""
        (self.folder / "plan").unlink(missing_ok=True)
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone."""
        self.send(signal.SIGKILL)
        until(lambda: self.ended, "a killed process is gone")

    def stop(self) -> None:
        """It has ended in good order."""
        self.send(signal.SIGTERM)
        until(lambda: self.ended, f"a process stops: {self.folder}")

    def alive(self) -> None:
        """Return if it runs. Raises Gone."""
        if self.ended or self.frozen:
            raise Gone


class Server(Running):
    """A gateway with its worker."""

    def wait(self) -> None:
        """It listens. Raises NeverHappened with its log's end if it cannot start."""
        until(lambda: self.ended or (self.folder / "url").exists(), "a server listens")
        if self.ended:
            raise NeverHappened(f"a server starts: {self.log}")

    @property
    def url(self) -> str:
        """Where it listens."""
        return (self.folder / "url").read_text()


class Nursery:
    """Starts processes; made by `open_nursery`."""

    def __init__(self, source: "subprocess.Popen[str]") -> None:
        self._source = source

    def start(self, job: Job) -> int:
        """Return the id of a new process."""
        requests, answers = self._pipes()
        requests.write(job.encode())
        requests.flush()
        return int(answers.readline())

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._source.stdin is not None
        assert self._source.stdout is not None
        return self._source.stdin, self._source.stdout


@contextmanager
def open_nursery() -> Iterator[Nursery]:
    """A nursery; every process started by it is gone at the end."""
    # Without coverage: what is killed reports nothing, and the rest would only be slower.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.kills.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    ) as source:
        yield Nursery(source)
