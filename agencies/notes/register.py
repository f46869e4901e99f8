"""`marac/register/v1`: the numbered list of who takes part, signed by the registrar; formats.md, section 2."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from agencies.names import AreaName, OfficerId, PartyId, area_of, parse_area_name, parse_participant_id
from agencies.notes import text
from crypto.errors import Malformed

TYPE = "marac/register/v1"
MAX_BYTES = 8 * 1024 * 1024
STATUSES = ("active", "suspended", "removed")


@dataclass(frozen=True, slots=True)
class Entry:
    """One participant as the registrar lists it; `note` is its own signed party note, not verified here."""

    id: PartyId | OfficerId
    status: str
    since: datetime
    until: datetime | None
    note: str = field(repr=False)

    def encode(self) -> str:
        """Return the value of an `entry` line."""
        until = text.encode_optional(self.until, text.encode_time)
        return f"{self.id} {self.status} {text.encode_time(self.since)} {until} {text.encode_enclosed(self.note)}"


@dataclass(frozen=True, slots=True)
class RegisterText:
    """What a register states: `previous` is the hash of the register before, None for the first."""

    area: AreaName
    number: int
    previous: str | None
    issued: datetime
    expires: datetime
    entries: tuple[Entry, ...]

    def encode(self) -> str:
        """Return the text to be signed; entries must be sorted by id."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("number", str(self.number)),
                ("previous", text.encode_optional(self.previous)),
                ("issued", text.encode_time(self.issued)),
                ("expires", text.encode_time(self.expires)),
                *(("entry", entry.encode()) for entry in self.entries),
            ],
        )


def parse_register(note_text: str) -> RegisterText:
    """Return the register that a note's text states; neither it nor its entries are verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    register = RegisterText(
        area=parse_area_name(lines.one("area")),
        number=text.parse_number(lines.one("number")),
        previous=text.parse_optional(lines.one("previous"), text.parse_hash),
        issued=text.parse_time(lines.one("issued")),
        expires=text.parse_time(lines.one("expires")),
        entries=tuple(_parse_entry(value) for value in lines.many("entry")),
    )
    lines.end()
    if register.issued >= register.expires:
        raise Malformed("a register expires before it is issued")
    if (register.number == 1) != (register.previous is None) or register.number == 0:
        raise Malformed("a register's number and its predecessor disagree")
    if any(former.id >= latter.id for former, latter in pairwise(register.entries)):
        raise Malformed("a register's entries are not sorted, or one stands twice")
    if any(area_of(entry.id) != register.area for entry in register.entries):
        raise Malformed("a register lists an entry of another area")
    return register


def _parse_entry(value: str) -> Entry:
    id_, status, since, until, note = text.split_words(value, 5)
    return Entry(
        id=parse_participant_id(id_),
        status=text.parse_member(status, STATUSES),
        since=text.parse_time(since),
        until=text.parse_optional(until, text.parse_time),
        note=text.parse_enclosed(note),
    )
