"""`marac/revocation/v1`: a key is taken out of use from an instant on; formats.md, section 2."""

import re
from dataclasses import dataclass
from datetime import datetime

from agencies.names import AreaName, parse_area_name, parse_participant_id
from agencies.notes import text
from crypto.age import parse_recipient
from crypto.errors import Malformed

TYPE = "marac/revocation/v1"
REASONS = ("lost", "stolen", "compromised", "left", "replaced", "mistake", "other")
_KEYID = re.compile(r"([^+ ]+)\+[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Revocation:
    """`key` is a participant's signing keyid or an age recipient; what it did before `since` stays valid.

    reason  one of REASONS: everybody can read it, so it is never in anybody's own words
    """

    area: AreaName
    key: str
    since: datetime
    reason: str

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("key", self.key),
                ("from", text.encode_time(self.since)),
                ("reason", self.reason),
            ],
        )


def parse_revocation(note_text: str) -> Revocation:
    """Return the revocation that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    revocation = Revocation(
        area=parse_area_name(lines.one("area")),
        key=_parse_key(lines.one("key")),
        since=text.parse_time(lines.one("from")),
        reason=text.parse_member(lines.one("reason"), REASONS),
    )
    lines.end()
    return revocation


def _parse_key(key: str) -> str:
    if key.startswith("age1"):
        return str(parse_recipient(key))
    found = _KEYID.fullmatch(key)
    if not found:
        raise Malformed("neither a keyid nor a recipient")
    parse_participant_id(found.group(1))
    return key
