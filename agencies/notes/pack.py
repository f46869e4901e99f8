"""`marac/pack/v1`: what is in a pack that the gateway hands to one agency; README.md, `Notes of our own`."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import (
    AreaName,
    CaseRef,
    MessageId,
    OfficerId,
    PartyId,
    parse_area_name,
    parse_case_ref,
    parse_message_id,
    parse_officer_id,
    parse_party_id,
)
from agencies.notes import text
from crypto.errors import Malformed

TYPE = "marac/pack/v1"
MAX_BYTES = 1 << 20
MAX_ITEMS = 7_000  # of 145 bytes each: what the index has room for
MAX_PACKED_BYTES = 256 << 20  # of all age files together: what a reader keeps in memory


@dataclass(frozen=True, slots=True)
class PackItem:
    """One message in a pack: the hashes of its age file, header and payload, and of its manifest as a signed note."""

    message: MessageId
    file: str
    manifest: str


@dataclass(frozen=True, slots=True)
class PackIndex:
    """What one agency may hold of a case at an instant, handed to a named officer; the items in the pack's order."""

    area: AreaName
    case: CaseRef
    for_: PartyId
    officer: OfficerId
    at: datetime
    items: tuple[PackItem, ...]

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("case", self.case),
                ("for", self.for_),
                ("officer", self.officer),
                ("at", text.encode_time(self.at)),
                *(("item", f"{item.message} {item.file} {item.manifest}") for item in self.items),
            ],
        )


def parse_pack(note_text: str) -> PackIndex:
    """Return the index that a note's text states; its signature is not verified here.

    Raises Malformed, also for a pack without an item, or with a message that stands twice.
    """
    lines = text.parse(note_text, TYPE)
    index = PackIndex(
        area=parse_area_name(lines.one("area")),
        case=parse_case_ref(lines.one("case")),
        for_=parse_party_id(lines.one("for")),
        officer=parse_officer_id(lines.one("officer")),
        at=text.parse_time(lines.one("at")),
        items=tuple(_parse_item(value) for value in lines.many("item")),
    )
    lines.end()
    if len(index.items) > MAX_ITEMS:
        raise Malformed("more items than a pack may have")
    if not index.items or len({item.message for item in index.items}) != len(index.items):
        raise Malformed("a pack holds each message once, and one at least")
    return index


def _parse_item(value: str) -> PackItem:
    message, file, manifest = text.split_words(value, 3)
    return PackItem(parse_message_id(message), text.parse_hash(file), text.parse_hash(manifest))
