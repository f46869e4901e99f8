"""What must be true of a world once it has come to rest, whatever was killed or frozen in it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from agencies.kit.export import verify_export
from agencies.kit.inbox import State as Here
from crypto import b64
from crypto.merkle import leaf_hash, root_from_leaves
from crypto.tlog import parse_checkpoint
from gateway.made_up import AREA
from tests.journeys.kills.operations import Operation
from tests.journeys.kills.scene import Scene

_DOCUMENTS = {"lantern": ("referral", "safe-contact"), "coordinator": ("referral", "safe-contact", "exclusions")}


def check_all(scene: Scene, operation: Operation) -> None:
    """Every promise holds. Raises AssertionError that says which does not."""
    check_shown_once(scene, operation)
    check_rows(scene)
    entries = check_log(scene)
    check_entries(scene, entries)


def check_shown_once(scene: Scene, operation: Operation) -> None:
    """Every reader was shown each message that is theirs exactly once, and no other."""
    documents: dict[str, str] = {one.manifest.message: one.manifest.document for one in scene.memory.answers[0]}
    shown = Counter((member, documents[message]) for member, message in scene.memory.shown)
    wanted = {(member, document) for member, those in _DOCUMENTS.items() for document in those} - operation.never
    assert shown == Counter(dict.fromkeys(wanted, 1)), f"shown: {dict(shown)}"


def check_rows(scene: Scene) -> None:
    """Nothing in the database is there twice or by half."""
    for what, query in {
        "a receipt twice": "SELECT count(*) FROM"
        " (SELECT 1 FROM receipts GROUP BY delivery, state HAVING count(*) > 1) AS twice",
        "a header of a recalled delivery": "SELECT count(*) FROM headers h JOIN deliveries d ON d.id = h.delivery"
        " WHERE d.state = 'recalled'",
        "a delivery without its header": "SELECT count(*) FROM deliveries d WHERE d.state <> 'recalled'"
        " AND NOT EXISTS (SELECT 1 FROM headers h WHERE h.delivery = d.id)",
        "a released header recalled without a notice": "SELECT count(*) FROM deliveries WHERE state = 'recalled'"
        " AND released_at IS NOT NULL AND recall_notice IS NULL",
        "a message without its payload": "SELECT count(*) FROM messages m"
        " WHERE NOT EXISTS (SELECT 1 FROM payloads p WHERE p.message = m.id)",
        "a collected delivery without a receipt": "SELECT count(*) FROM deliveries d WHERE d.state = 'collected'"
        " AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.delivery = d.id AND r.state = 'collected')",
        "a delivery given up": "SELECT count(*) FROM deliveries WHERE state = 'dead-lettered'",
    }.items():
        assert scene.count(query) == 0, what
    kept = scene.outside / "tombstones"
    outside = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    assert outside == [note for (note,) in scene.rows("SELECT note FROM tombstones ORDER BY number")]


def check_log(scene: Scene) -> Sequence[Mapping[str, object]]:
    """The log verifies offline, and continues every checkpoint that was ever seen; return its entries."""
    path = scene.folder / "log.jsonl"
    with scene.kit("coordinator") as kit:
        kit.export_log(path)
    lines = path.read_text().splitlines()
    key = scene.area.log.verify_key
    verified = verify_export(lines, [key], f"{AREA}/log")
    exported = [json.loads(line) for line in lines[1:]]
    hashes = [leaf_hash(b64.parse_padded(line["leaf"])) for line in exported]
    scene.look()
    for note in scene.memory.checkpoints:
        seen = parse_checkpoint(note, [key])
        if seen.size <= verified.size:  # the export is itself an entry, sequenced after it
            assert root_from_leaves(hashes[: seen.size]) == seen.root, "the log was forked"
    entries = [json.loads(line["entry"]) for line in exported if line["entry"] is not None]
    ids = [entry["id"] for entry in entries]
    assert len(ids) == len(set(ids)), "an entry is in the log twice"
    return entries


def check_entries(scene: Scene, entries: Sequence[Mapping[str, object]]) -> None:
    """What was answered is in the log: the submission once, and each message shown as released to who saw it."""
    permits = Counter(
        (entry["event"], entry["message"], str(entry["agency"]).rpartition("/")[2])
        for entry in entries
        if entry["outcome"] == "permit"
    )
    first = scene.memory.answers[0][0].manifest.message
    assert permits["submit", first, "rivermead"] == 1, "the submission is not in the log exactly once"
    for member, message in scene.memory.shown:
        assert permits["open", message, member], "a header was released without an entry"


def check_kit(scene: Scene, member: str) -> None:
    """Nothing is left to send in a member's kit, nothing half read, and no draft of a file."""
    with scene.kit(member) as kit:
        assert kit.pending() == []
        assert {item.state for item in kit.inbox.items()} <= {Here.SHOWN, Here.DESTROYED}
