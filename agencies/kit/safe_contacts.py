"""Which safe contacts of a case this folder knows: what was opened here, and what was sent from here; README.md."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from agencies.documents.document import parse_document
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.safe_contact import SafeContact
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import Composed
from agencies.kit.home import Home, NotSaved
from agencies.kit.inbox import Item, State
from agencies.kit.opening import CheckFailed, Opened
from agencies.kit.outbox import Outbox, OutboxUnavailable, SafeCopy
from agencies.kit.safe_address import SAFE
from agencies.names import CaseRef, DeliveryId, MessageId
from agencies.notes.manifest import Manifest, parse_manifest
from crypto import age
from crypto import note as signed_note
from crypto.errors import CryptoError, Malformed

_UNREAD = (State.SAVED, State.COLLECTED)


class SafeContactUnread(Exception):
    """What is to be sent cannot be compared with a safe contact of its case: one waits unopened, or cannot be read.

    deliveries  those that wait here to be opened; empty where only copies of what was sent are unreadable
    """

    def __init__(self, deliveries: Sequence[DeliveryId]) -> None:
        what = "waits here unopened" if deliveries else "cannot be read again with the keys of this folder"
        super().__init__(f"a safe contact of this case {what}: nothing was compared with it")
        self.deliveries = tuple(deliveries)


@dataclass(frozen=True, slots=True)
class Known:
    """The safe contacts of a case, as far as this folder has them; in memory alone.

    unread     deliveries that nobody has opened here yet, but for what a newer one here has corrected
    is_whole   nothing is kept here that cannot be read
    """

    read: tuple[SafeContact, ...] = field(repr=False)
    unread: tuple[DeliveryId, ...]
    is_whole: bool = True

    def check_read(self) -> None:
        """Return only if everything that is known could be compared. Raises SafeContactUnread."""
        if self.unread or not self.is_whole:
            raise SafeContactUnread(self.unread)


def sealed_copy(
    composed: Composed, accepted: Sequence[Accepted], identities: Sequence[age.Identity]
) -> SafeCopy | None:
    """Return the safe contact of what was sent, sealed to the first of this kit's own keys; None if it has none."""
    for made in (one.manifest for one in accepted if one.manifest.document == SAFE and identities):
        sealed = age.encrypt(composed.documents[SAFE].encode(), [identities[0].recipient()])
        return SafeCopy(made.message, made.case, made.accepted, sealed)
    return None


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the safe contacts of a kit are.

    received  every message whose manifest is here, in the order of their deliveries
    read      returns a saved message, checked again
    """

    home: Home
    received: Sequence[tuple[Manifest, Item]]
    outbox: Outbox
    identities: Sequence[age.Identity] = field(repr=False)
    read: Callable[[MessageId], Opened]

    def cases(self) -> frozenset[CaseRef]:
        """Return the cases of which a safe contact is here."""
        return frozenset(copy.case for copy in self._copies()) | {made.case for made, _ in self._safe()}

    def known(self, cases: Collection[CaseRef]) -> Known:
        """Return what is known of these cases, which are one."""
        there = [(made, item) for made, item in self._safe() if made.case in cases]
        copies = [copy for copy in self._copies() if copy.case in cases]
        waiting = {made.message: item.delivery for made, item in there if item.state in _UNREAD}
        for message in {copy.message for copy in copies} | self._corrected():
            waiting.pop(message, None)
        opened = [made.message for made, item in there if item.state not in _UNREAD and self.home.opened(made.message)]
        found = [*map(self._opened, opened), *map(self._sent, copies)]
        read = tuple(one for one in found if one is not None)
        return Known(read, tuple(waiting.values()), is_whole=len(read) == len(found))

    def _safe(self) -> Iterator[tuple[Manifest, Item]]:
        return (pair for pair in self.received if pair[0].document == SAFE)

    def _copies(self) -> Sequence[SafeCopy]:
        try:
            return self.outbox.copies()
        except OutboxUnavailable:
            return ()  # a damaged outbox keeps nobody from sending: README.md, "Repeats and errors"

    def _corrected(self) -> frozenset[MessageId]:
        """Return the safe contacts in whose place another came: a correction names the referral, not each part."""
        by_id = {made.message: made for made, _ in self.received}
        named = (by_id.get(made.supersedes) for made, _ in self._safe() if made.supersedes is not None)
        older = {made.submission for made in named if made is not None}
        return frozenset(made.message for made, _ in self._safe() if made.submission in older)

    def _opened(self, message: MessageId) -> SafeContact | None:
        """Return what was opened here, also where it was taken back since: she is no less in danger there."""
        try:
            document = self.read(message).document()
        except CheckFailed:
            return None
        return document if isinstance(document, SafeContact) else None

    def _sent(self, copy: SafeCopy) -> SafeContact | None:
        try:
            return parse_document(SafeContact, age.decrypt(copy.sealed, self.identities).decode())
        except (CryptoError, DocumentInvalid, UnicodeDecodeError):
            return None


def received(home: Home, items: Sequence[Item]) -> list[tuple[Manifest, Item]]:
    """Return each delivery whose manifest is in the folder, with it; it was verified before it was saved."""
    found = []
    for item in items:
        with suppress(NotSaved, Malformed):
            found.append((parse_manifest(signed_note.text_of(home.manifest(item.message))), item))
    return found
