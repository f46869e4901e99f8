"""Admission to the register: a party's own note, the two test messages it must open, and its answer."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from agencies import enrolment
from agencies.enrolment import Challenge, ChallengeFiles
from agencies.kit.home import write_durably
from agencies.notes.party import TYPE, PartyNote, parse_party
from agencies.notes.register import Entry
from agencies.register import Register
from crypto import note as signed_note
from crypto.keys import VerifyKey
from gateway.commands.ledger import Change, change_register, with_entry
from gateway.commands.office import Office
from gateway.commands.outcome import Exit, Stopped, say, wall_clock


def admit(office: Office, note_file: Path, proof: Path | None, passphrase_file: Path | None) -> None:
    """Write two test messages for a new party or, given its answer to them, publish the register that lists it.

    Raises Stopped if the register lists it already; BadProof if the answer is to something else.
    """
    note = note_file.read_text(encoding="utf-8")
    said = enrolment.read_party_note(note)
    now = wall_clock()
    _check_area(office, said)
    if _entry_of(office.register(), said.id) is not None:
        raise Stopped(f"{said.id} is in the register already", "for a new note, use: marac agency renew", Exit.REFUSED)
    if proof is None:
        _challenge(office, said, "add", now)
        return
    _check_proof(office, said, proof)
    entry = Entry(said.id, "active", now, None, note)
    register = change_register(office, lambda newest: with_entry(newest.entries, entry), passphrase_file)
    _challenge_file(office, said).unlink(missing_ok=True)
    say(f"{said.id} ({said.name}) takes part: register {register.number} is in force.")


def renew(office: Office, note_file: Path, proof: Path | None, passphrase_file: Path | None) -> None:
    """Publish the register with a party's new note; recipients that were not listed before need a proof first.

    Raises Stopped if no key that the register lists in force signed the note; BadProof.
    """
    note, now = note_file.read_text(encoding="utf-8"), wall_clock()
    said = enrolment.read_party_note(note)
    _check_area(office, said)
    register = office.register()
    _check_continuity(register, said, note, now)
    if _has_new_recipients(register, said) and proof is None:
        _challenge(office, said, "renew", now)
        return
    if proof is not None:
        _check_proof(office, said, proof)
    changed = change_register(office, _with_note(said, note), passphrase_file)
    _challenge_file(office, said).unlink(missing_ok=True)
    say(f"{said.id} is renewed: register {changed.number} is in force.")


def enter_officer(office: Office, note_file: Path, passphrase_file: Path | None) -> None:
    """Publish the register with an officer, or with the new note of one.

    An officer without a key of their own is spoken for by their agency; nothing is sealed to them, so nothing
    is to be proved. Raises Stopped if the agency is not in the register, or somebody else signed.
    """
    note, now = note_file.read_text(encoding="utf-8"), wall_clock()
    said = parse_party(signed_note.text_of(note))
    _check_area(office, said)
    register = office.register()
    agency = register.party(said.agency or "")
    if agency is None or not agency.is_active(now):
        raise Stopped("the note is not of an officer of an agency that takes part", "check the file", Exit.REFUSED)
    # Their agency vouches for a new officer; a known one may speak with a key that the register lists.
    known = register.officer(said.id)
    signed_note.verify(note, (*agency.keys_at(now), *(known.keys_at(now) if known else ())), TYPE)
    entry = Entry(said.id, "active", now, None, note)
    changed = change_register(office, lambda newest: with_entry(newest.entries, entry), passphrase_file)
    say(f"{said.id} of {agency.id} is entered: register {changed.number} is in force.")


def _check_area(office: Office, said: PartyNote) -> None:
    area = office.area()
    if not said.id.startswith(f"{area.name}/"):
        raise Stopped(
            f"the note is of another area than {area.name}", "ask its sender which area it is for", Exit.REFUSED
        )


def _entry_of(register: Register, id_: str) -> Entry | None:
    return next((entry for entry in register.entries if entry.id == id_), None)


def _check_continuity(register: Register, said: PartyNote, note: str, now: datetime) -> None:
    known = register.party(said.id) or register.officer(said.id)
    if known is None:
        raise Stopped(f"{said.id} is not in the register", "let it in with: marac agency add", Exit.REFUSED)
    trusted: tuple[VerifyKey, ...] = known.keys_at(now)
    # A note that only its own new key signs could be anybody's: a key known to the register must vouch for it.
    signed_note.verify(note, trusted, TYPE)


def _has_new_recipients(register: Register, said: PartyNote) -> bool:
    known = register.party(said.id) or register.officer(said.id)
    listed = {each.recipient for each in known.recipients} if known else set()
    return any(each.recipient not in listed for each in said.recipients)


def _with_note(said: PartyNote, note: str) -> Change:
    def change(newest: Register) -> list[Entry]:
        entry = _entry_of(newest, said.id)
        if entry is None or entry.status == "removed":
            raise Stopped(f"{said.id} no longer takes part", "let it in again under another id", Exit.REFUSED)
        return with_entry(newest.entries, replace(entry, note=note))

    return change


def _challenge_file(office: Office, said: PartyNote) -> Path:
    return office.challenges / f"{_file_name(said)}.json"


def _file_name(said: PartyNote) -> str:
    return "-".join(said.id.split("/")[1:])


def _challenge(office: Office, said: PartyNote, command: str, now: datetime) -> None:
    """Write the two test messages for the party, and keep what the right answer will be."""
    made = enrolment.challenge(said, now)
    stem = office.challenges / _file_name(said)
    kept = {"id": made.id, "party": made.party, "working": made.working, "recovery": made.recovery}
    write_durably(_challenge_file(office, said), json.dumps(kept).encode())
    write_durably(stem.with_name(stem.name + "-working.age"), made.files.working)
    write_durably(stem.with_name(stem.name + "-recovery.age"), made.files.recovery)
    say(f"{said.id}: {said.name}, {said.kind}.")
    for key in said.keys:
        say(f"  signing key {key.verify_key.keyid}")
    say("Telephone somebody you know there, on a number you already had, and compare the signing key.")
    say("Then send them these two test messages, which they open with their working and their recovery key:")
    say(f"  {stem}-working.age")
    say(f"  {stem}-recovery.age")
    say(f"With their answer, run: marac agency {command} ... --proof FILE")


def _check_proof(office: Office, said: PartyNote, proof: Path) -> None:
    file = _challenge_file(office, said)
    if not file.is_file():
        raise Stopped(f"no test message was made for {said.id}", "run the same command without --proof first")
    kept = json.loads(file.read_text(encoding="utf-8"))
    made = Challenge(files=ChallengeFiles(b"", b""), **kept)
    enrolment.check_answer(made, proof.read_text(encoding="utf-8"), said)
