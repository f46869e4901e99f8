"""`marac/manifest/v1`: the gateway binds submission, payload, case and kind of one message; formats.md, section 6."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import (
    AreaName,
    CaseRef,
    MessageId,
    PartyId,
    parse_area_name,
    parse_case_ref,
    parse_message_id,
    parse_party_id,
)
from agencies.notes import text
from agencies.notes.submission import parse_kind

TYPE = "marac/manifest/v1"
SUITES = ("hybrid", "classical")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the gateway answers for: `submission` is the submission note's hash; payload is hash and bytes."""

    area: AreaName
    message: MessageId
    case: CaseRef
    kind: str
    version: str
    document: str
    from_: PartyId
    submission: str
    payload_hash: str
    payload_length: int
    suite: str
    accepted: datetime
    supersedes: MessageId | None

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("message", self.message),
                ("case", self.case),
                ("kind", f"{self.kind}/{self.version}"),
                ("document", self.document),
                ("from", self.from_),
                ("submission", self.submission),
                ("payload", f"{self.payload_hash} {self.payload_length}"),
                ("suite", self.suite),
                ("accepted", text.encode_time(self.accepted)),
                ("supersedes", text.encode_optional(self.supersedes)),
            ],
        )


def parse_manifest(note_text: str) -> Manifest:
    """Return the manifest that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    area, message = parse_area_name(lines.one("area")), parse_message_id(lines.one("message"))
    case = parse_case_ref(lines.one("case"))
    kind, version = parse_kind(lines.one("kind"))
    document, from_ = text.parse_word(lines.one("document")), parse_party_id(lines.one("from"))
    submission = text.parse_hash(lines.one("submission"))
    payload_hash, payload_length = text.split_words(lines.one("payload"), 2)
    manifest = Manifest(
        area=area,
        message=message,
        case=case,
        kind=kind,
        version=version,
        document=document,
        from_=from_,
        submission=submission,
        payload_hash=text.parse_hash(payload_hash),
        payload_length=text.parse_number(payload_length),
        suite=text.parse_member(lines.one("suite"), SUITES),
        accepted=text.parse_time(lines.one("accepted")),
        supersedes=text.parse_optional(lines.one("supersedes"), parse_message_id),
    )
    lines.end()
    return manifest
