"""`marac/key-proof/v1`: a new party proves that it can open with both its keys; README.md, `Notes of our own`."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import AreaName, OfficerId, PartyId, parse_area_name, parse_participant_id, parse_uuid7
from agencies.notes import text

TYPE = "marac/key-proof/v1"


@dataclass(frozen=True, slots=True)
class KeyProof:
    """`working` and `recovery` are the hashes of the two test messages that the party opened; None: an officer's."""

    area: AreaName
    id: PartyId | OfficerId
    challenge: str
    working: str
    recovery: str | None
    at: datetime

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("id", self.id),
                ("challenge", self.challenge),
                ("working", self.working),
                ("recovery", text.encode_optional(self.recovery, str)),
                ("at", text.encode_time(self.at)),
            ],
        )


def parse_key_proof(note_text: str) -> KeyProof:
    """Return the proof that a note's text states; neither signature nor hashes are verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    proof = KeyProof(
        area=parse_area_name(lines.one("area")),
        id=parse_participant_id(lines.one("id")),
        challenge=parse_uuid7(lines.one("challenge")),
        working=text.parse_hash(lines.one("working")),
        recovery=text.parse_optional(lines.one("recovery"), text.parse_hash),
        at=text.parse_time(lines.one("at")),
    )
    lines.end()
    return proof
