"""Who signed a request: RFC 9421 as formats.md, section 3, narrows it; the steps are those of README.md, "Checks"."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import HTTPSignatureAlgorithm
from http_message_signatures.digests import ContentDigest

from agencies.agency import Party
from agencies.directory import Directory
from agencies.names import AreaName, OfficerId, parse_uuid7
from agencies.notes.text import parse_word
from crypto.errors import Malformed
from crypto.keys import VerifyKey
from gateway.claims import AGENCY, ALGORITHM, OFFICER, TAG, Claim, parse_claims
from gateway.errors import RequestRejected
from gateway.fields import Fields

ALWAYS_COVERED: Final = frozenset({"@method", "@authority", "@path", "@query"})
COVERED_WITH_BODY: Final = frozenset({"content-type", "content-digest", "idempotency-key"})
OWN_FIELDS: Final = frozenset({"marac-officer", "marac-purpose"})
MAX_AGE: Final = timedelta(seconds=300)
MAX_AHEAD: Final = timedelta(seconds=5)
_DEFAULT_PORT: Final = ":443"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request before its body is read: path and query as they were sent, the query without its `?`."""

    method: str
    path: str
    query: str
    fields: Fields

    def url(self, area: str) -> str:
        """Return the absolute URL that the signature base is made from; its authority was checked before."""
        return f"https://{area}{self.path}?{self.query}"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request whose fields are those of a signed one; nothing that they claim is verified.

    url  what the signature base is made from
    """

    arrival: Arrival
    url: str
    claims: Sequence[Claim]


@dataclass(frozen=True, slots=True)
class Authentic:
    """Who signed, every check passed but the body's digest and the nonces, which are still to be spent.

    proved       True if the officer signed, False if the agency only named them, None without an officer
    idempotency  a UUIDv7, or None where the request has no body
    """

    party: Party
    officer: OfficerId | None
    proved: bool | None
    purpose: str | None
    idempotency: str | None
    claims: Sequence[Claim]


class ListedKey(HTTPSignatureAlgorithm):
    """Ed25519 by a key as the register lists it: parsed once when the register was, never again."""

    algorithm_id = ALGORITHM

    def __init__(self, public_key: VerifyKey) -> None:
        self._key = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return only if the signature is the key's. Raises BadSignature."""
        self._key.verify(message, signature)


class _KeysInForce(HTTPSignatureKeyResolver):
    def __init__(self, directory: Directory, now: datetime) -> None:
        self._directory = directory
        self._now = now

    def resolve_public_key(self, key_id: str) -> VerifyKey | None:
        return self._directory.valid_key(key_id, self._now)


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: timedelta | None = None) -> None:
        """Step 5 has judged the time by the injected clock; the library would read the machine's own."""


@dataclass(frozen=True, slots=True)
class _Signable:
    method: str
    url: str
    headers: Fields


def examine(arrival: Arrival, area: AreaName, now: datetime) -> Claimed:
    """Return what the request claims, if it is one that could be signed as it must be: the database is not asked yet.

        area  the one authority that is served

    Raises RequestRejected with the code of the first check that fails.
    Source: README.md, "Checks", steps 2 to 5.
    """
    fields = arrival.fields
    _check_authority(fields.get("host"), area)  # (2)
    claims = parse_claims(fields.get("signature-input"), fields.get("signature"))  # (3)
    if fields.announces_body:
        _check_body_fields(fields)  # (4)
    for claim in claims:
        _check_coverage(claim, fields)
        _check_time(claim, now)  # (5)
    return Claimed(arrival, arrival.url(area), claims)


def authenticate(claimed: Claimed, directory: Directory, now: datetime) -> Authentic:
    """Return who signed the request.

    Raises RequestRejected with the code of the first check that fails.
    Source: README.md, "Checks", steps 6 to 8.
    """
    fields, claims = claimed.arrival.fields, claimed.claims
    for claim in claims:
        _check_key(claim, directory, now)  # (6)
    _check_signatures(claimed, directory, now)  # (7)
    found = directory.register.party_of_key(claims[0].keyid)
    if found is None:
        raise RequestRejected("key-unknown")
    officer, proved = _officer(fields.get("marac-officer"), found[0], claims, directory, now)  # (8)
    return Authentic(
        party=found[0],
        officer=officer,
        proved=proved,
        purpose=_purpose(fields.get("marac-purpose")),
        idempotency=_idempotency(fields.get("idempotency-key")) if fields.announces_body else None,
        claims=claims,
    )


def check_digest(field: str, body: bytes) -> None:
    """Return only if `field` is the Content-Digest of `body`: sha-256 alone, in its one spelling.

    Raises RequestRejected.
    Source: RFC 9530, section 2.
    """
    if not field.startswith("sha-256="):
        raise RequestRejected("digest-missing", "content-digest")
    if field != ContentDigest.create(body):
        raise RequestRejected("digest-mismatch", "content-digest")


def nonce_expires(claim: Claim) -> datetime:
    """Return the instant from which the claim is too old anyway, so that its nonce may be forgotten."""
    return datetime.fromtimestamp(claim.created, UTC) + MAX_AGE + MAX_AHEAD


def _check_authority(host: str | None, area: str) -> None:
    if host is None or host.lower().removesuffix(_DEFAULT_PORT) != area:
        raise RequestRejected("authority-wrong", "host")


def _check_body_fields(fields: Fields) -> None:
    if (fields.get("content-type") or "").lower() != "application/json":
        raise RequestRejected("content-type-wrong", "content-type")
    if fields.get("content-digest") is None:
        raise RequestRejected("digest-missing", "content-digest")
    if fields.get("idempotency-key") is None:
        raise RequestRejected("field-invalid", "idempotency-key")


def _check_coverage(claim: Claim, fields: Fields) -> None:
    """Demand exactly the listed components: whatever else were covered would mean different things to two readers."""
    own = set(fields.own())
    if not own <= OWN_FIELDS:
        raise RequestRejected("field-invalid", "marac-*")
    required = ALWAYS_COVERED | own | (COVERED_WITH_BODY if fields.announces_body else set())
    _name_first(required - set(claim.covered))
    if len(set(claim.covered)) != len(claim.covered) or not set(claim.covered) <= required | COVERED_WITH_BODY:
        raise RequestRejected("signature-coverage", "signature-input")


def _name_first(missing: Collection[str]) -> None:
    if missing:
        raise RequestRejected("signature-coverage", min(missing))


def _check_time(claim: Claim, now: datetime) -> None:
    # Compared as seconds: a hostile `created` may lie outside of what a datetime can hold.
    age_s = now.timestamp() - claim.created
    if not -MAX_AHEAD.total_seconds() <= age_s <= MAX_AGE.total_seconds():
        raise RequestRejected("signature-stale", "signature-input")


def _check_key(claim: Claim, directory: Directory, now: datetime) -> None:
    """Demand a party's key under `agency`, an officer's under `officer`; whether its owner is active is rule N1's."""
    register = directory.register
    listed = register.party_of_key(claim.keyid) if claim.label == AGENCY else register.officer_of_key(claim.keyid)
    if listed is None:
        raise RequestRejected("key-unknown", "signature-input")
    if directory.is_revoked(claim.keyid, now):
        raise RequestRejected("key-revoked", "signature-input")
    if directory.valid_key(claim.keyid, now) is None:
        raise RequestRejected("key-unknown", "signature-input")


def _check_signatures(claimed: Claimed, directory: Directory, now: datetime) -> None:
    verifier = _Verifier(signature_algorithm=ListedKey, key_resolver=_KeysInForce(directory, now))
    message = _Signable(claimed.arrival.method, claimed.url, claimed.arrival.fields)
    try:
        verifier.verify(message, max_age=None, expect_tag=TAG)
    except HTTPMessageSignaturesException:
        raise RequestRejected("signature-invalid", "signature") from None


def _officer(
    named: str | None, party: Party, claims: Sequence[Claim], directory: Directory, now: datetime
) -> tuple[OfficerId | None, bool | None]:
    signed = any(claim.label == OFFICER for claim in claims)
    if named is None and not signed:
        return None, None
    if not party.is_active(now):
        listed = directory.register.officer(named or "")
        # Of an inactive party nobody is an officer: rule N1 refuses it, and logs who it says is there.
        return (listed.id, signed) if listed is not None and listed.agency == party.id else (None, None)
    officer = directory.officer_of(named or "", party.id, now)
    if officer is None:
        raise RequestRejected("officer-unknown", "marac-officer")
    if signed and directory.signing_officer(claims[-1].keyid, now) != officer:
        raise RequestRejected("officer-unknown", "marac-officer")
    return officer.id, signed


def _purpose(purpose: str | None) -> str | None:
    try:
        return None if purpose is None else parse_word(purpose)
    except Malformed:
        raise RequestRejected("field-invalid", "marac-purpose") from None


def _idempotency(key: str | None) -> str:
    try:
        return parse_uuid7(key or "")
    except Malformed:
        raise RequestRejected("field-invalid", "idempotency-key") from None
