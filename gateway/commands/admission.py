"""Admission to the register: a party's own note, the two test messages it must open, and its answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agencies import enrolment
from agencies.agency import Party
from agencies.area import fingerprint
from agencies.directory import Directory
from agencies.enrolment import Challenge, ChallengeFiles
from agencies.kit.home import write_durably
from agencies.kit.terminal import confirmed
from agencies.names import is_officer
from agencies.notes.party import TYPE, PartyNote, parse_party
from agencies.notes.register import Entry
from agencies.officer import Officer
from agencies.register import Register
from crypto import note as signed_note
from crypto.keys import VerifyKey
from gateway.commands.changes import check_agreement, check_kind, differences, unproved_recipients
from gateway.commands.envoy import current_directory
from gateway.commands.ledger import Change, change_register, open_keys, with_entry
from gateway.commands.office import Office
from gateway.commands.outcome import Exit, Stopped, say, wall_clock

_KEPT = ("id", "party", "note", "keys", "working", "recovery")  # of a challenge; its files lie beside


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is for a new note beside itself.

    proof  the file with the answer to the test messages, or None
    keys   ids of new signing keys, as they were read out on the telephone
    """

    proof: Path | None
    keys: tuple[str, ...]


def admit(office: Office, note_file: Path, proof: Path | None, passphrase_file: Path | None) -> None:
    """Write two test messages for a new party or, given its answer to them, publish the register that lists it.

    Both steps read the same note, signed by the one key that is compared on the telephone: the file passes through
    hands that nobody knows, twice.
    Raises Stopped if the register lists it already, the note is another than that of the test messages, or its
    agreement not the area's; Malformed if it lists several keys; BadProof if the answer is to something else.
    """
    note = note_file.read_text(encoding="utf-8")
    said = enrolment.read_first_note(note)
    now, keys = wall_clock(), [key.verify_key for key in said.keys]
    _check_area(office, said)
    check_agreement(office.register(), said)
    if is_officer(said.id):
        raise Stopped(
            "the note is an officer's, whom their agency vouches for", "enter it with: marac officer add", Exit.USAGE
        )
    if _entry_of(office.register(), said.id) is not None:
        raise Stopped(f"{said.id} is in the register already", "for a new note, use: marac agency renew", Exit.REFUSED)
    _check_additions(office, now)
    if proof is None:
        _challenge(office, said, keys, "agency add", now)
        return
    _check_proof(office, said, keys, proof)
    entry = Entry(said.id, "active", now, None, note)
    opened = open_keys(passphrase_file)
    register = change_register(office, lambda newest: with_entry(newest.entries, entry), opened)
    _challenge_file(office, said).unlink(missing_ok=True)
    say(f"{said.id} ({said.name}) takes part: register {register.number} is in force.")


def renew(office: Office, note_file: Path, evidence: Evidence, passphrase_file: Path | None, *, yes: bool) -> None:
    """Publish the register with a party's new note, once what is new in it is proved.

    A new recipient needs the answer to test messages, a new signing key a telephone call. A party without any
    valid key vouches for nothing: it needs both, and its new key signs. As for `admit`, the answer is to the test
    messages for this very note, and by a key that speaks for the party. What the note changes is shown, and a
    person says whether it is entered; `yes` says it for them.

    Raises Stopped; BadSignature if no key that may sign now signed the note; BadProof.
    """
    note, now = note_file.read_text(encoding="utf-8"), wall_clock()
    said = enrolment.read_party_note(note)
    _check_area(office, said)
    opened = open_keys(passphrase_file)
    directory = current_directory(office, opened, said.id)
    speaking, is_vouched_for = _check_continuity(directory, said, note, now)
    _check_compared(directory.register, said, evidence.keys)
    known = _listed(directory.register, said)
    check_kind(known, said)
    check_agreement(directory.register, said)
    changes, unproved = differences(known, said), unproved_recipients(known, said, now)
    for line in changes:
        say(f"{said.id}: {line}")
    if evidence.proof is not None:
        _check_proof(office, said, speaking, evidence.proof)
    elif unproved or not is_vouched_for:
        _challenge(office, said, speaking, "agency renew", now)
        return
    if changes and not confirmed(f"Is this what {said.id} told you it would change?", yes=yes):
        raise Stopped("nothing was changed", "telephone them, on a number you already had", Exit.REFUSED)
    changed = change_register(office, _with_note(said, note), opened)
    _challenge_file(office, said).unlink(missing_ok=True)
    say(f"{said.id} is renewed: register {changed.number} is in force.")


def enter_officer(office: Office, note_file: Path, evidence: Evidence, passphrase_file: Path | None) -> None:
    """Publish the register with an officer, or with the new note of one, once what is new to be sealed to is proved.

    An officer without keys of their own is spoken for by their agency; nothing is sealed to them, so nothing is to be
    proved. New signing keys matter only of one who is entered already. A new note changes no status: nobody who was
    removed or suspended comes back by one.
    Raises Stopped if the agency is not in the register, or the officer is listed under another or was removed;
    BadSignature if no key signed that may; BadProof if the answer is to something else.
    """
    note, now = note_file.read_text(encoding="utf-8"), wall_clock()
    said = parse_party(signed_note.text_of(note))
    _check_area(office, said)
    opened = open_keys(passphrase_file)
    directory = current_directory(office, opened, said.id)
    agency = directory.register.party(said.agency or "")
    if agency is None or not agency.is_active(now):
        raise Stopped("the note is not of an officer of an agency that takes part", "check the file", Exit.REFUSED)
    # Their agency vouches for a new officer; a known one may speak with a key that the register lists.
    known = directory.register.officer(said.id)
    _check_same_officer(known, said)
    own = directory.valid_keys_of(known.id, now) if known else ()
    signed_note.verify(note, (*directory.valid_keys_of(agency.id, now), *own), TYPE)
    check_agreement(directory.register, said)
    if known is None:
        _check_additions(office, now)
        change = _with_new(Entry(said.id, "active", now, None, note))
    else:
        _check_compared(directory.register, said, evidence.keys)
        change = _with_note(said, note)
    answering = tuple(key.verify_key for key in said.keys if not directory.is_revoked(key.verify_key.keyid, now))
    unproved = unproved_recipients(known, said, now)
    if evidence.proof is not None:
        _check_proof(office, said, answering, evidence.proof)
    elif unproved:
        _challenge(office, said, answering, "officer add", now)
        return
    changed = change_register(office, change, opened)
    _challenge_file(office, said).unlink(missing_ok=True)
    say(f"{said.id} of {agency.id} is entered: register {changed.number} is in force.")


def _check_same_officer(known: Officer | None, said: PartyNote) -> None:
    """Return only if the note is not of an officer who was removed, or of another agency's. Raises Stopped."""
    if known is None:
        return
    if known.status == "removed":
        raise Stopped(
            f"{said.id} was removed, and stays so",
            "who comes back gets a new officer id: let the agency run marac keys officer, and enter that note",
            Exit.REFUSED,
        )
    if known.agency != said.agency:
        raise Stopped(
            f"{said.id} is listed as an officer of {known.agency}, and the note names {said.agency}",
            f"telephone {known.agency}: its key may be in other hands. Who moves gets a new officer id there, by marac"
            " keys officer, and is removed here with: marac officer remove",
            Exit.REFUSED,
        )


def _check_additions(office: Office, now: datetime) -> None:
    if office.area().is_expired(now):
        raise Stopped("the root's delegation is over: nobody new is let in", "run: marac area renew", Exit.REFUSED)


def _check_area(office: Office, said: PartyNote) -> None:
    area = office.area()
    if not said.id.startswith(f"{area.name}/"):
        raise Stopped(
            f"the note is of another area than {area.name}", "ask its sender which area it is for", Exit.REFUSED
        )


def _entry_of(register: Register, id_: str) -> Entry | None:
    return next((entry for entry in register.entries if entry.id == id_), None)


def _check_continuity(
    directory: Directory, said: PartyNote, note: str, now: datetime
) -> tuple[tuple[VerifyKey, ...], bool]:
    """Return the keys that speak for the party, and whether the register knows them: then they vouch for the note.

    Raises Stopped, BadSignature.
    """
    known = _listed(directory.register, said)
    valid = directory.valid_keys_of(known.id, now)
    # A note that only its own new key signs could be anybody's, and one by a revoked key a thief's.
    speaking = valid or _new_keys(directory.register, said)
    signed_note.verify(note, speaking, TYPE)
    return speaking, bool(valid)


def _check_compared(register: Register, said: PartyNote, heard: tuple[str, ...]) -> None:
    missing = [key.keyid for key in _new_keys(register, said) if key.keyid not in heard]
    if missing:
        raise Stopped(
            f"the note of {said.id} lists a signing key that the register does not know: {' and '.join(missing)}",
            "telephone somebody you know there, on a number you already had; if they made it, give the keyid that"
            " they read out with --key",
            Exit.REFUSED,
        )


def _new_keys(register: Register, said: PartyNote) -> tuple[VerifyKey, ...]:
    """Return those of the note's signing keys that the register does not list."""
    known = _known(register, said)
    listed = {key.verify_key for key in known.keys} if known else set()
    return tuple(key.verify_key for key in said.keys if key.verify_key not in listed)


def _known(register: Register, said: PartyNote) -> Party | Officer | None:
    return register.party(said.id) or register.officer(said.id)


def _listed(register: Register, said: PartyNote) -> Party | Officer:
    known = _known(register, said)
    if known is None:
        raise Stopped(f"{said.id} is not in the register", "let it in with: marac agency add", Exit.REFUSED)
    return known


def _with_new(entry: Entry) -> Change:
    return lambda newest: with_entry(newest.entries, entry)


def _with_note(said: PartyNote, note: str) -> Change:
    def change(newest: Register) -> list[Entry]:
        entry = _entry_of(newest, said.id)
        if entry is None or entry.status == "removed":
            raise Stopped(f"{said.id} no longer takes part", "let it in again under another id", Exit.REFUSED)
        _check_same_officer(newest.officer(said.id), said)
        return with_entry(newest.entries, replace(entry, note=note))

    return change


def _challenge_file(office: Office, said: PartyNote) -> Path:
    return office.challenges / f"{_file_name(said)}.json"


def _file_name(said: PartyNote) -> str:
    return "-".join(said.id.split("/")[1:])


def _challenge(office: Office, said: PartyNote, keys: Sequence[VerifyKey], command: str, now: datetime) -> None:
    """Write the test messages for the party, and keep what the right answer will be, to which note and by whom."""
    if not keys:
        raise Stopped(f"{said.id} lists a recipient and no key to answer with", "let them make both", Exit.REFUSED)
    made = enrolment.challenge(said, keys, now)
    stem = office.challenges / _file_name(said)
    kept = {name: getattr(made, name) for name in _KEPT}
    write_durably(_challenge_file(office, said), json.dumps(kept).encode())
    files = {stem.with_name(stem.name + "-working.age"): made.files.working}
    if made.files.recovery is not None:
        files[stem.with_name(stem.name + "-recovery.age")] = made.files.recovery
    for path, content in files.items():
        write_durably(path, content)
    say(f"{said.id}: {said.name}, {said.kind}.")
    for key in (each.verify_key for each in said.keys):
        if key.keyid in made.keys:
            # A keyid has 32 bits, which a lookalike key can be made to match.
            say(f"  signing key {key.keyid}\n    fingerprint {fingerprint(key)}")
    say("Telephone somebody you know there, on a number you already had, and compare the fingerprint.")
    say("Then send them what they open with their working key and, if there are two, with their recovery key:")
    for path in files:
        say(f"  {path}")
    say(f"With their answer and this same note, run: marac {command} ... --proof FILE")


def _check_proof(office: Office, said: PartyNote, keys: Sequence[VerifyKey], proof: Path) -> None:
    """Return only if the answer is to the test messages of this note, by one of `keys` that was named then.

    Raises Stopped; Malformed, BadSignature, BadProof.
    """
    made = _read_challenge(office, said)
    if not made.is_for(said):
        raise Stopped(
            f"this is not the note of {said.id} that the test messages were made for, and whose key was compared",
            "telephone them: somebody may have changed it on its way. To begin again with this note, run the same"
            " command without --proof, and compare the signing key anew",
            Exit.CHECK_FAILED,
        )
    speaking = {key.keyid for key in keys}
    named = replace(made, keys=tuple(keyid for keyid in made.keys if keyid in speaking))
    enrolment.check_answer(named, proof.read_text(encoding="utf-8"), said)


def _read_challenge(office: Office, said: PartyNote) -> Challenge:
    file = _challenge_file(office, said)
    if not file.is_file():
        raise Stopped(f"no test message was made for {said.id}", "run the same command without --proof first")
    kept = json.loads(file.read_text(encoding="utf-8"))
    if kept.keys() != set(_KEPT):
        # Those of before kept neither: which note was compared on the telephone cannot be known any more.
        raise Stopped(
            f"the test messages for {said.id} are of an older marac, which did not keep the note they were made for",
            "make the test messages anew: run the same command without --proof, and compare the signing key",
        )
    return Challenge(files=ChallengeFiles(b"", b""), **{**kept, "keys": tuple(kept["keys"])})
