"""Which safe contacts of a case this folder knows: what was opened here, and what was sent from here.

Which of them stands, and what is stopped by which: before-sending.md.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypedDict

from agencies.documents.document import Document, parse_document
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.safe_contact import SafeContact
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import Composed
from agencies.kit.home import Home, NotSaved
from agencies.kit.inbox import Item, State
from agencies.kit.opening import CheckFailed, Opened
from agencies.kit.outbox import Outbox, OutboxUnavailable, SafeCopy
from agencies.kit.safe_address import (
    SAFE,
    OlderSafeContactElsewhere,
    SafeContactElsewhere,
    check_kept_apart,
    places,
    says_where,
)
from agencies.names import CaseRef, DeliveryId, MessageId
from agencies.notes.manifest import Manifest, parse_manifest
from crypto import age
from crypto import note as signed_note
from crypto.errors import CryptoError, Malformed

_UNREAD = (State.SAVED, State.COLLECTED)


class Said(TypedDict, total=False):
    """What a person said who looked at what is sent.

    unread_too  a safe contact that was not opened here is no reason to stop
    older_too   what it tells of an older safe contact of the case must be told
    """

    unread_too: bool
    older_too: bool


class SafeContactUnread(Exception):
    """What is to be sent cannot be compared with a safe contact of its case: one waits unopened, or cannot be read.

    deliveries  those that wait here to be opened; empty where only copies of what was sent are unreadable
    """

    def __init__(self, deliveries: Sequence[DeliveryId]) -> None:
        what = "waits here unopened" if deliveries else "cannot be read again with the keys of this folder"
        super().__init__(f"a safe contact of this case {what}: nothing was compared with it")
        self.deliveries = tuple(deliveries)


@dataclass(frozen=True, slots=True)
class Kept:
    """One safe contact that could be read.

    sent    it was sent from here: that it was taken back since, or corrected by an office, the gateway alone knows
    stands  nothing took its place and nobody took it back, as far as this folder knows
    """

    message: MessageId
    accepted: datetime
    contact: SafeContact = field(repr=False)
    sent: bool
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """The safe contacts of a case, as far as this folder has them; in memory alone.

    read       oldest first
    unread     deliveries that nobody has opened here yet, but for what a newer one here has corrected
    is_whole   nothing is kept here that cannot be read
    corrected  since when there is what is about to be corrected; None where nothing is
    """

    read: tuple[Kept, ...] = field(repr=False)
    unread: tuple[DeliveryId, ...]
    is_whole: bool = True
    corrected: datetime | None = None

    def newest(self, own: Document | None) -> Kept | None:
        """Return the newest safe contact that stands, and is not older than `own`, which is about to be sent.

        One that names no place and no number takes the place of none, unless it corrects it.
        """
        standing = [one for one in self.read if one.stands and says_where(one.contact)]
        if isinstance(own, SafeContact) and says_where(own):
            # A correction is as old as what it corrects: what came after that is newer.
            standing = [one for one in standing if self.corrected is not None and one.accepted > self.corrected]
        return standing[-1] if standing else None

    def without(self, gone: Kept) -> "Known":
        """Return the same, where one of them does not stand any more."""
        return replace(self, read=tuple(replace(one, stands=one.stands and one != gone) for one in self.read))

    def check(self, documents: Mapping[str, Document], is_gone: Callable[[MessageId], bool], said: Said) -> None:
        """Return only if no safe contact of the case is told by what is about to be sent, or a person said so.

            is_gone  whether a safe contact that was sent from here was taken back or corrected; asked if it matters

        Raises SafeContactElsewhere: its own, or the newest that stands; OlderSafeContactElsewhere; SafeContactUnread.
        """
        check_kept_apart(documents)
        known, own = self, documents.get(SAFE)
        while (newest := known.newest(own)) is not None and (where := places(documents, [newest.contact])):
            if not newest.sent or not is_gone(newest.message):
                raise SafeContactElsewhere(where)
            known = known.without(newest)
        told = places(documents, [one.contact for one in self.read])
        if told and not said.get("older_too"):
            raise OlderSafeContactElsewhere(told)
        if (self.unread or not self.is_whole) and not said.get("unread_too"):
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

    def known(self, cases: Collection[CaseRef], corrects: MessageId | None = None) -> Known:
        """Return what is known of these cases, which are one; `corrects` is what is about to be corrected."""
        there = [(made, item) for made, item in self._safe() if made.case in cases]
        copies = [copy for copy in self._copies() if copy.case in cases]
        waiting = {made.message: item.delivery for made, item in there if item.state in _UNREAD}
        made_here = [*(made for made, _ in self.received), *self._manifests()]
        corrected = _corrected(made_here)
        for message in {copy.message for copy in copies} | corrected:
            waiting.pop(message, None)
        opened = [made for made, item in there if item.state not in _UNREAD and self.home.opened(made.message)]
        found = [*map(self._opened, opened), *map(self._sent, copies)]
        older = corrected | {made.message for made, item in there if item.notice is not None}
        older |= _parts(made_here, corrects)
        read = [replace(one, stands=one.message not in older) for one in found if one is not None]
        return Known(
            tuple(sorted(read, key=lambda one: (one.accepted, one.message))),
            tuple(waiting.values()),
            is_whole=len(read) == len(found),
            corrected=next((made.accepted for made in made_here if made.message == corrects), None),
        )

    def _safe(self) -> Iterator[tuple[Manifest, Item]]:
        return (pair for pair in self.received if pair[0].document == SAFE)

    def _copies(self) -> Sequence[SafeCopy]:
        try:
            return self.outbox.copies()
        except OutboxUnavailable:
            return ()  # a damaged outbox keeps nobody from sending: README.md, "Repeats and errors"

    def _manifests(self) -> Sequence[Manifest]:
        """Return the manifest of each message that was sent from here."""
        try:
            return [parse_manifest(signed_note.text_of(note)) for note in self.outbox.manifests()]
        except OutboxUnavailable:
            return ()

    def _opened(self, made: Manifest) -> Kept | None:
        """Return what was opened here, also where it was taken back since: she is no less in danger there."""
        try:
            document = self.read(made.message).document()
        except CheckFailed:
            return None
        return Kept(made.message, made.accepted, document, sent=False) if isinstance(document, SafeContact) else None

    def _sent(self, copy: SafeCopy) -> Kept | None:
        try:
            contact = parse_document(SafeContact, age.decrypt(copy.sealed, self.identities).decode())
        except (CryptoError, DocumentInvalid, UnicodeDecodeError):
            return None
        return Kept(copy.message, copy.accepted, contact, sent=True)


def _corrected(known: Sequence[Manifest]) -> frozenset[MessageId]:
    """Return the safe contacts in whose place another came, as far as the manifests tell."""
    named = {made.supersedes for made in known if made.document == SAFE and made.supersedes is not None}
    return frozenset[MessageId]().union(*(_parts(known, one) for one in named))


def _parts(known: Sequence[Manifest], corrects: MessageId | None) -> frozenset[MessageId]:
    """Return the safe contact that goes with what is corrected: a correction names the referral, not each part."""
    submissions = {made.submission for made in known if made.message == corrects}
    return frozenset(made.message for made in known if made.document == SAFE and made.submission in submissions)


def received(home: Home, items: Sequence[Item]) -> list[tuple[Manifest, Item]]:
    """Return each delivery whose manifest is in the folder, with it; it was verified before it was saved."""
    found = []
    for item in items:
        with suppress(NotSaved, Malformed):
            found.append((parse_manifest(signed_note.text_of(home.manifest(item.message))), item))
    return found
