"""What a kit is killed or frozen in: sending, pulling, opening, answering; and what must be true of its folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from agencies.kit.inbox import State as Here
from tests.journeys.kills import invariants
from tests.journeys.kills.combination import KILL, Ground
from tests.journeys.kills.nursery import Running, until
from tests.journeys.kills.operations import OPERATIONS, Operation
from tests.journeys.kills.scene import LEASE_S, READERS, Scene
from tests.journeys.kills.steps import AFTER, BEFORE, Plan, Point

WHO, SENDER = "lantern", "rivermead"


@dataclass(frozen=True)
class Errand:
    """One thing that a member's kit does, from a prepared state; `like` is the operation whose end it shares."""

    name: str
    state: str
    acts: tuple[str, ...]
    like: Operation
    member: str = WHO


ERRANDS = {
    errand.name: errand
    for errand in (
        Errand("send", "founded", ("send",), OPERATIONS["submit-and-relay"], SENDER),
        Errand("pull", "submitted", ("pull",), OPERATIONS["lease-and-receipt"]),
        Errand("open", "pulled", ("open",), OPERATIONS["release-and-receipt"]),
        Errand("answer", "recalled", ("pull", "answer"), OPERATIONS["recall-after-release"]),
    )
}


def discover(ground: Ground, errand: Errand) -> Sequence[Point]:
    """Return every point of an errand, from a run in which nothing goes wrong; run once for each ground."""
    key = f"kit-{errand.name}"
    if key not in ground.points:
        with ground.scene(errand.state, f"dry-{key}") as scene:
            scene.start()
            kit = scene.start_kit(errand.member, errand.acts, Plan())
            until(lambda: kit.ended, "a kit does its errand")
            scene.take_note(errand.member, kit)
            _finish(scene, errand)
            steps = sorted({(point.label, point.occurrence) for point in kit.trace if point.when == BEFORE})
            seen = set(kit.trace)
        every = [Point(label, occurrence, when) for label, occurrence in steps for when in (BEFORE, AFTER)]
        # A removal is not synced at once: it has no moment of its own after it.
        ground.points[key] = [point for point in every if point in seen]
    return ground.points[key]


def interrupt(ground: Ground, errand: Errand, point: Point, how: str) -> bool:
    """Kill or freeze a kit at a point of its errand, let another one go on in the same folder, and check everything."""
    with ground.scene(errand.state, f"kit-{errand.name}-{how}-{point}".replace(" ", "-")) as scene:
        scene.start()
        kit = scene.start_kit(errand.member, errand.acts, Plan(point, how))
        until(lambda: kit.ended or kit.frozen, "the fault strikes")
        assert point in kit.trace, f"the kit never came to the point: {kit.log}"
        scene.clock.move(timedelta(seconds=LEASE_S + 1))
        if how != KILL:
            _beside_a_frozen_one(scene, errand, kit, point)
        scene.take_note(errand.member, kit)
        _finish(scene, errand)
        return True


def _beside_a_frozen_one(scene: Scene, errand: Errand, kit: Running, point: Point) -> None:
    if point.label.startswith("home.") or point.when == AFTER:
        second = scene.start_kit(errand.member, errand.acts, Plan())
        until(lambda: second.ended, "a second kit does the errand")
        scene.take_note(errand.member, second)
    # else it holds the inbox's lock: nobody can work in this folder until it goes on.
    kit.thaw()
    until(lambda: kit.ended, "a kit that goes on comes to an end")


def _finish(scene: Scene, errand: Errand) -> None:
    if errand.member == SENDER:
        _send_at_last(scene)
    scene.read_again(WHO)
    for reader in READERS:
        scene.pull(reader)
        scene.open_all(reader)
    _answer(scene)
    scene.settle()
    errand.like.result(scene)
    invariants.check_all(scene, errand.like)
    _take_back_and_destroy(scene)


def _send_at_last(scene: Scene) -> None:
    """What the sender's folder knows is enough: whatever the gateway took is there to be asked for, or answered."""
    composed = scene.memory.composed
    assert composed is not None
    with scene.kit(SENDER) as kit:
        taken, kept = scene.size("submissions"), (list(kit.outbox.unanswered()), len(kit.outbox.manifests()))
        possible = ([], 3), ([composed.idempotency], 0)
        assert kept in (possible if taken else (*possible, ([], 0))), f"the sender's folder forgot a referral: {kept}"
        for idempotency in kept[0]:
            kit.submit(kit.outbox.submission(idempotency, kit.keyring.identities))
    scene.submit()  # sent already or not, by the same id: the answer is the same
    with scene.kit(SENDER) as kit:
        answer = [one.note for one in scene.memory.answers[0]]
        assert (list(kit.outbox.unanswered()), list(kit.outbox.manifests())) == ([], answer)


def _answer(scene: Scene) -> None:
    with scene.kit(WHO) as kit:
        for item in kit.inbox.items():
            if item.state is Here.RECALLED:
                kit.answer_recall(item.delivery)


def _take_back_and_destroy(scene: Scene) -> None:
    """Everything is recalled and answered: then not even a draft of it is left in the folder."""
    with scene.kit("rivermead") as kit:
        for one in scene.memory.answers[0]:
            kit.recall(one.manifest.message, None, "sent-in-error")
    scene.pull(WHO)
    _answer(scene)
    invariants.check_kit(scene, WHO)
    left = [path.name for path in (scene.folder / "kits" / WHO / "deliveries").iterdir()]
    assert not left, f"destroyed and still there: {left}"
