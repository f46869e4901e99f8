"""Durable steps: each is told of before and after it takes effect, and there the process may be killed or frozen."""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, order=True)
class Point:
    """A place in an operation: the `occurrence`th time (from 1) that the step `label` is reached."""

    label: str
    occurrence: int
    when: str

    def __str__(self) -> str:
        return f"{self.when} {self.label} {self.occurrence}"


@dataclass(frozen=True)
class Plan:
    """What is to happen at a point, or at the `nth` (from 1) that is reached; without both, they are written down."""

    point: Point | None = None
    signal: str = "SIGKILL"
    nth: int | None = None

    def write(self, folder: Path) -> None:
        """The process whose folder this is counts its steps from now on."""
        draft = folder / "plan.new"
        draft.write_text(json.dumps(asdict(self)))
        draft.rename(folder / "plan")


class Steps:
    """The steps of one process; `folder` holds its `plan`, and `trace`, one line a step."""

    def __init__(self, folder: Path) -> None:
        self._plan = folder / "plan"
        self._trace = os.open(folder / "trace", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._reached: Counter[str] = Counter()
        self._points = 0
        self._fired = False

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """What runs inside is one durable step; one that fails has no `after`."""
        occurrence = self.before(label)
        yield
        self.after(label, occurrence)

    def before(self, label: str) -> int:
        """The step is about to take effect; return which occurrence it is, 0 while nothing is planned."""
        plan = self._planned()
        if plan is None:
            return 0
        self._reached[label] += 1
        self._reach(plan, Point(label, self._reached[label], BEFORE))
        return self._reached[label]

    def after(self, label: str, occurrence: int) -> None:
        """The step has taken effect."""
        plan = self._planned()
        if plan is not None and occurrence:
            self._reach(plan, Point(label, occurrence, AFTER))

    def _reach(self, plan: Plan, point: Point) -> None:
        os.write(self._trace, f"{point}\n".encode())
        self._points += 1
        if (point == plan.point or self._points == plan.nth) and not self._fired:
            self._fired = True
            os.kill(os.getpid(), signal.Signals[plan.signal])

    def _planned(self) -> Plan | None:
        try:
            held = json.loads(self._plan.read_text())
        except FileNotFoundError:
            return None
        point = None if held["point"] is None else Point(**held["point"])
        return Plan(point, held["signal"], held["nth"])


def read_trace(folder: Path) -> Sequence[Point]:
    """Return the points that the process with this folder has reached, in their order."""
    try:
        lines = (folder / "trace").read_text().splitlines()
    except FileNotFoundError:
        return []
    parts = [line.split(" ") for line in lines]
    return [Point(label, int(occurrence), when) for when, label, occurrence in parts]


def caller() -> str:
    """Return `module.function` of whoever called the function that calls this."""
    return _name(sys._getframe(2))


def outermost_in(module: str) -> str:
    """Return `module.function` of the outermost function of `module` that is being run."""
    frame: FrameType | None = sys._getframe(1)
    found = "nobody"
    while frame is not None:
        found = _name(frame) if frame.f_globals["__name__"] == module else found
        frame = frame.f_back
    return found


def _name(frame: FrameType) -> str:
    module = str(frame.f_globals["__name__"]).rpartition(".")[2]
    return f"{module}.{frame.f_code.co_name.strip('_')}"


class FileSteps:
    """Durable writes to files, seen by the interpreter's own audit events: renames, appends and removals.

    folders  each change of a file in one of these is a step; it has taken effect once the folder is opened to be synced
    """

    def __init__(self, steps: Steps, room: str, folders: Sequence[Path]) -> None:
        self._steps = steps
        self._room = room
        self._folders = {str(folder) for folder in folders}
        self._begun: list[tuple[str, int]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename":
            self._begin(str(arguments[1]))
        elif event == "os.remove":
            self._begin(str(arguments[0]), "removed-")
        elif event == "open" and isinstance(flags := arguments[2], int):
            path = str(arguments[0])
            if path in self._folders:
                self._end()
            elif flags & os.O_APPEND:
                self._begin(path)

    def _begin(self, path: str, what: str = "") -> None:
        folder, _, name = path.rpartition("/")
        if folder in self._folders:
            label = f"{self._room}.{what}{name.rpartition('.')[2]}"
            self._begun.append((label, self._steps.before(label)))

    def _end(self) -> None:
        begun, self._begun = self._begun, []
        for label, occurrence in begun:
            self._steps.after(label, occurrence)
