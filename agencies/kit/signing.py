"""Requests signed as formats.md, section 3 asks: RFC 9421, labels `agency` and, where proved, `officer`."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx2
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest

from agencies.names import AreaName
from crypto.draw import draw_nonce
from crypto.keys import SigningKey

TAG: Final = "marac/v1"
ALWAYS_COVERED: Final = ("@method", "@authority", "@path", "@query")
COVERED_WITH_BODY: Final = ("content-type", "content-digest", "idempotency-key")
OWN_FIELDS: Final = "marac-"
OFFICER_FIELD: Final = "marac-officer"

Clock = Callable[[], datetime]


class RequestSigner(httpx2.Auth):
    """Signs each request as it is sent, a repeat included: every sending has its own nonce and time.

    Whatever address the kit connects to, `Host` and the signed authority are the area's own name. The officer signs
    what names an officer, and nothing else.
    """

    requires_request_body = True

    def __init__(self, area: AreaName, agency: SigningKey, officer: SigningKey | None, clock: Clock) -> None:
        self._area = area
        self._agency = [("agency", agency)]
        self._officer = [("officer", officer)] if officer else []
        self._clock = clock

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Yield `request` with its host, its digest and its signatures set."""
        request.headers["host"] = self._area
        if request.content:
            request.headers["content-digest"] = ContentDigest.create(request.content)
        signers = self._agency + (self._officer if OFFICER_FIELD in request.headers else [])
        sign_request(request, self._area, signers, self._clock())
        yield request


@dataclass(frozen=True, slots=True)
class _Signable:
    """What RFC 9421 reads of a request; the authority is the area's name, not the address connected to."""

    method: str
    url: str
    headers: httpx2.Headers


def sign_request(
    request: httpx2.Request, area: AreaName, signers: Sequence[tuple[str, SigningKey]], now: datetime
) -> None:
    """Sign `request` in place by each of `signers` (label, key), each with a fresh nonce; old signatures go."""
    signer = HTTPMessageSigner(signature_algorithm=ED25519)
    message = _Signable(request.method, f"https://{area}{request.url.raw_path.decode('ascii')}", request.headers)
    for position, (label, key) in enumerate(signers):
        prepared = signer.prepare(
            message,
            key_id=key.verify_key.keyid,
            created=now,
            nonce=draw_nonce(),
            label=label,
            tag=TAG,
            covered_component_ids=covered(request),
            use_existing_digest="content-digest" in request.headers,
        )
        raw = key.sign(prepared.signature_base)
        signer.apply(message, prepared, raw, append_if_signature_exists=position > 0)


def covered(request: httpx2.Request) -> list[str]:
    """Return the names of the components that a signature of `request` must cover."""
    own = sorted({name for name in request.headers if name.startswith(OWN_FIELDS)})
    return [*ALWAYS_COVERED, *(COVERED_WITH_BODY if request.content else ()), *own]
