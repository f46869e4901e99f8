"""Seal the documents of a submission: each once, with a header for every party that it may concern."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agencies.agency import COORDINATING, Party
from agencies.directory import Directory
from agencies.names import PartyId, coordinator_of
from agencies.sealed import encode_sealed
from broker.addressees import recipients_for
from broker.case import Case, Relation
from broker.errors import NobodyToReceive
from broker.kinds.kind import Documents, Effects
from broker.routing import audiences, may_hold, without
from broker.services.desk import Desk
from broker.services.heading import fingerprints
from broker.services.reading import Reading, Request
from crypto.age import Sealed, parse_recipient, seal


@dataclass(frozen=True, slots=True)
class Header:
    """One party's header, and the fingerprints of the keys that it is made for."""

    bytes_: bytes
    keys: tuple[str, ...]
    hybrid: bool


@dataclass(frozen=True, slots=True)
class SealedPart:
    """One document, sealed: its payload, whom it may concern, and a header by party for what is not closed.

    The plaintext is gone; the file key is in `sealed` until the request ends, for the officers of a closed case.

    audience  for whom it is by its kind; the other headers are for who may hold what it corrects
    """

    document: str
    sealed: Sealed = field(repr=False)
    audience: tuple[PartyId, ...]
    headers: Mapping[PartyId, Header]

    @property
    def payload(self) -> bytes:
        """The sealed payload."""
        return self.sealed.payload


@dataclass(frozen=True, slots=True)
class Said:
    """What a submission's documents say, for the length of one request, and what follows for its case."""

    documents: Documents = field(repr=False)
    effects: Effects


def seal_parts(desk: Desk, reading: Reading, request: Request, said: Said, directory: Directory) -> list[SealedPart]:
    """Return the documents sealed to whom they may concern by role or choice, less whom this very request excludes.

    A correction is sealed to everybody: who holds what it corrects, only the case knows, and its sender must not. But
    a safe contact to those alone to whom a new one goes: whom else the office told the old one, it tells, or not.
    The case may take headers away, or let named officers' keys take the place of an agency's. The work is the same for
    every case, and for none.
    Raises NobodyToReceive if the coordinator's office has no key left.
    """
    also = {"mash"} if desk.settings.mash_receives_referrals else set[str]()
    chosen = {name: document.chosen for name, document in said.documents.items()}
    active, excluded = taking_part(desk, directory), said.effects.excluded
    holders = without(may_hold(active), excluded) if reading.submission.supersedes is not None else ()
    sealing = _Sealing(directory, desk.now(), coordinator_of(desk.area))
    return [
        sealing.part(
            name,
            encode_sealed(request.documents[name], request.note),
            without(parties, excluded),
            () if reading.kind.parts[name].by_name else holders,
        )
        for name, parties in audiences(reading.kind, active, also, chosen).items()
    ]


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a document is for in its case: who has the relation `least`; also those who hold what it corrects.

    barred  none of these, whatever part they have: see correcting.py
    """

    least: Relation
    held: frozenset[PartyId] = frozenset()
    barred: frozenset[PartyId] = frozenset()


def headers_in(
    part: SealedPart, case: Case, meant: Meant, directory: Directory, now: datetime
) -> Mapping[PartyId, Header]:
    """Return the headers of those whom the case concerns; `case` is locked, and says who is named in it.

    In a closed case those for officers are made here, under the lock: before it nobody knows who they will be.
    """
    office = coordinator_of(directory.area.name)
    found: dict[PartyId, Header] = {}
    for party in (*part.audience, *sorted(meant.held - {*part.audience})):
        if party in meant.barred or not case.relation(party, now).at_least(meant.least):
            continue
        by_officers = case.closed and party != office
        recipients = recipients_for(party, case, directory, now) if by_officers else ()
        header = _header(part.sealed, recipients) if by_officers else part.headers.get(party)
        if header is not None:
            found[party] = header
    return found


def suite_of(headers: Mapping[PartyId, Header]) -> str:
    """Return what the manifest says of these headers: `classical` if any of them can be kept for a quantum computer."""
    return "hybrid" if all(header.hybrid for header in headers.values()) else "classical"


def taking_part(desk: Desk, directory: Directory) -> list[Party]:
    """Return the offices, and the agencies whose agreement is in force, that are active now."""
    now = desk.now()
    return [
        member
        for member in directory.register.participants()
        if isinstance(member, Party) and member.is_active(now) and _may_take_part(member, desk)
    ]


def _may_take_part(party: Party, desk: Desk) -> bool:
    return party.kind in COORDINATING or (party.isa is not None and party.isa.covers(desk.now()))


@dataclass(frozen=True, slots=True)
class _Sealing:
    """What every document of a submission is sealed by."""

    directory: Directory
    now: datetime
    office: PartyId

    def part(
        self, document: str, plaintext: bytes, audience: tuple[PartyId, ...], holders: Sequence[PartyId]
    ) -> SealedPart:
        """Return the document sealed, to `holders` besides its audience. Raises NobodyToReceive."""
        sealed = seal(plaintext)
        headers = self._headers(sealed, audience)
        if self.office not in headers:
            raise NobodyToReceive("the coordinator's office has no valid key to seal to")
        # The suite is that of the audience: who may hold an earlier version changes it for nobody.
        suite = suite_of(headers)
        more = self._headers(sealed, [party for party in holders if party not in headers])
        headers |= {party: header for party, header in more.items() if suite_of({party: header}) == suite}
        return SealedPart(document, sealed, audience, headers)

    def _headers(self, sealed: Sealed, parties: Sequence[PartyId]) -> dict[PartyId, Header]:
        # Who has no valid key left is skipped: the coordinator sees the message, and re-heads it for new keys.
        made = {party: _header(sealed, recipients_for(party, None, self.directory, self.now)) for party in parties}
        return {party: header for party, header in made.items() if header is not None}


def _header(sealed: Sealed, recipients: Sequence[str]) -> Header | None:
    if not recipients:
        return None
    parsed = [parse_recipient(recipient) for recipient in recipients]
    return Header(sealed.header_for(parsed), fingerprints(recipients), all(each.hybrid for each in parsed))
