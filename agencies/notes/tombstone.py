"""`marac/tombstone/v1`: what remains of a destroyed case; formats.md, section 8."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import AreaName, CaseRef, parse_area_name
from agencies.notes import text
from crypto import b64
from crypto.draw import SALT_BYTES
from crypto.errors import Malformed
from crypto.note import hash_bytes

TYPE = "marac/tombstone/v1"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """`case` is `case_commitment(salt, reference)`; counts are (kind, messages), sorted; log is origin and index."""

    area: AreaName
    case: str
    salt: bytes
    rule: str
    destroyed: datetime
    counts: tuple[tuple[str, int], ...]
    log_origin: str
    log_index: int

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("case", self.case),
                ("salt", b64.encode_padded(self.salt)),
                ("rule", self.rule),
                ("destroyed", text.encode_time(self.destroyed)),
                ("counts", text.encode_words([f"{kind}={count}" for kind, count in self.counts])),
                ("log", f"{self.log_origin} {self.log_index}"),
            ],
        )


def case_commitment(salt: bytes, case: CaseRef) -> str:
    """Return SHA-256(salt || case reference): who knows the reference can check it, nobody else can guess it."""
    return hash_bytes(salt + case.encode("ascii"))


def parse_tombstone(note_text: str) -> Tombstone:
    """Return the tombstone that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    area, case = parse_area_name(lines.one("area")), text.parse_hash(lines.one("case"))
    salt, rule = _parse_salt(lines.one("salt")), text.parse_label(lines.one("rule"))
    destroyed = text.parse_time(lines.one("destroyed"))
    counts = _parse_counts(lines.one("counts"))
    origin, index = text.split_words(lines.one("log"), 2)
    lines.end()
    return Tombstone(area, case, salt, rule, destroyed, counts, origin, text.parse_number(index))


def _parse_salt(value: str) -> bytes:
    salt = b64.parse_padded(value)
    if len(salt) != SALT_BYTES:
        raise Malformed("a salt of another length")
    return salt


def _parse_counts(value: str) -> tuple[tuple[str, int], ...]:
    if value == text.NOTHING:
        return ()
    counts = tuple(_parse_count(part) for part in value.split(","))
    kinds = [kind for kind, _ in counts]
    if kinds != sorted(set(kinds)):
        raise Malformed("counts are not sorted by kind, or one stands twice")
    return counts


def _parse_count(part: str) -> tuple[str, int]:
    kind, _, count = part.partition("=")
    return text.parse_word(kind), text.parse_number(count)
