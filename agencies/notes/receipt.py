"""`marac/receipt/v1`: a recipient signs what became of its copy; formats.md, section 6."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import (
    AreaName,
    DeliveryId,
    MessageId,
    OfficerId,
    parse_area_name,
    parse_delivery_id,
    parse_message_id,
    parse_officer_id,
)
from agencies.notes import text
from crypto.errors import Malformed

TYPE = "marac/receipt/v1"
STATES = ("collected", "opened", "destroyed", "retained_under_own_schedule")


@dataclass(frozen=True, slots=True)
class Receipt:
    """`manifest` is the manifest's hash; `proved` says whether the officer signed with a key of their own."""

    area: AreaName
    delivery: DeliveryId
    message: MessageId
    manifest: str
    state: str
    officer: OfficerId | None
    proved: bool
    at: datetime

    def encode(self) -> str:
        """Return the text to be signed."""
        officer = text.NOTHING
        if self.officer is not None:
            officer = f"{self.officer} {'proved' if self.proved else 'asserted'}"
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("delivery", self.delivery),
                ("message", self.message),
                ("manifest", self.manifest),
                ("state", self.state),
                ("officer", officer),
                ("at", text.encode_time(self.at)),
            ],
        )


def parse_receipt(note_text: str) -> Receipt:
    """Return the receipt that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    area = parse_area_name(lines.one("area"))
    delivery, message = parse_delivery_id(lines.one("delivery")), parse_message_id(lines.one("message"))
    manifest = text.parse_hash(lines.one("manifest"))
    state = text.parse_member(lines.one("state"), STATES)
    officer, proved = _parse_officer(lines.one("officer"))
    at = text.parse_time(lines.one("at"))
    lines.end()
    return Receipt(area, delivery, message, manifest, state, officer, proved, at)


def _parse_officer(value: str) -> tuple[OfficerId | None, bool]:
    if value == text.NOTHING:
        return None, False
    officer, how = text.split_words(value, 2)
    if how not in {"proved", "asserted"}:
        raise Malformed("an officer is proved or asserted")
    return parse_officer_id(officer), how == "proved"
