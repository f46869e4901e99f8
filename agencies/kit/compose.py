"""A submission made ready to send: the documents' texts, and the note that sender and officer sign over them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from agencies.documents.document import Document, encode_document
from agencies.documents.table import DOCUMENTS
from agencies.names import AreaName, CaseRef, MessageId, OfficerId, PartyId
from agencies.notes.submission import Submission
from crypto import note as signed_note
from crypto.draw import draw_uuid7
from crypto.keys import SigningKey


class UnknownKind(Exception):
    """No such kind, version or set of documents: nothing is sent that a recipient could not read."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who submits; without `officer_key` the officer is asserted by the agency, with it proved."""

    area: AreaName
    party: PartyId
    key: SigningKey
    officer: OfficerId | None = None
    officer_key: SigningKey | None = None

    @property
    def keys(self) -> list[SigningKey]:
        """The keys that sign, the party's first."""
        return [self.key] + ([self.officer_key] if self.officer_key else [])


@dataclass(frozen=True, slots=True)
class Subject:
    """What a submission is and what it is about; `case` None opens a new one.

    supersedes  the message whose place it takes, in that case
    """

    kind: str
    version: str
    purpose: str
    case: CaseRef | None = None
    supersedes: MessageId | None = None


REFERRAL = Subject("referral", "1.0", "referral")
PURPOSE = "safeguarding"  # what all other kinds are sent for


def about(kind: str, case: CaseRef | None) -> Subject:
    """Return the subject of a message of this kind, in the newest version known here; `case` None opens one."""
    return Subject(kind, next(iter(DOCUMENTS.get(kind, {"1.0": {}}))), PURPOSE, case)


@dataclass(frozen=True, slots=True)
class Composed:
    """A submission ready to send, as often as it takes: the same id and note get the same answer."""

    subject: Subject
    idempotency: str
    note: str = field(repr=False)
    documents: Mapping[str, str] = field(repr=False)

    @property
    def note_hash(self) -> str:
        """The hash that every manifest of this submission must state."""
        return signed_note.hash_text(signed_note.text_of(self.note))

    def body(self) -> bytes:
        """Return the request's body; the same bytes each time."""
        return json.dumps({"note": self.note, "documents": dict(self.documents)}, ensure_ascii=False).encode()

    def encode(self) -> bytes:
        """Return everything needed to send it again, as JSON: content, to be sealed before it is kept."""
        members = {"v": 1, "idempotency": self.idempotency, "note": self.note, "documents": dict(self.documents)}
        return json.dumps({"subject": asdict(self.subject), **members}, ensure_ascii=False).encode()


def decode_composed(text: bytes) -> Composed:
    """Return the submission that `encode` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    held = json.loads(text)
    if held["v"] != 1:
        raise ValueError("written by another version")
    return Composed(Subject(**held["subject"]), held["idempotency"], held["note"], held["documents"])


def same_content(one: Composed, other: Composed) -> bool:
    """Claim that two submissions say the same of the same case, whatever their salts, ids and times."""
    return one.subject == other.subject and _contents(one) == _contents(other)


def _contents(composed: Composed) -> dict[str, object]:
    return {name: {**json.loads(text), "salt": None} for name, text in composed.documents.items()}


def compose(subject: Subject, documents: Mapping[str, Document], author: Author, now: datetime) -> Composed:
    """Return the signed submission of `documents`, in the order that the kind declares.

    Raises UnknownKind unless exactly the kind's documents are there; DocumentInvalid if one is too large.
    """
    declared = DOCUMENTS.get(subject.kind, {}).get(subject.version, {})
    if not declared or documents.keys() != declared.keys():
        raise UnknownKind("this kind, version or set of documents is not known to this kit")
    texts = {name: encode_document(documents[name]) for name in declared}
    idempotency = draw_uuid7(now)
    submission = Submission(
        area=author.area,
        kind=subject.kind,
        version=subject.version,
        case=subject.case,
        supersedes=subject.supersedes,
        from_=author.party,
        officer=author.officer,
        purpose=subject.purpose,
        idempotency=idempotency,
        at=now,
        documents=tuple((name, signed_note.hash_text(text)) for name, text in texts.items()),
    )
    return Composed(subject, idempotency, signed_note.sign(submission.encode(), author.keys), texts)
