"""The coordinator's signing key is stolen: what a thief can do with it, and the office's way back by commands alone."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.agencies.kit_world.joined import HOUSING, IDVA, Joined, joined_area, new_key, ok, referred
from tests.commands.running import AREA, QUICK, Answer, marac

OFFICE = f"{AREA}/office/coordinator"


@pytest.fixture
def area(tmp_path: Path) -> Iterator[Joined]:
    with joined_area(tmp_path) as joined:
        yield joined


def registrar(area: Joined, *arguments: object) -> Answer:
    return marac(*arguments, "--office", area.places.office, "--passphrase-file", area.places.passphrase)


def keys_of(area: Joined, party: str) -> Sequence[str]:
    listed = json.loads(ok(marac("register", "show", "--json", "--office", area.places.office)))["entries"]
    return next(one["keys"] for one in listed if one["id"] == party)


def enter(area: Joined, *notes: Path) -> Answer:
    return marac("area", "enter-register", *notes, "--home", area.places.home)


def renewed_without_a_gateway(area: Joined, note: Path, keyid: str) -> Answer:
    """Prove the office's new key to the office itself, as it proves everybody's, and let the registrar sign."""
    renew, tests = ("agency", "renew", note, "--key", keyid), area.places.office / "challenges"
    ok(registrar(area, *renew))
    files = [tests / f"office-coordinator-{use}.age" for use in ("working", "recovery")]
    proof = area.places.folder / "office.proof"
    recovery = area.places.offline / "coordinator-recovery.agekey"
    ok(area.office("keys", "prove", *files, "--recovery-key", recovery, "--out", proof))
    return registrar(area, *renew, "--proof", proof, "--yes")


def test_an_office_whose_key_was_stolen_comes_back_with_the_registrar_s_key(area: Joined, tmp_path: Path) -> None:
    (stolen,) = keys_of(area, OFFICE)
    thief = area.office("keys", "revoke", stolen, "--reason", "stolen", "--yes")
    assert (thief.code, "marac register revoke" in thief.err) == (3, True), "the last key: not even the office itself"
    # The registrar takes it out of use: the office is cut off, and agencies go on referring to it.
    revoked = tmp_path / "revoked.note"
    ok(registrar(area, "register", "revoke", stolen, "--reason", "stolen", "--yes", "--out", revoked))
    blocked = registrar(area, "agency", "suspend", IDVA)
    assert (blocked.code, "marac area enter-register" in blocked.err) == (3, True)
    (area.places.office / "register.pending").unlink()  # as it says: the one with the new key comes first

    note = tmp_path / "office.party"
    keyid = new_key(ok(area.office("keys", "rotate", "signing", "--out", note, QUICK)))
    assert registrar(area, "agency", "renew", note).code == 3, "the revoked key vouches for nothing: it must be heard"
    signed = renewed_without_a_gateway(area, note, keyid)
    assert (signed.code, "marac area enter-register" in signed.err) == (1, True), signed.err

    pending = area.places.office / "register.pending"
    assert "Register 6 is in force" in ok(enter(area, pending, revoked))
    assert enter(area, pending).code == 1, "it does not follow itself"
    ok(registrar(area, "register", "publish"))
    assert keys_of(area, OFFICE) == [stolen, keyid]
    arrived_and_read(area, tmp_path)


def arrived_and_read(area: Joined, folder: Path) -> None:
    """A referral is accepted, and the coordinator's office opens it."""
    officer = folder / "coordinator.officer"
    ok(area.office("keys", "officer", "--out", officer, QUICK))
    ok(registrar(area, "officer", "add", officer))
    message = referred(area)["referral"]
    for _ in range(20):
        ok(area.office("pull", "--wait", "5"))
        rows = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]
        found = [row["delivery"] for row in rows if row["message"] == message]
        if found:
            break
    assert "all nine passed" in ok(area.office("open", *found))
    log = folder / "log.jsonl"
    ok(area.office("audit", "export", log))
    entries = [json.loads(line)["entry"] for line in log.read_text().splitlines()[1:]]
    entered = [json.loads(entry) for entry in entries if entry is not None and "entered-at-gateway" in entry]
    assert [(one["event"], one["agency"]) for one in entered] == [("steward", None), ("revoke", None)]


def test_what_is_not_the_registrar_s_is_not_entered(area: Joined, tmp_path: Path) -> None:
    """Neither another note, nor a register changed by a letter: nothing of it all is kept."""
    (key,) = keys_of(area, HOUSING)
    revoked, changed = tmp_path / "revoked.note", tmp_path / "changed.note"
    ok(registrar(area, "register", "revoke", key, "--reason", "lost", "--yes", "--out", revoked))
    register = (area.places.office / "register.note").read_text()
    changed.write_text(register.replace("number ", "number 1", 1))
    for bad in (changed, area.kit(HOUSING) / "housing.party"):
        answer = enter(area, bad)
        assert (answer.code, "note-invalid" in answer.err) == (1, True), answer.err
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    assert enter(area, binary).code == 2
    nobodys = registrar(area, "register", "revoke", f"{HOUSING}+00000000", "--reason", "lost", "--yes")
    assert (nobodys.code, "nobody in the register" in nobodys.err) == (2, True)
    assert registrar(area, "register", "revoke", key, "--reason", "because", "--yes").code == 2
