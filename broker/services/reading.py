"""Read a submission: verify its note, match it with its request, parse its documents. Format: formats.md, section 4."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from agencies.directory import Directory
from agencies.documents.document import Document, parse_document
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.table import DOCUMENTS, DocumentTypes
from agencies.notes.submission import TYPE, Submission, parse_submission
from broker.errors import (
    DocumentRejected,
    NoteMismatch,
    NoteRejected,
    UnknownKind,
    UnknownVersion,
)
from broker.kinds.kind import Kind
from broker.kinds.table import KINDS
from broker.need_to_know import Asker
from broker.services.desk import Desk
from crypto import note as signed_note
from crypto.errors import BadSignature, CryptoError
from crypto.note import hash_text

CLOCK_AHEAD = timedelta(seconds=5)  # as for requests: formats.md, section 3


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived on a kind's route: the signed note, its documents, and the idempotency id of the request."""

    kind: str
    note: str
    documents: Mapping[str, str]
    idempotency: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A submission whose signatures verified and which says what its request says.

    note_hash  the hash that manifests bind: of the note's text, without signatures
    """

    kind: Kind
    submission: Submission
    note: str = field(repr=False)
    note_hash: str
    types: DocumentTypes


def read_submission(desk: Desk, request: Request, asker: Asker, directory: Directory) -> Reading:
    """Return the submission of a request, its note verified by the asker's own keys.

    Raises NoteRejected, NoteMismatch, UnknownKind, UnknownVersion.
    """
    try:
        # (1) whoever signed the request signed the note
        text = verify_signers(request.note, asker, directory)
        submission = parse_submission(text)
    except CryptoError as error:
        raise NoteRejected("the submission note does not verify by the sender's keys", "/note") from error
    # (2) the note says what the request says
    _match(desk, request, asker, submission)
    # (3) the kind and version are known, and declare these documents in this order
    kind = KINDS.get(submission.kind)
    if kind is None or submission.kind != request.kind:
        raise UnknownKind("not a kind of this route", "/note")
    types = types_of(kind, submission.version)
    if submission.supersedes is not None and submission.case is None:
        raise NoteMismatch("what is corrected is in a case: the note names it", "/note")
    names = [name for name, _ in submission.documents]
    if names != list(types) or set(request.documents) != set(types):
        raise NoteMismatch("the documents are not those of the kind, in its order", "/documents")
    return Reading(kind, submission, request.note, hash_text(text), types)


def types_of(kind: Kind, version: str, known: Mapping[str, Mapping[str, DocumentTypes]] = DOCUMENTS) -> DocumentTypes:
    """Return the documents of this version of a kind, of those that the kind accepts at once: others may follow later.

    Raises UnknownVersion.
    """
    types = known[kind.name].get(version)
    if types is None or version not in kind.versions:
        raise UnknownVersion("not a version of this kind", "/note")
    return types


def verify_signers(note: str, asker: Asker, directory: Directory) -> str:
    """Return the note's text, if whoever signed the request signed it, and no other line by them is unsound.

    As the recipients' kits will judge it: the agency's own signature, the named officer's too where proved, and
    none by either that does not verify.
    Raises Malformed, BadSignature.
    """
    own = directory.valid_keys_of(asker.party.id, asker.at)
    officers = () if asker.officer is None else directory.valid_keys_of(asker.officer, asker.at)
    verified = signed_note.verify(note, [*own, *officers], TYPE)
    if not set(own) & set(verified.signers) or (asker.proved and not set(officers) & set(verified.signers)):
        raise BadSignature("the note lacks the signature of who handed it in")
    return verified.text


def read_documents(reading: Reading, request: Request) -> dict[str, Document]:
    """Return the submission's documents by name, each matching its digest in the note and its kind's model.

    Raises NoteMismatch or DocumentRejected, with a pointer to the field and nothing of its content.
    """
    documents: dict[str, Document] = {}
    for name, digest in reading.submission.documents:
        if hash_text(request.documents[name]) != digest:
            raise NoteMismatch("a document is not the one that the note was signed over", f"/documents/{name}")
        try:
            documents[name] = parse_document(reading.types[name], request.documents[name])
        except DocumentInvalid as error:
            raise DocumentRejected(error.reason, f"/documents/{name}{error.pointer}") from None
        if (documents[name].correction is None) != (reading.submission.supersedes is None):
            raise DocumentRejected("what corrects says why, and nothing else does", f"/documents/{name}/correction")
    return documents


def _match(desk: Desk, request: Request, asker: Asker, submission: Submission) -> None:
    facts = (
        submission.area == desk.area,
        submission.from_ == asker.party.id,
        submission.officer == asker.officer,
        submission.idempotency == request.idempotency,
        asker.purpose in {None, submission.purpose},
        submission.at <= asker.at + CLOCK_AHEAD,
    )
    if not all(facts):
        raise NoteMismatch("the note names another area, sender, officer, id or purpose than its request", "/note")
