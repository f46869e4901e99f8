"""A pack: all that this agency may hold of a case, streamed by the gateway and believed once all of it is checked."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from agencies.kit.client import PURPOSE, Kit
from agencies.kit.opening import Check, CheckFailed, Delivered, Opened
from agencies.kit.wire import BadAnswer, Problem, Unreachable
from agencies.names import CaseRef, DeliveryId
from agencies.notes.pack import MAX_BYTES, MAX_PACKED_BYTES, TYPE, PackIndex, PackItem, parse_pack
from agencies.tar import read_members
from crypto import age
from crypto import note as signed_note
from crypto.errors import CryptoError, Malformed

INDEX: Final = "index.note"
MAX_AGE: Final = timedelta(minutes=10)  # as far as two clocks may be apart, and twice that


@dataclass(frozen=True, slots=True)
class Pack:
    """A case as one agency may hold it: `officer` asked for it at `at`. The messages are personal, oldest first.

    proved  the officer signed the request with a key of their own; else their agency named them
    failed  what was collected before it and failed a check: of this case or another
    """

    index: PackIndex
    messages: tuple[Opened, ...] = field(repr=False)
    proved: bool
    failed: tuple[tuple[DeliveryId, CheckFailed], ...] = ()


def fetch_pack(kit: Kit, case: CaseRef, purpose: str = PURPOSE) -> Pack:
    """Return the pack of a case: its index's signature, every hash and every message's nine checks passed.

    Its messages are opened and shown in the inbox from then on, and receipted. What waits is collected first.
    Raises CheckFailed, BadAnswer, NoOfficer, OfficerNotEntered, PurposeNotAgreed, Problem, Unreachable.
    """
    kit.check_reader(purpose)
    failed = kit.pull_all()
    began = kit.clock()
    parts = kit.gateway.parts(f"/v1/cases/{case}/pack", kit.fields(**{"marac-purpose": purpose}))
    try:
        index, delivered = _read(read_members(parts), kit, case, began)
    except Malformed as error:
        raise BadAnswer(f"the pack: {error}") from None
    opened = [kit.check(one) for one in delivered]  # of all, before any of it is kept or shown
    if any(one.manifest.case != case for one in opened):
        raise CheckFailed(Check.NOTES_AGREE, "a message of another case is in the pack")
    _check_opener(kit, case, opened)
    # A crash between two of these leaves the rest to be opened, or packed, again.
    kept = [message for one, message in zip(delivered, opened, strict=True) if kit.keep(one, message)]
    with suppress(Unreachable, Problem):  # kept in the inbox; who reads must not wait for it
        kit.send_receipts()
    return Pack(index, tuple(kept), kit.author().officer_key is not None, failed)


def _check_opener(kit: Kit, case: CaseRef, opened: Sequence[Opened]) -> None:
    """Check (8), over a whole pack: a case is opened by one submission alone, also by the inbox's later lights.

    Each message was judged by what the inbox knew before the pack. Raises CheckFailed.
    """
    openers = {one.manifest.submission for one in opened if one.submission.case is None}
    if len(openers) > 1:
        raise CheckFailed(Check.NOTES_AGREE, "two submissions of the pack say that they opened the case as a new one")
    for submission in openers:
        kit.inbox.opens(case, submission)  # before anything is kept: what the inbox has not heard of yet is remembered


def _read(
    files: Iterator[tuple[str, bytes]], kit: Kit, case: CaseRef, began: datetime
) -> tuple[PackIndex, list[Delivered]]:
    """Return the index and the messages that it names, in its order and nothing else. Raises Malformed, CheckFailed."""
    nothing = ("", b"")
    index = _check_index(next(files, nothing), kit, case, began)
    delivered, room = [], MAX_PACKED_BYTES
    for item in index.items:
        delivered.append(_check_item(item, next(files, nothing), next(files, nothing)))
        room -= len(delivered[-1].header) + len(delivered[-1].payload)
        if room < 0:
            raise Malformed("it is larger than a pack may be")
    if next(files, None) is not None:
        raise Malformed("it holds more than its index says")
    return index, delivered


def _check_index(file: tuple[str, bytes], kit: Kit, case: CaseRef, began: datetime) -> PackIndex:
    """Return the index, signed by a gateway key delegated when it was made, for us and about what was asked.

    Raises CheckFailed (2).
    """
    directory, settings = kit.directory(), kit.home.settings
    try:
        note = _text(file, INDEX)
        stated = parse_pack(signed_note.text_of(note, MAX_BYTES))
        signed_note.verify(note, directory.area.gateway_keys(stated.at), TYPE, MAX_BYTES)
    except CryptoError as error:
        raise CheckFailed(Check.MANIFEST_SIGNATURE, f"the pack's index: {error}") from None
    asked = (directory.area.name, case, settings.party, settings.officer)
    if (stated.area, stated.case, stated.for_, stated.officer) != asked or abs(stated.at - began) > MAX_AGE:
        raise CheckFailed(Check.MANIFEST_SIGNATURE, "the pack's index is of another request")
    return stated


def _check_item(item: PackItem, file: tuple[str, bytes], manifest: tuple[str, bytes]) -> Delivered:
    """Return one message of the pack, its two files those that the index names. Raises CheckFailed (3)."""
    try:
        note = _text(manifest, f"{item.message}.manifest")
        if file[0] != f"{item.message}.age" or signed_note.hash_bytes(file[1]) != item.file:
            raise Malformed("not the file that the index names")
        if signed_note.hash_text(note) != item.manifest:
            raise Malformed("not the manifest that the index names")
        header, payload = age.split(file[1])
    except CryptoError as error:
        raise CheckFailed(Check.PAYLOAD, f"a message of the pack: {error}") from None
    return Delivered(item.message, note, header, payload)


def _text(file: tuple[str, bytes], name: str) -> str:
    if file[0] != name:
        raise Malformed("another file than the one that belongs here")
    try:
        return file[1].decode()
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error
