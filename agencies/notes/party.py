"""`marac/party/v1`: what a participant says of itself, signed by itself; formats.md, section 2."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agencies.agency import AGENCY_KINDS, OFFICER_KIND, RECIPIENT_USES, DatedKey, DatedRecipient, PartyKind
from agencies.names import OfficerId, PartyId, is_office, is_officer, parse_participant_id, parse_party_id
from agencies.notes import text
from crypto.age import parse_recipient
from crypto.errors import Malformed
from crypto.keys import parse_vkey

TYPE = "marac/party/v1"
_MAX_NAME_CHARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyNote:
    """A participant's keys; `isa` is its own signed `marac/isa/v1` note; agency and roles are an officer's alone."""

    id: PartyId | OfficerId
    kind: PartyKind
    name: str
    isa: str | None = field(default=None, repr=False)
    keys: tuple[DatedKey, ...]
    recipients: tuple[DatedRecipient, ...]
    agency: PartyId | None = None
    roles: tuple[str, ...] = ()

    def encode(self) -> str:
        """Return the text to be signed."""
        lines = [
            ("id", self.id),
            ("kind", self.kind),
            ("name", self.name),
            ("isa", text.encode_optional(self.isa, text.encode_enclosed)),
            *(("key", _encode_key(key)) for key in self.keys),
            *(("recipient", _encode_recipient(recipient)) for recipient in self.recipients),
        ]
        if self.agency is not None:
            lines += [("agency", self.agency), ("roles", text.encode_words(self.roles))]
        return text.encode(TYPE, lines)


def parse_party(note_text: str) -> PartyNote:
    """Return what a note's text says of a participant; neither it nor its agreement is verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    id_ = parse_participant_id(lines.one("id"))
    kind = _parse_kind(lines.one("kind"), id_)
    name = _parse_name(lines.one("name"))
    isa = text.parse_optional(lines.one("isa"), text.parse_enclosed)
    keys = tuple(_parse_key(value, id_) for value in lines.many("key"))
    recipients = tuple(_parse_recipient(value) for value in lines.many("recipient"))
    agency: PartyId | None = None
    roles: tuple[str, ...] = ()
    if is_officer(id_):
        agency = parse_party_id(lines.one("agency"))
        roles = text.parse_words(lines.one("roles"))
    lines.end()
    _be_single(key.verify_key.keyid for key in keys)
    _be_single(recipient.recipient for recipient in recipients)
    return PartyNote(
        id=id_, kind=kind, name=name, isa=isa, keys=keys, recipients=recipients, agency=agency, roles=roles
    )


def _parse_kind(kind: str, participant: str) -> PartyKind:
    # An office's kind is its own name without a chair's number: nobody becomes coordinator by kind alone.
    if is_officer(participant):
        return text.parse_member(kind, (OFFICER_KIND,))
    if is_office(participant):
        return text.parse_member(kind, (participant.rpartition("/")[2].partition("-")[0],))
    return text.parse_member(kind, AGENCY_KINDS)


def _parse_name(name: str) -> str:
    if name == text.NOTHING or len(name) > _MAX_NAME_CHARS:
        raise Malformed("not a participant's name")
    return name


def _encode_key(key: DatedKey) -> str:
    return f"{key.verify_key.vkey} {_encode_span(key)}"


def _parse_key(value: str, participant: str) -> DatedKey:
    vkey, since, until = text.split_words(value, 3)
    key = parse_vkey(vkey)
    if key.name != participant:
        raise Malformed("a key has another name than its participant")
    return DatedKey(key, *_parse_span(since, until))


def _encode_recipient(recipient: DatedRecipient) -> str:
    return f"{recipient.use} {recipient.recipient} {_encode_span(recipient)}"


def _parse_recipient(value: str) -> DatedRecipient:
    use, recipient, since, until = text.split_words(value, 4)
    text.parse_member(use, RECIPIENT_USES)
    return DatedRecipient(use, str(parse_recipient(recipient)), *_parse_span(since, until))


def _encode_span(dated: DatedKey | DatedRecipient) -> str:
    return f"{text.encode_time(dated.since)} {text.encode_optional(dated.until, text.encode_time)}"


def _parse_span(since: str, until: str) -> tuple[datetime, datetime | None]:
    return text.parse_time(since), text.parse_optional(until, text.parse_time)


def _be_single(values: Iterable[str]) -> None:
    seen = list(values)
    if len(set(seen)) != len(seen):
        raise Malformed("a key stands twice in a party's note")
