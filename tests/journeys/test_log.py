"""The log that outsiders check: whole, unchanged, never shorter than it was; or the gateway does not start."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from agencies.kit.export import EntryAltered, LogMismatch, Verified, verify_export
from broker.errors import LogShortened
from crypto.keys import generate_signing_key
from tests.journeys.test_retention import GRACE, SEVEN_YEARS
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal


def test_the_export_verifies_offline_and_holds_every_decision_of_the_journey(world: World) -> None:
    body, *_ = world.refer()
    world.read(SERVICE, 2)
    refusal(lambda: world.kit("health").status(body.manifest.message))
    world.logged(event="status", outcome="deny")
    verified = _verify(world, lines := world.export())
    entries = [json.loads(json.loads(line)["entry"]) for line in lines[1:]]
    assert verified.destroyed == 0
    assert verified.size == len(entries)
    assert {"submit", "lease", "open", "receipt", "status", "audit"} <= {entry["event"] for entry in entries}
    assert [entry["event"] for entry in entries if entry["outcome"] == "deny"] == ["status"]


def test_one_byte_changed_in_the_export_names_the_entry(world: World) -> None:
    world.refer()
    world.logged(event="submit")
    lines = world.export()
    (place,) = (index for index, line in enumerate(lines[1:]) if '\\"submit\\"' in line)
    changed = json.loads(lines[place + 1])
    id_ = json.loads(changed["entry"])["id"]
    changed["entry"] = changed["entry"].replace("rivermead", "rivermeat")
    lines[place + 1] = json.dumps(changed)
    with pytest.raises(EntryAltered) as altered:
        _verify(world, lines)
    assert (altered.value.index, altered.value.entry) == (place, id_)


def test_an_export_that_is_cut_short_or_signed_by_somebody_else_is_refused(embedded: World) -> None:
    embedded.refer()
    embedded.logged(event="submit")
    lines = embedded.export()
    with pytest.raises(LogMismatch):
        _verify(embedded, lines[:-1])
    other = generate_signing_key(f"{embedded.settings.area}/log").verify_key
    with pytest.raises(LogMismatch):
        verify_export(lines, [other], f"{embedded.settings.area}/log")


def test_only_coordinator_and_compliance_read_the_log(embedded: World) -> None:
    embedded.refer()
    embedded.kit("governance").export_log(embedded.area.folder / "governance.jsonl")
    for other in (SENDER, SERVICE):
        path = embedded.area.folder / f"{other}.jsonl"
        assert refusal(lambda other=other, path=path: embedded.kit(other).export_log(path)).code == "act-not-allowed"
        assert not path.exists()


def test_a_database_older_than_the_checkpoint_kept_outside_it_refuses_to_start(embedded: World) -> None:
    embedded.refer()
    put_back = _kept(embedded, embedded.database_file)
    outside = embedded.settings.outside / "checkpoint"
    before = outside.read_text()
    embedded.start()
    embedded.refer()
    embedded.until(lambda: outside.read_text() != before)
    embedded.stop()
    put_back()
    with pytest.raises(LogShortened, match="shorter than a checkpoint"):
        embedded.start()


def test_another_log_of_the_same_length_refuses_to_start(embedded: World) -> None:
    put_back = _kept(embedded, embedded.database_file)
    embedded.start()
    embedded.refer()
    size = len(embedded.export())
    embedded.stop()
    put_back()
    outside = embedded.settings.outside / "checkpoint"
    newest = outside.read_text()
    outside.unlink()
    embedded.start()
    embedded.refer(by="health")
    embedded.until(lambda: len(embedded.export()) > size + 3, pause_s=0.2)
    embedded.stop()
    outside.write_text(newest)
    with pytest.raises(LogShortened):
        embedded.start()


def test_an_older_copy_of_the_database_that_lacks_a_tombstone_refuses_to_start(embedded: World) -> None:
    embedded.refer()
    embedded.move(SEVEN_YEARS)
    embedded.until(lambda: bool(embedded.entries(event="schedule")), pause_s=0.2)
    put_back = _kept(embedded, embedded.database_file, embedded.settings.outside / "checkpoint")
    embedded.start()
    embedded.move(GRACE + timedelta(days=1))
    embedded.until(lambda: bool(embedded.kit(COORDINATOR).tombstones()), pause_s=0.2)
    embedded.stop()
    put_back()
    with pytest.raises(LogShortened, match="tombstone"):
        embedded.start()


def _kept(world: World, *files: Path) -> Callable[[], None]:
    """Stop the gateway, copy these files, and return how to put the copies in their place again.

    A unit that was cut short may keep a connection open for a while: the copy is made by the database itself, so that
    what is still in its write-ahead log is in it, and comes back as another file, which that connection cannot touch.
    """
    world.stop()
    copies = {file: _copied(file) for file in files}

    def put_back() -> None:
        for file, copy in copies.items():
            for left in (file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
                left.unlink(missing_ok=True)
            copy.replace(file)

    return put_back


def _copied(file: Path) -> Path:
    copy = file.with_name(f"{file.name}.copy")
    if file.read_bytes()[:15] != b"SQLite format 3":
        shutil.copyfile(file, copy)
        return copy
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _verify(world: World, lines: list[str]) -> Verified:
    return verify_export(lines, [world.area.log.verify_key], f"{world.settings.area}/log")
