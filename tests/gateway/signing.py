"""A request signer of the tests' own: no line shared with the gateway's library, and able to sign what is wrong."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from crypto.draw import draw_nonce, draw_uuid7
from crypto.keys import SigningKey
from tests.agencies.made_area import AREA, NOW

ALWAYS = ("@method", "@authority", "@path", "@query")
WITH_BODY = ("content-type", "content-digest", "idempotency-key")


@dataclass(frozen=True)
class Draft:
    """A request as bytes-to-be: `lines` are its fields in the order they are sent, repeats included."""

    method: str = "GET"
    path: str = "/v1/register"
    query: str | None = None
    lines: tuple[tuple[str, str], ...] = (("host", AREA),)
    body: bytes = b""

    def value(self, name: str) -> str:
        return ", ".join(value.strip() for key, value in self.lines if key.lower() == name)

    def adding(self, *lines: tuple[str, str]) -> "Draft":
        return replace(self, lines=(*self.lines, *lines))

    def without(self, *names: str) -> "Draft":
        return replace(self, lines=tuple(line for line in self.lines if line[0] not in names))

    def saying(self, name: str, value: str) -> "Draft":
        return replace(self, lines=tuple((key, value if key == name else old) for key, old in self.lines))

    def raw(self) -> bytes:
        target = self.path + ("" if self.query is None else f"?{self.query}")
        head = "".join(f"{name}: {value}\r\n" for name, value in self.lines)
        return f"{self.method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + self.body


@dataclass(frozen=True)
class Signer:
    """How one signature is made; every parameter can be made wrong."""

    key: SigningKey
    label: str = "agency"
    created: int | str = int(NOW.timestamp())
    nonce: str = field(default_factory=draw_nonce)
    keyid: str | None = None
    alg: str = "ed25519"
    tag: str = "marac/v1"
    covered: Sequence[str] | None = None
    parameters: str | None = None

    def at(self, now: datetime) -> "Signer":
        return replace(self, created=int(now.timestamp()))


def post(path: str, body: bytes, *lines: tuple[str, str], idempotency: str | None = None) -> Draft:
    """A request with a body, with every field it must have but the signature."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return Draft(
        "POST",
        path,
        lines=(
            ("host", AREA),
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("content-digest", f"sha-256=:{digest}:"),
            ("idempotency-key", idempotency or draw_uuid7(NOW)),
            *lines,
        ),
        body=body,
    )


def usual_cover(draft: Draft) -> list[str]:
    own = sorted({name for name, _ in draft.lines if name.startswith("marac-")})
    return [*ALWAYS, *(WITH_BODY if draft.body else ()), *own]


def signed_by(draft: Draft, *signers: Signer) -> Draft:
    """The request with one Signature-Input and one Signature field, a member for each signer."""
    inputs, signatures = [], []
    for signer in signers:
        parameters = parameters_of(draft, signer)
        covered = usual_cover(draft) if signer.covered is None else signer.covered
        raw = signer.key.sign(base_of(draft, covered, parameters))
        inputs.append(f"{signer.label}={parameters}")
        signatures.append(f"{signer.label}=:{base64.b64encode(raw).decode()}:")
    return draft.adding(("signature-input", ", ".join(inputs)), ("signature", ", ".join(signatures)))


def parameters_of(draft: Draft, signer: Signer) -> str:
    covered = usual_cover(draft) if signer.covered is None else signer.covered
    components = " ".join(f'"{name}"' for name in covered)
    keyid = signer.keyid or signer.key.verify_key.keyid
    parameters = signer.parameters
    if parameters is None:
        parameters = (
            f';created={signer.created};nonce="{signer.nonce}";keyid="{keyid}";alg="{signer.alg}";tag="{signer.tag}"'
        )
    return f"({components}){parameters}"


def base_of(draft: Draft, covered: Sequence[str], parameters: str) -> bytes:
    """The signature base. Source: RFC 9421, section 2.5."""
    derived = {
        "@method": draft.method,
        "@authority": draft.value("host").lower(),
        "@path": draft.path,
        "@query": f"?{draft.query or ''}",
    }
    lines = [f'"{name}": {derived[name] if name in derived else draft.value(name)}' for name in covered]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii", "replace")
