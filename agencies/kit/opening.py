"""The nine checks before a byte of a message is shown or written. Source: formats.md, section 6, in its numbering."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Final

from agencies.area import verify_area
from agencies.directory import Directory
from agencies.documents.document import Document, parse_document
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.referral import Referral
from agencies.documents.table import DOCUMENTS
from agencies.kit.compose import UnknownKind
from agencies.names import CaseRef, MessageId
from agencies.notes import manifest as manifests
from agencies.notes import submission as submissions
from agencies.notes.manifest import Manifest, parse_manifest
from agencies.notes.submission import Submission, parse_submission
from agencies.notes.text import encode_time
from agencies.register import follows, verify_register
from agencies.revocations import verify_revocations
from agencies.sealed import parse_sealed
from crypto import age
from crypto import note as signed_note
from crypto.errors import BadSignature, CryptoError, Malformed
from crypto.keys import VerifyKey, parse_vkey

_STANZA_TYPES: Final = {"hybrid": age.HybridRecipient.type_, "classical": age.X25519Recipient.type_}


class Check(IntEnum):
    """The checks, numbered as formats.md numbers them."""

    TRUST = 1
    MANIFEST_SIGNATURE = 2
    PAYLOAD = 3
    OPENS = 4
    PADDING = 5
    SUBMISSION_SIGNATURES = 6
    SUBMISSION_HASH = 7
    NOTES_AGREE = 8
    DOCUMENT_HASH = 9


class CheckFailed(Exception):
    """A delivery is not what it claims to be; nothing of it was shown or written."""

    def __init__(self, check: Check, fact: str) -> None:
        super().__init__(f"check {check.value} failed: {fact}")
        self.check = check
        self.fact = fact


@dataclass(frozen=True, slots=True)
class TrustNotes:
    """What the kit trusts, as signed notes: the pinned root's vkey and what the gateway serves below it.

    delegations  all of them, the first one first
    """

    root: str
    delegations: tuple[str, ...]
    register: str
    revocations: tuple[str, ...]
    allow_classical: bool = False

    def verified(self) -> Directory:
        """Check (1): the directory that these notes make, from the root down.

        Raises CheckFailed.
        """
        try:
            area = verify_area(parse_vkey(self.root), self.delegations)
            register = verify_register(self.register, area, allow_classical=self.allow_classical)
            return Directory(area, register, verify_revocations(self.revocations, area, register))
        except CryptoError as error:
            raise CheckFailed(Check.TRUST, f"delegation, register or revocation: {error}") from None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery as it came, nothing in it believed yet; `message` is the one that was asked for."""

    message: MessageId
    manifest: str = field(repr=False)
    header: bytes = field(repr=False)
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that passed all nine checks. `text` is personal, never logged."""

    manifest: Manifest
    submission: Submission
    proved: bool
    text: str = field(repr=False)

    def facts(self, today: date) -> dict[str, str]:
        """Return what manifest and submission say of the message, label and value, in words for who reads it."""
        manifest, submission = self.manifest, self.submission
        how = "proved: signed with their own key" if self.proved else "asserted: named by their agency, without a key"
        corrects = {"Corrects": f"message {manifest.supersedes}, and takes its place"} if manifest.supersedes else {}
        document = self.document()
        lapsed = isinstance(document, FlagAndTag) and document.flagged_until < today
        return {
            **corrects,
            **({"Flag": "HAS LAPSED; take it out of your own files"} if lapsed else {}),
            "Case": manifest.case,
            "From": manifest.from_,
            "Officer": f"{submission.officer} ({how})" if submission.officer else "not named",
            "Accepted": encode_time(manifest.accepted),
            "Checks": "all nine passed",
        }

    @property
    def closes_case(self) -> bool:
        """Whether it is a referral of honour-based abuse: its case is for named officers alone, for good."""
        try:
            document = self.document()
        except (UnknownKind, DocumentInvalid):
            return False  # that of a newer kit, which the gateway reads
        return isinstance(document, Referral) and document.is_honour_based

    def document(self) -> Document:
        """Return the document, parsed. Raises UnknownKind, DocumentInvalid."""
        made = self.manifest
        model = DOCUMENTS.get(made.kind, {}).get(made.version, {}).get(made.document)
        if model is None:
            raise UnknownKind("this kit does not know the kind of the message: a newer kit may")
        return parse_document(model, self.text)


def check_succession(known: Directory, new: Directory) -> None:
    """Check (1), over time: `new` may come after `known`; nothing is rolled back or forked.

    Raises CheckFailed.
    """
    held = known.area.delegations
    if new.area.root != known.area.root or new.area.delegations[: len(held)] != held:
        raise CheckFailed(Check.TRUST, "the delegations already known are not among those served: rolled back")
    try:
        follows(known.register, new.register)
    except Malformed as error:
        raise CheckFailed(Check.TRUST, f"register rolled back: {error}") from None


def check_delivery(
    delivered: Delivered,
    directory: Directory,
    identities: Sequence[age.Identity],
    opened_by: str | None = None,
    opens: CaseRef | None = None,
) -> Opened:
    """Return the message, if checks (2) to (9) pass in this order; `directory` exists only if (1) did.

        opened_by  the hash of the submission that is known to have opened this case as new, or None
        opens      the case that this submission is known to have opened as new, or None

    Raises CheckFailed, naming the first that does not.
    Source: formats.md, section 6.
    """
    # (2), (3): the gateway answers for these bytes under this message, before any of our keys touches them
    manifest = check_manifest(delivered.manifest, delivered.message, directory)
    check_payload(delivered.payload, manifest)
    # (4) A co-recipient knows the file key and can make another payload that opens: (3) is what stops it.
    plaintext = _open(delivered, manifest, identities)
    # (5) one length, one padding: a second spelling could mark a copy
    document, submission_note = _unpad(plaintext)
    # (6) who said it, as the keys stood when the gateway accepted it
    submission, proved = _check_submission(submission_note, manifest, directory)
    # (7) the note sealed inside is the one that the gateway answers for
    if signed_note.hash_text(signed_note.text_of(submission_note)) != manifest.submission:
        raise CheckFailed(Check.SUBMISSION_HASH, "the manifest is about another submission than the one sealed")
    # (8) both notes say the same of it: a gateway cannot move it to another case
    _check_agreement(manifest, submission)
    _check_fresh(manifest, submission, opened_by, opens)
    # (9) the text is the sender's own, under the name that the sender gave it
    if dict(submission.documents).get(manifest.document) != signed_note.hash_text(document):
        raise CheckFailed(Check.DOCUMENT_HASH, "the sender did not sign this document under this name")
    return Opened(manifest, submission, proved, document)


def check_manifest(note: str, message: MessageId | None, directory: Directory) -> Manifest:
    """Check (2): return the manifest, signed by a gateway key delegated when it was accepted.

        message  the one asked for; None where the manifest itself is the first to name it

    Raises CheckFailed.
    """
    try:
        stated = parse_manifest(signed_note.text_of(note))
        signed_note.verify(note, directory.area.gateway_keys(stated.accepted), manifests.TYPE)
    except CryptoError as error:
        raise CheckFailed(Check.MANIFEST_SIGNATURE, f"the manifest: {error}") from None
    if message not in {None, stated.message}:
        raise CheckFailed(Check.MANIFEST_SIGNATURE, "the manifest is another message's")
    return stated


def check_payload(payload: bytes, manifest: Manifest) -> None:
    """Check (3): return only if these are the bytes that the manifest names. Raises CheckFailed."""
    if len(payload) != manifest.payload_length or signed_note.hash_bytes(payload) != manifest.payload_hash:
        raise CheckFailed(Check.PAYLOAD, "the payload is not the one that the manifest names")


def _open(delivered: Delivered, manifest: Manifest, identities: Sequence[age.Identity]) -> bytes:
    try:
        # A stanza of another type, whoever it is for, would open to whoever breaks that type: the manifest says not so.
        if set(age.stanza_types(delivered.header)) != {_STANZA_TYPES[manifest.suite]}:
            raise CheckFailed(Check.OPENS, "the header is of another suite than the manifest says")
        return age.unwrap(delivered.header, identities).decrypt(delivered.payload)
    except CryptoError as error:
        raise CheckFailed(Check.OPENS, str(error)) from None


def _unpad(plaintext: bytes) -> tuple[str, str]:
    try:
        return parse_sealed(plaintext)
    except Malformed as error:
        raise CheckFailed(Check.PADDING, str(error)) from None


def _check_submission(note: str, manifest: Manifest, directory: Directory) -> tuple[Submission, bool]:
    """Check (6): who signed, judged at the instant of acceptance: a key revoked later still signed this."""
    try:
        stated = parse_submission(signed_note.text_of(note))
        own = directory.valid_keys_of(stated.from_, manifest.accepted)
        personal = _officer_keys(stated, manifest, directory)
        signers = signed_note.verify(note, [*own, *personal], submissions.TYPE).signers
        if not set(signers) & set(own):
            raise BadSignature("the sending agency itself did not sign")
    except CryptoError as error:
        raise CheckFailed(Check.SUBMISSION_SIGNATURES, f"the submission: {error}") from None
    return stated, bool(set(signers) & set(personal))


def _officer_keys(stated: Submission, manifest: Manifest, directory: Directory) -> tuple[VerifyKey, ...]:
    if stated.officer is None:
        return ()
    officer = directory.register.officer(stated.officer)
    if officer is None or officer.agency != stated.from_:
        raise BadSignature("the officer named is not one of the sending agency")
    return directory.valid_keys_of(officer.id, manifest.accepted)


def _check_agreement(manifest: Manifest, submission: Submission) -> None:
    pairs = {
        "area": (manifest.area, submission.area),
        "kind": ((manifest.kind, manifest.version), (submission.kind, submission.version)),
        "case": (manifest.case, submission.case or manifest.case),
        "supersedes": (manifest.supersedes, submission.supersedes),
        "from": (manifest.from_, submission.from_),
    }
    for line, (by_gateway, by_sender) in pairs.items():
        if by_gateway != by_sender:
            raise CheckFailed(Check.NOTES_AGREE, f"manifest and submission name another {line}")


def _check_fresh(manifest: Manifest, submission: Submission, opened_by: str | None, opens: CaseRef | None) -> None:
    """Check (8), over time: `case new` agrees with any reference, but with one alone, and each is given once."""
    if submission.case is not None:
        return
    if opened_by not in {None, manifest.submission}:
        raise CheckFailed(Check.NOTES_AGREE, "another submission opened this case: the reference is not a fresh one")
    if opens not in {None, manifest.case}:
        raise CheckFailed(Check.NOTES_AGREE, "this submission opened another case: it does not open two")
