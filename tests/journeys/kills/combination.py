"""One combination: an operation, a point in it, kill or freeze; then healing, and every promise checked."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gateway.made_up import MadeUpArea
from tests.journeys.kills import invariants
from tests.journeys.kills.nursery import Gone, NeverHappened, Nursery, Server, until
from tests.journeys.kills.operations import Operation
from tests.journeys.kills.scene import LEASE_S, READERS, Prepared, Scene, Stack, Unanswered
from tests.journeys.kills.steps import AFTER, BEFORE, Plan, Point

KILL, STOP = "SIGKILL", "SIGSTOP"
# Every few seconds whatever is going on, and no part of an operation.
_BACKGROUND = frozenset({"wiring.sweep", "relay.republish"})


@dataclass
class Attempt:
    """An operation's act under way in a thread, as by a kit that knows nothing of the server's fate."""

    failure: BaseException | None = None
    answered: bool = False
    _thread: threading.Thread = field(init=False)

    def begin(self, operation: Operation, scene: Scene) -> "Attempt":
        """The act has begun."""
        self._thread = threading.Thread(target=self._run, args=(operation, scene))
        self._thread.start()
        return self

    @property
    def over(self) -> bool:
        """Whether the act has come to an end, good or bad."""
        return not self._thread.is_alive()

    def end(self) -> None:
        """Wait for its end. Raises what went wrong with it, but for a server that did not answer."""
        self._thread.join(120)
        assert self.over, "an act hangs"
        if self.failure is not None:
            raise self.failure

    def _run(self, operation: Operation, scene: Scene) -> None:
        try:
            operation.act(scene)
            self.answered = True
        except (*Unanswered, Gone):
            pass
        except BaseException as failure:  # noqa: BLE001 - handed to the thread that waits
            self.failure = failure


@dataclass(frozen=True)
class Ground:
    """What every combination of a test run shares."""

    area: MadeUpArea
    nursery: Nursery
    stack: Stack
    states: dict[str, Prepared]
    folder: Path
    points: dict[str, Sequence[Point]] = field(default_factory=dict)  # of each operation, once discovered

    @contextmanager
    def scene(self, state: str, name: str) -> Iterator[Scene]:
        """A fresh scene that begins in a state; what it started is gone at the end."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        scene = Scene(self.area, self.nursery, self.stack, self.states[state], folder)
        try:
            if scene.memory.composed is None:
                scene.compose()
            yield scene
        finally:
            scene.end_all()
            scene.close()


def discover(ground: Ground, operation: Operation) -> Sequence[Point]:
    """Return every point of an operation, from a run in which nothing goes wrong; run once for each ground."""
    if operation.name not in ground.points:
        ground.points[operation.name] = _discover(ground, operation)
    return ground.points[operation.name]


def _discover(ground: Ground, operation: Operation) -> Sequence[Point]:
    with ground.scene(operation.state, f"dry-{operation.name}") as scene:
        server = scene.start()
        server.plan(Plan())
        operation.act(scene)
        scene.settle()
        found = [point for point in server.trace if point.label not in _BACKGROUND]
        (server.folder / "plan").unlink()
        finish(scene, operation)
    steps = sorted({(point.label, point.occurrence) for point in found})
    return [Point(label, occurrence, when) for label, occurrence in steps for when in (BEFORE, AFTER)]


def interrupt(ground: Ground, operation: Operation, point: Point, how: str) -> bool:
    """Kill or freeze at a point, heal, and check everything; return False if this run never came to the point.

    How often a step happens may differ between runs (batches): a first time always comes.
    """
    with ground.scene(operation.state, f"{operation.name}-{how}-{point}".replace(" ", "-")) as scene:
        server = scene.start()
        server.plan(Plan(point, how))
        attempt = Attempt().begin(operation, scene)
        # A first time always comes; of a later one, everything at rest without it says that it does not.
        later = point.occurrence > 1
        until(lambda: server.ended or server.frozen or (later and _at_rest(scene, attempt)), "the fault strikes")
        if how == KILL:
            _after_a_kill(scene, operation, attempt)
        else:
            _after_a_freeze(scene, operation, attempt, server)
        finish(scene, operation)
        return point in server.trace


def interrupt_healing(ground: Ground, operation: Operation, point: Point, nth: int) -> bool:
    """Kill at a point, kill the next server at the `nth` thing it does to heal that, and check everything.

    Return False if healing is over before an `nth`.
    """
    with ground.scene(operation.state, f"{operation.name}-healing-{point}-{nth}".replace(" ", "-")) as scene:
        server = scene.start()
        server.plan(Plan(point, KILL))
        attempt = Attempt().begin(operation, scene)
        until(lambda: server.ended or _at_rest(scene, attempt), "the fault strikes")
        attempt.end()
        scene.look()
        second = scene.start_doomed(Plan(signal=KILL, nth=nth))
        until(lambda: second.ended or _healed(scene, second), "the fault strikes again, or everything is healed")
        struck = second.ended
        second.kill()
        _after_a_kill(scene, operation, attempt)
        finish(scene, operation)
        return struck


def _healed(scene: Scene, server: Server) -> bool:
    """Claim that a server has been through its first round, and left nothing to do."""
    return Point("wiring.sweep", 1, AFTER) in server.trace and scene.settled()


def _at_rest(scene: Scene, attempt: Attempt) -> bool:
    return attempt.over and scene.settled()


def _after_a_kill(scene: Scene, operation: Operation, attempt: Attempt) -> None:
    attempt.end()
    scene.look()
    operation.halfway(scene)
    scene.start()
    scene.clock.move(timedelta(seconds=LEASE_S + 1))
    operation.act(scene)


def _after_a_freeze(scene: Scene, operation: Operation, attempt: Attempt, server: Server) -> None:
    if scene.is_locked() or (operation.name == "purge" and scene.outside_is_held()):
        # The frozen one holds SQLite's only write lock, or the folder that a tombstone has to reach: what it is in the
        # way of can only be done once it goes on.
        server.thaw()
    else:
        scene.start()
        scene.clock.move(timedelta(seconds=LEASE_S + 1))
        _act_patiently(scene, operation)
        server.thaw()
    attempt.end()
    _act_patiently(scene, operation)
    scene.settle()
    operation.halfway(scene)


def _act_patiently(scene: Scene, operation: Operation) -> None:
    """Do it, again and again while what the frozen one holds is in the way."""

    def done() -> bool:
        scene.look()
        with suppress(*Unanswered):
            operation.act(scene)
            return True
        return False

    until(done, "a second server does the work of a frozen one")


def finish(scene: Scene, operation: Operation) -> None:
    """Everybody reads what is theirs; then every promise is checked."""
    scene.settle()
    scene.clock.move(timedelta(seconds=LEASE_S + 1))
    for reader in READERS:
        scene.pull(reader)
        scene.open_all(reader)
        scene.pull(reader)  # nothing new: what it brings again would be shown again
        scene.open_all(reader)
    scene.settle()
    operation.result(scene)
    invariants.check_all(scene, operation)


def run_all(points: Sequence[Point], one: Callable[[Point], bool]) -> None:
    """Every one of these combinations holds. Raises AssertionError with all that do not."""
    wrong: list[str] = []
    for point in points:
        try:
            one(point)
        except (AssertionError, NeverHappened, *Unanswered) as failure:
            wrong.append(f"{point}: {type(failure).__name__}: {failure}")
    assert not wrong, "\n".join([f"{len(wrong)} of {len(points)} combinations failed", *wrong])
