"""What the gateway reads of a request before it knows who sent it; a row each."""

import base64
import re
from collections.abc import Sequence

from agencies.directory import Directory
from gateway.auth import Arrival, Authentic, authenticate, examine
from gateway.claims import AGENCY, OFFICER, Claim, parse_claims
from gateway.errors import RequestRejected
from gateway.fields import Fields
from tests.agencies.made_area import AREA, HOUSING, NOW, fixed_key, made_area, usual_register
from tests.agencies.made_area import OFFICER as THE_OFFICER
from tests.fuzz.target import Target
from tests.gateway.signing import Draft, Signer, base_of, post, signed_by

KEY = fixed_key(HOUSING)
DIRECTORY = Directory(made_area().area, usual_register())
NONCE = "bWFkZS11cC1ub25jZS0xNg"
IDEMPOTENCY = "0199f2b1-5c1e-7c52-9d52-0a6f3b1f6a11"
SIGNER = Signer(KEY, nonce=NONCE)
NAMED = ("marac-officer", THE_OFFICER)
REQUESTS = (
    signed_by(Draft(query="from=0&to=10"), SIGNER),
    signed_by(post("/v1/referrals", b"{}", ("marac-purpose", "referral"), idempotency=IDEMPOTENCY), SIGNER),
    signed_by(Draft().adding(NAMED), SIGNER, Signer(fixed_key(THE_OFFICER), "officer", nonce=NONCE[::-1])),
)
_INPUT = re.compile(r"agency=(\(([^()]*)\)[^,]*)")


def draft_of(raw: bytes) -> Draft:
    """Return the request in `raw`: a line of method, path and query, then one for each field."""
    first, *rest = raw.decode("latin-1").split("\n")
    method, _, target = first.partition(" ")
    path, _, query = target.partition("?")
    fields = (line.partition(":") for line in rest)
    return Draft(method, path, query, tuple((name, value.strip(" \t")) for name, _, value in fields))


def bytes_of(draft: Draft) -> bytes:
    """Return the input that `draft_of` reads."""
    lines = [f"{draft.method} {draft.path}?{draft.query or ''}", *(f"{name}: {value}" for name, value in draft.lines)]
    return "\n".join(lines).encode("latin-1")


def fields_of(draft: Draft) -> Fields:
    """Return the fields that the gateway reads."""
    return Fields((name.encode("latin-1"), value.encode("latin-1")) for name, value in draft.lines)


def says_the_same(fields: Fields, raw: bytes) -> bool:
    """Whether the fields, sent as they were read, are read as the same ones."""
    again = Fields((name.encode("latin-1"), value.encode("ascii")) for name, value in fields.items())
    return dict(again.items()) == dict(fields.items()) and set(fields.own()) <= dict(fields.items()).keys()


def claims_in(raw: bytes) -> Sequence[Claim]:
    """Return the claims of a Signature-Input field and, on the next line, a Signature field."""
    signature_input, _, signature = raw.decode("latin-1").partition("\n")
    return parse_claims(signature_input, signature)


def claims_bytes(draft: Draft) -> bytes:
    """Return the input that `claims_in` reads."""
    return f"{draft.value('signature-input')}\n{draft.value('signature')}".encode()


def who_sent(raw: bytes) -> Authentic:
    """Return who signed the request in `raw`, at the instant of the made-up area."""
    draft = draft_of(raw)
    arrival = Arrival(draft.method, draft.path, draft.query or "", fields_of(draft))
    return authenticate(examine(arrival, AREA, NOW), DIRECTORY, NOW)


def signed_again(raw: bytes) -> bytes:
    """Return the request with the agency's true signature over whatever its Signature-Input now says."""
    draft = draft_of(raw)
    found = _INPUT.search(draft.value("signature-input"))
    if not found:
        return raw
    signature = KEY.sign(base_of(draft, re.findall('"([^"]*)"', found[2]), found[1]))
    encoded = f"agency=:{base64.b64encode(signature).decode()}:"
    return bytes_of(draft.saying("signature-input", found[0]).saying("signature", encoded))


ROWS = {
    "request-fields": Target(
        parse=lambda raw: fields_of(draft_of(raw)),
        agrees=says_the_same,
        seeds=lambda: map(bytes_of, REQUESTS),
        refusals=(RequestRejected,),
    ),
    "request-claims": Target(
        parse=claims_in,
        agrees=lambda claims, _raw: [claim.label for claim in claims] in ([AGENCY], [AGENCY, OFFICER]),
        seeds=lambda: map(claims_bytes, REQUESTS),
        refusals=(RequestRejected,),
    ),
    "request-signature": Target(
        parse=who_sent,
        agrees=lambda sender, _raw: sender.party.id == HOUSING,
        seeds=lambda: map(bytes_of, REQUESTS),
        refusals=(RequestRejected,),
        repair=signed_again,
    ),
}
