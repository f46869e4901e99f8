"""`marac/submission/v1`: the sender signs what it hands in; formats.md, section 4."""

import re
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
    parse_uuid7,
)
from agencies.notes import text
from crypto.errors import Malformed

TYPE = "marac/submission/v1"
NEW_CASE = "new"
_VERSION = re.compile(r"[1-9][0-9]?\.(?:0|[1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class Submission:
    """What a sender claims; `case` is None where it is to be a new one; documents are (name, hash) as declared."""

    area: AreaName
    kind: str
    version: str
    case: CaseRef | None
    supersedes: MessageId | None
    from_: PartyId
    officer: OfficerId | None
    purpose: str
    idempotency: str
    at: datetime
    documents: tuple[tuple[str, str], ...]

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("kind", f"{self.kind}/{self.version}"),
                ("case", NEW_CASE if self.case is None else self.case),
                ("supersedes", text.encode_optional(self.supersedes)),
                ("from", self.from_),
                ("officer", text.encode_optional(self.officer)),
                ("purpose", self.purpose),
                ("idempotency", self.idempotency),
                ("at", text.encode_time(self.at)),
                *(("document", f"{name} {digest}") for name, digest in self.documents),
            ],
        )


def parse_submission(note_text: str) -> Submission:
    """Return the submission that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    area = parse_area_name(lines.one("area"))
    kind, version = parse_kind(lines.one("kind"))
    submission = Submission(
        area=area,
        kind=kind,
        version=version,
        case=_parse_case(lines.one("case")),
        supersedes=text.parse_optional(lines.one("supersedes"), parse_message_id),
        from_=parse_party_id(lines.one("from")),
        officer=text.parse_optional(lines.one("officer"), parse_officer_id),
        purpose=text.parse_word(lines.one("purpose")),
        idempotency=parse_uuid7(lines.one("idempotency")),
        at=text.parse_time(lines.one("at")),
        documents=tuple(_parse_document(value) for value in lines.many("document")),
    )
    lines.end()
    names = [name for name, _ in submission.documents]
    if not names or len(set(names)) != len(names):
        raise Malformed("a submission has no document, or one name twice")
    return submission


def parse_kind(value: str) -> tuple[str, str]:
    """Return kind and version of a line such as `referral/1.0`.

    Raises Malformed.
    """
    kind, _, version = value.partition("/")
    if not _VERSION.fullmatch(version):
        raise Malformed("not a kind with its version")
    return text.parse_word(kind), version


def _parse_case(value: str) -> CaseRef | None:
    return None if value == NEW_CASE else parse_case_ref(value)


def _parse_document(value: str) -> tuple[str, str]:
    name, digest = text.split_words(value, 2)
    return text.parse_word(name), text.parse_hash(digest)
