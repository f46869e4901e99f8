"""What is interrupted: each operation's prepared state, its act, and what holds between the crash and the next try."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from agencies.kit.inbox import State as Here
from agencies.names import MessageId
from tests.journeys.kills.nursery import until
from tests.journeys.kills.scene import Scene

SEVEN_YEARS = timedelta(days=7 * 365 + 3)
GRACE = timedelta(days=8)


@dataclass(frozen=True)
class Operation:
    """One operation.

    state    the prepared state that it begins in
    act      does it; may be done again after a crash, as a person or a kit would
    halfway  what must hold after the crash and before it is done again
    result   what must hold in the end
    never    who is never shown which document, because it was taken back or destroyed first
    """

    name: str
    state: str
    act: Callable[[Scene], None]
    halfway: Callable[[Scene], None]
    result: Callable[[Scene], None]
    never: frozenset[tuple[str, str]] = frozenset()


def _nothing(_scene: Scene) -> None:
    """Nothing further."""


def _referral(scene: Scene) -> MessageId:
    return scene.memory.answers[0][0].manifest.message


def _submit(scene: Scene) -> None:
    scene.submit()


def _submission_is_whole(scene: Scene) -> None:
    held = [scene.size(table) for table in ("cases", "submissions", "messages", "payloads", "deliveries", "headers")]
    logged = scene.count("SELECT count(*) FROM entries WHERE event = 'submit'")  # a repeat is logged too
    assert held in ([0] * 6, [1, 1, 3, 3, 5, 5]), f"a submission is there by half: {held}"
    assert (held[0] > 0) == (logged > 0), "a submission without its entry, or the reverse"
    if scene.memory.answers:
        assert held[0] == 1, "an acknowledged submission is gone"


def _one_set_of_manifests(scene: Scene) -> None:
    sets = {tuple(one.note for one in answer) for answer in scene.memory.answers}
    assert len(sets) == 1, "one submission got several sets of manifests"
    _submission_is_whole(scene)


def _pull(scene: Scene) -> None:
    scene.pull("lantern")


def _open(scene: Scene) -> None:
    scene.open_all("lantern")


def _recall(scene: Scene) -> None:
    message = scene.memory.answers[0][0].manifest.message
    with scene.kit("rivermead") as kit:
        kit.recall(message, None, "sent-in-error")


def _recall_is_whole(scene: Scene) -> None:
    rows = scene.rows(
        "SELECT d.state = 'recalled', h.delivery IS NULL, d.recall_notice IS NOT NULL,"
        " d.released_at IS NOT NULL OR d.recipient LIKE '%/office/coordinator',"
        " d.message FROM deliveries d LEFT JOIN headers h ON h.delivery = d.id"
    )
    facts = [tuple(bool(fact) for fact in row[:4]) for row in rows if row[4] == _referral(scene)]
    assert len(facts) == 2, "a recalled delivery is gone"
    recalled = {(recalled, header_gone) for recalled, header_gone, _, _ in facts}
    assert recalled in ({(True, True)}, {(False, False)}), f"a recall is there by half: {facts}"
    for was_recalled, _, notice, told in facts:  # who had it released, and the office of all that a sender takes back
        assert notice == (was_recalled and told), f"somebody to be told has no notice, or the reverse: {facts}"


def _recalled(scene: Scene) -> None:
    _recall_is_whole(scene)
    with scene.kit("rivermead") as kit:
        assert kit.status(_referral(scene)) == "recalled"
    assert scene.count("SELECT count(*) FROM deliveries WHERE state = 'recalled'") == 2


def _recall_and_destroy(scene: Scene) -> None:
    _recall(scene)
    with scene.kit("lantern") as kit:
        kit.pull()
        for item in kit.inbox.items():
            if item.state is Here.RECALLED:
                kit.answer_recall(item.delivery)


def _recalled_and_destroyed(scene: Scene) -> None:
    _recalled(scene)
    states = [state for (state,) in scene.rows("SELECT state FROM receipts ORDER BY number")]
    assert states.count("destroyed") == 1, states
    saved = scene.folder / "kits" / "lantern" / "deliveries"
    assert not list(saved.glob(f"{_referral(scene)}.*")), "a destroyed copy is still there"


def _purge(scene: Scene) -> None:
    if scene.memory.stage == 0:
        scene.memory.headers = [bytes(header) for (header,) in scene.rows("SELECT header FROM headers")]
        scene.clock.move(SEVEN_YEARS)
        scene.memory.stage = 1
    until(lambda: _woken(scene) and _is_scheduled(scene), "a case is scheduled, and in the log")
    if scene.memory.stage == 1:
        scene.clock.move(GRACE)
        scene.memory.stage = 2
    until(lambda: _woken(scene) and _is_gone(scene), "a case is destroyed, and its tombstone outside")


def _woken(scene: Scene) -> bool:
    assert scene.server is not None
    scene.server.alive()
    scene.server.send(signal.SIGUSR1)
    scene.look()
    return True


def _is_scheduled(scene: Scene) -> bool:
    return bool(scene.count("SELECT count(*) FROM entries WHERE event = 'schedule' AND position IS NOT NULL"))


def _is_gone(scene: Scene) -> bool:
    return not scene.count("SELECT count(*) FROM cases") and _tombstones(scene)[1] == 1


def _tombstones(scene: Scene) -> tuple[int, int]:
    kept = scene.outside / "tombstones"
    lines = kept.read_text().count("\n") if kept.exists() else 0
    return scene.count("SELECT count(*) FROM tombstones"), lines


_OF_A_CASE = (
    "cases",
    "relations",
    "messages",
    "payloads",
    "deliveries",
    "headers",
    "receipts",
    "outbox",
    "submissions",
)


def _purge_is_whole(scene: Scene) -> None:
    held = {table: scene.size(table) for table in _OF_A_CASE}
    inside, outside = _tombstones(scene)
    if held["cases"]:
        assert (held["messages"], held["headers"], inside, outside) == (3, 5, 0, 0), f"destroyed by half: {held}"
    else:
        assert not any(held.values()), f"destroyed by half: {held}"
        assert inside == 1, "a case was destroyed without a tombstone"


def _purged(scene: Scene) -> None:
    _purge_is_whole(scene)
    assert (scene.size("cases"), *_tombstones(scene)) == (0, 1, 1)
    assert scene.count("SELECT count(*) FROM entries WHERE event = 'purge'") == 1
    assert scene.count("SELECT count(*) FROM entries WHERE event = 'schedule'") == 1
    with scene.kit("coordinator") as kit:
        assert len(kit.tombstones()) == 1
    if scene.stack.embedded:
        until(lambda: not _on_disk(scene), "no destroyed header is left in the database's files")


def _on_disk(scene: Scene) -> bool:
    _woken(scene)
    files = [path.read_bytes() for path in (scene.folder / "home").glob("broker.sqlite*")]
    return any(header[-64:] in content for header in scene.memory.headers for content in files)


_BOTH = frozenset({("lantern", "referral"), ("coordinator", "referral")})
_COORDINATOR = frozenset(("coordinator", document) for document in ("referral", "safe-contact", "exclusions"))

OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("submit-and-relay", "founded", _submit, _submission_is_whole, _one_set_of_manifests),
        Operation("lease-and-receipt", "submitted", _pull, _nothing, _nothing),
        Operation("release-and-receipt", "pulled", _open, _nothing, _nothing),
        Operation("recall-before-release", "submitted", _recall, _recall_is_whole, _recalled, _BOTH),
        Operation(
            "recall-after-release",
            "opened",
            _recall_and_destroy,
            _recall_is_whole,
            _recalled_and_destroyed,
            _BOTH - {("lantern", "referral")},
        ),
        Operation("purge", "opened", _purge, _purge_is_whole, _purged, _COORDINATOR),
    )
}
