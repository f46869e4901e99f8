"""What gateway and sender do, by hand and with real keys, so that each of the nine checks can be forged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from agencies.directory import Directory
from agencies.kit.compose import REFERRAL, Author, Composed, compose
from agencies.kit.opening import Delivered, TrustNotes
from agencies.names import CaseRef, OfficerId, parse_message_id
from agencies.notes.manifest import Manifest
from agencies.notes.submission import parse_submission
from agencies.sealed import encode_sealed
from crypto import age, note
from crypto.draw import draw_uuid7
from crypto.keys import SigningKey
from tests.agencies.made_area import (
    AREA,
    HOUSING,
    IDVA,
    NOW,
    fixed_identity,
    fixed_key,
    made_area,
    revocation_of,
    signed_register,
    usual_entries,
)
from tests.factories import a_referral, a_safe_contact, exclusions

CASE = CaseRef("CAM-7Q4X9-K2M8T-5")
OTHER_CASE = CaseRef("CAM-7Q4X9-K2M8V-1")
DOCUMENTS = {"referral": a_referral(), "safe-contact": a_safe_contact(), "exclusions": exclusions()}
IDVA_IDENTITY = fixed_identity(IDVA, "working")
RECIPIENT = IDVA_IDENTITY.recipient()


@cache
def register_note() -> str:
    return signed_register(usual_entries())


def trust(*revocations: str, register: str | None = None) -> TrustNotes:
    root = made_area().root.verify_key.vkey
    return TrustNotes(root, (made_area().delegation,), register or register_note(), revocations)


@cache
def directory(*revocations: str) -> Directory:
    return trust(*revocations).verified()


def revoked(key: SigningKey, since: datetime = NOW) -> str:
    return revocation_of(key.verify_key.keyid, made_area().registrar, since)


def submitted(case: CaseRef | None = None, officer: OfficerId | None = None, key: SigningKey | None = None) -> Composed:
    author = Author(AREA, HOUSING, key or fixed_key(HOUSING), officer, fixed_key(officer) if officer else None)
    return compose(replace(REFERRAL, case=case), DOCUMENTS, author, NOW)


@dataclass(frozen=True)
class Sent:
    """One sealed document of a submission, with everything that a forger would like to swap."""

    composed: Composed
    manifest: Manifest
    sealed: age.Sealed
    plaintext: bytes

    def delivered(
        self,
        manifest: Manifest | None = None,
        payload: bytes | None = None,
        signers: Sequence[SigningKey] | None = None,
    ) -> Delivered:
        signed = note.sign((manifest or self.manifest).encode(), signers or [made_area().gateway])
        header = self.sealed.header_for([RECIPIENT])
        return Delivered(self.manifest.message, signed, header, self.sealed.payload if payload is None else payload)


def sent(composed: Composed, document: str = "referral", case: CaseRef = CASE, plaintext: bytes | None = None) -> Sent:
    """What an honest gateway makes of a submission; with `plaintext`, what was sealed in its place."""
    content = plaintext or encode_sealed(composed.documents[document], composed.note)
    sealed = age.seal(content)
    claimed = parse_submission(note.text_of(composed.note))
    manifest = Manifest(
        area=AREA,
        message=parse_message_id(draw_uuid7(NOW)),
        case=case,
        kind=claimed.kind,
        version=claimed.version,
        document=document,
        from_=claimed.from_,
        submission=composed.note_hash,
        payload_hash=note.hash_bytes(sealed.payload),
        payload_length=len(sealed.payload),
        suite="hybrid",
        accepted=NOW,
        supersedes=None,
    )
    return Sent(composed, manifest, sealed, content)
