"""Changing the register: the next number is signed at the office, kept there, and brought to the gateway."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from agencies.area import Area
from agencies.kit import keyfile
from agencies.kit.home import write_durably
from agencies.kit.wire import Problem
from agencies.notes.register import MAX_BYTES, Entry
from agencies.notes.revocation import Revocation
from agencies.register import Register, draft_register
from crypto import note
from crypto.keys import SigningKey
from gateway.commands import passphrase
from gateway.commands.envoy import CUT_OFF, is_in_force, publish_register
from gateway.commands.office import Office
from gateway.commands.outcome import Exit, Stopped, wall_clock

Change = Callable[[Register], Sequence[Entry]]


def change_register(office: Office, change: Change, opened: str) -> Register:
    """Return the register with the change in force at the gateway.

        change  from the newest register to the entries of the next
        opened  the passphrase of the office's keys

    Raises Stopped if an earlier register is signed and not yet at the gateway, or `change` refuses; Problem if the
    gateway refuses the register: then nothing is left of it.
    """
    if office.pending.exists():
        raise Stopped("an earlier register was signed and did not reach the gateway", "run: marac register publish")
    area, register, now = office.area(), office.register(), wall_clock()
    entries = change(register)
    text = draft_register(register, area.name, entries, now)
    signed = note.sign(text, [_registrar_key(office, area, opened, now)], MAX_BYTES)
    # A crash before this line leaves nothing; after it, `marac register publish` goes on from here.
    write_durably(office.pending, signed.encode())
    return _publish(office, opened)


def sign_revocation(office: Office, key: str, reason: str, opened: str) -> str:
    """Return the registrar's revocation of a keyid or age recipient, from now on.

    Raises Stopped if the register lists no such key.
    """
    area, now = office.area(), wall_clock()
    if office.register().owner_of(key) is None:
        raise Stopped("nobody in the register lists this key", "copy the keyid from: marac register show", Exit.USAGE)
    text = Revocation(area.name, key, now, reason).encode()
    return note.sign(text, [_registrar_key(office, area, opened, now)])


def publish_pending(office: Office, passphrase_file: Path | None) -> Register:
    """Return the register that was pending, now in force at the gateway.

    Raises Stopped if nothing is pending.
    """
    if not office.pending.exists():
        raise Stopped("there is no register to publish: the newest one is at the gateway", code=Exit.USAGE)
    return _publish(office, open_keys(passphrase_file))


def open_keys(passphrase_file: Path | None) -> str:
    """Return the passphrase of the office's keys; secret. Raises Stopped if there is nobody to ask."""
    return passphrase.recall("the office's keys", passphrase_file)


def with_entry(entries: Sequence[Entry], new: Entry) -> list[Entry]:
    """Return the entries with `new` in place of the one with its id, or added."""
    return [entry for entry in entries if entry.id != new.id] + [new]


def with_status(id_: str, status: str, since: datetime) -> Change:
    """Return the change that gives the entry with this id another status from `since` on.

    The change raises Stopped if there is no such entry, or it has left for good.
    """

    def change(register: Register) -> Sequence[Entry]:
        entry = next((entry for entry in register.entries if entry.id == id_), None)
        if entry is None:
            raise Stopped(f"{id_} is not in the register", "look it up with: marac register show", Exit.USAGE)
        if entry.status in ("removed", status):
            raise Stopped(f"{id_} is {entry.status} already: nothing was changed", code=Exit.REFUSED)
        return with_entry(register.entries, replace(entry, status=status, since=since))

    return change


def _publish(office: Office, opened: str) -> Register:
    register = office.verified(office.pending)
    try:
        publish_register(office, register, opened)
    except Problem as problem:
        if problem.code in CUT_OFF:
            # Nothing that this office signs a request with is taken: what the registrar signed goes another way.
            problem.add_note(f"The register is signed. Carry {office.pending} to the gateway's machine, and enter it")
            problem.add_note("there: marac area enter-register. Then run here: marac register publish")
            problem.add_note("If it is not the one that gives the office a new key, delete it: begin with that one.")
        elif problem.retry == "no" and not is_in_force(office, register, opened):
            # Refused for good, and not there: kept, it would stand in the way of every later change.
            office.pending.unlink()
        raise
    # A crash before this line leaves it pending: publishing again finds it at the gateway and ends the same way.
    office.pending.replace(office.register_note)
    return register


def _registrar_key(office: Office, area: Area, opened: str, now: datetime) -> SigningKey:
    key = keyfile.load_signing_key(office.registrar_key, opened)
    if key.verify_key not in area.registrar_keys(now):
        raise Stopped(
            "the root has delegated to another registrar's key since",
            "sign with that one: put its file in the place of registrar.signkey",
            Exit.REFUSED,
        )
    return key
