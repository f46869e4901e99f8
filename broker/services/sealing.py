"""Seal the documents of a submission: each once, with a header for every party that it may concern."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agencies.agency import Party
from agencies.directory import Directory
from agencies.names import PartyId, coordinator_of
from agencies.sealed import encode_sealed
from broker.errors import NobodyToReceive
from broker.kinds.kind import Documents, Effects
from broker.need_to_know import COORDINATING
from broker.routing import audiences, without
from broker.services.desk import Desk
from broker.services.reading import Reading, Request
from crypto.age import parse_recipient, seal
from crypto.note import hash_text


@dataclass(frozen=True, slots=True)
class Header:
    """One party's header, and the fingerprints of the keys that it is made for."""

    bytes_: bytes
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedPart:
    """One document, sealed: its payload, and a header by party. The plaintext is gone."""

    document: str
    payload: bytes
    suite: str
    headers: Mapping[PartyId, Header]


@dataclass(frozen=True, slots=True)
class Said:
    """What a submission's documents say, for the length of one request, and what follows for its case."""

    documents: Documents = field(repr=False)
    effects: Effects


def seal_parts(desk: Desk, reading: Reading, request: Request, said: Said, directory: Directory) -> list[SealedPart]:
    """Return the documents sealed to whom they may concern by role or choice, less whom this very request excludes.

    The case may take more headers away, never add one. The work is the same for every case, and for none.
    Raises NobodyToReceive if the coordinator's office has no key left.
    """
    also = {"mash"} if desk.settings.mash_receives_referrals else set[str]()
    chosen = {name: document.chosen for name, document in said.documents.items()}
    audience = audiences(reading.kind, taking_part(desk, directory), also, chosen, closed=said.effects.closes)
    return [
        _seal(
            desk,
            name,
            encode_sealed(request.documents[name], request.note),
            without(parties, said.effects.excluded),
            directory,
        )
        for name, parties in audience.items()
    ]


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


def _seal(
    desk: Desk, document: str, plaintext: bytes, parties: tuple[PartyId, ...], directory: Directory
) -> SealedPart:
    sealed, now = seal(plaintext), desk.now()
    headers: dict[PartyId, Header] = {}
    hybrid = True
    for party in parties:
        recipients = directory.recipients(party, now)
        # Who has no valid key left is skipped: the coordinator sees the message, and re-heads it for new keys.
        if recipients:
            parsed = [parse_recipient(recipient) for recipient in recipients]
            headers[party] = Header(sealed.header_for(parsed), tuple(hash_text(text) for text in recipients))
            hybrid = hybrid and all(recipient.hybrid for recipient in parsed)
    if coordinator_of(desk.area) not in headers:
        raise NobodyToReceive("the coordinator's office has no valid key to seal to")
    return SealedPart(document, sealed.payload, "hybrid" if hybrid else "classical", headers)
