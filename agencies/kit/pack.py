"""A pack: all that this agency may hold of a case, streamed by the gateway and believed once all of it is checked."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from agencies.kit.client import PURPOSE, Kit
from agencies.kit.opening import Check, CheckFailed, Delivered, Opened
from agencies.kit.wire import BadAnswer
from agencies.names import CaseRef
from agencies.notes.pack import MAX_BYTES, TYPE, PackIndex, PackItem, parse_pack
from crypto import age
from crypto import note as signed_note
from crypto.errors import CryptoError, Malformed

if TYPE_CHECKING:
    from typing_extensions import Buffer

INDEX: Final = "index.note"
MAX_FILE_BYTES: Final = 64 << 20
MAX_AGE: Final = timedelta(minutes=10)  # as far as two clocks may be apart, and twice that


@dataclass(frozen=True, slots=True)
class Pack:
    """A case as one agency may hold it: `officer` asked for it at `at`. The messages are personal, oldest first."""

    index: PackIndex
    messages: tuple[Opened, ...] = field(repr=False)


def fetch_pack(kit: Kit, case: CaseRef, purpose: str = PURPOSE) -> Pack:
    """Return the pack of a case: its index's signature, every hash and every message's nine checks passed.

    Its messages are opened and shown in the inbox from then on, and receipted. What waits is collected first.
    Raises CheckFailed, BadAnswer, NoOfficer, OfficerNotEntered, PurposeNotAgreed, Problem, Unreachable.
    """
    kit.check_reader(purpose)
    kit.pull_all()
    began = kit.clock()
    parts = kit.gateway.parts(f"/v1/cases/{case}/pack", kit.fields(**{"marac-purpose": purpose}))
    files = _files(parts)
    index = _check_index(next(files, ("", b"")), kit, case, began)
    delivered = [_check_item(item, next(files, ("", b"")), next(files, ("", b""))) for item in index.items]
    if next(files, None) is not None:
        raise BadAnswer("the pack holds more than its index says")
    opened = [kit.check(one) for one in delivered]  # of all, before any of it is kept or shown
    if any(one.manifest.case != case for one in opened):
        raise CheckFailed(Check.NOTES_AGREE, "a message of another case is in the pack")
    # A crash between two of these leaves the rest to be opened, or packed, again.
    kept = [message for one, message in zip(delivered, opened, strict=True) if kit.keep(one, message)]
    return Pack(index, tuple(kept))


def _files(parts: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file of the tar. Raises BadAnswer; as `parts` does."""
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Stream(parts)), mode="r|") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() and member.size <= MAX_FILE_BYTES else None
                if file is None:
                    raise BadAnswer("the pack holds something else than files of an acceptable size")
                yield member.name, file.read()
    except tarfile.TarError:
        raise BadAnswer("the pack is no tar") from None


class _Stream(io.RawIOBase):
    """The parts of an answer as one file to read from."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill `buffer` as far as the next part goes; return how far, 0 at the end."""
        wanted = memoryview(buffer)
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        taken = min(len(wanted), len(self._rest))
        wanted[:taken], self._rest = self._rest[:taken], self._rest[taken:]
        return taken


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
