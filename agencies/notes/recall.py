"""`marac/recall/v1`: the gateway tells a holder that a message was taken back; README.md, `Notes of our own`."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import (
    AreaName,
    CaseRef,
    DeliveryId,
    MessageId,
    parse_area_name,
    parse_case_ref,
    parse_delivery_id,
    parse_message_id,
)
from agencies.notes import text

TYPE = "marac/recall/v1"
REASONS = ("wrong-recipient", "wrong-case", "sent-in-error", "inaccurate", "safety")


@dataclass(frozen=True, slots=True)
class Recall:
    """One delivery of one message is to be destroyed, and why: a word, never free text about a person."""

    area: AreaName
    delivery: DeliveryId
    message: MessageId
    case: CaseRef
    reason: str
    at: datetime

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("delivery", self.delivery),
                ("message", self.message),
                ("case", self.case),
                ("reason", self.reason),
                ("at", text.encode_time(self.at)),
            ],
        )


def parse_recall(note_text: str) -> Recall:
    """Return the recall that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    recall = Recall(
        area=parse_area_name(lines.one("area")),
        delivery=parse_delivery_id(lines.one("delivery")),
        message=parse_message_id(lines.one("message")),
        case=parse_case_ref(lines.one("case")),
        reason=text.parse_member(lines.one("reason"), REASONS),
        at=text.parse_time(lines.one("at")),
    )
    lines.end()
    return recall
