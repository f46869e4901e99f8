"""One request as it is sent, byte for byte, and the answer as it came: what the sandbox shows of a prepared case."""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.client import HTTPResponse
from typing import Final
from urllib.parse import urlsplit

import httpx2
from http_message_signatures.digests import ContentDigest

from agencies.kit.signing import sign_request
from crypto.draw import draw_uuid7
from crypto.keys import SigningKey
from gateway.made_up import AREA

ANSWER_WITHIN_S: Final = 45  # longer than the gateway waits for a slow body
_SHOWN: Final = 120
JSON_BODY: Final = ("content-type", "application/json")


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it is sent; `lines` are its fields in their order, repeats included."""

    method: str
    path: str
    lines: tuple[tuple[str, str], ...] = (("host", AREA),)
    body: bytes = field(default=b"", repr=False)

    def adding(self, name: str, value: str) -> "Draft":
        """Return the request with one more field."""
        return replace(self, lines=(*self.lines, (name, value)))

    def without(self, name: str) -> "Draft":
        """Return the request without a field."""
        return replace(self, lines=tuple(line for line in self.lines if line[0] != name))

    def saying(self, name: str, value: str) -> "Draft":
        """Return the request with another value in a field."""
        return replace(self, lines=tuple((key, value if key == name else old) for key, old in self.lines))

    def signed(self, signers: Sequence[tuple[str, SigningKey]], at: datetime) -> "Draft":
        """Return the request signed by each of `signers` (label, key), as the kit signs."""
        request = httpx2.Request(self.method, f"https://{AREA}{self.path}", headers=self.lines, content=self.body)
        if self.body:
            request.headers["content-digest"] = ContentDigest.create(self.body)
        sign_request(request, AREA, signers, at)
        return replace(self, lines=tuple(request.headers.multi_items()))

    def raw(self) -> bytes:
        """Return the bytes that are sent."""
        head = "".join(f"{name}: {value}\r\n" for name, value in (*self.lines, ("connection", "close")))
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it came."""

    status: int
    lines: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    @property
    def members(self) -> Mapping[str, object]:
        """The members of its JSON object; none where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str | None:
        """The code of a problem."""
        code = self.members.get("code")
        return code if isinstance(code, str) else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A step of a prepared case: what it is, what was sent, what came back; of made-up people alone."""

    what: str
    sent: Draft | bytes = field(repr=False)
    received: Answer

    def shown(self) -> Mapping[str, object]:
        """Return the step for people and programs; a long body is outlined."""
        received = self.received
        return {
            "what": self.what,
            "sent": _shown_request(self.sent),
            "received": {
                "status": received.status,
                "headers": [f"{name}: {value}" for name, value in received.lines],
                "body": received.members if received.code else _outline(received.body),
            },
        }


def get(path: str) -> Draft:
    """Return an unsigned GET."""
    return Draft("GET", path)


def post(path: str, body: bytes | Mapping[str, object], now: datetime, idempotency: str | None = None) -> Draft:
    """Return an unsigned POST with every field that a body needs; the digest is made when it is signed."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    length = ("content-length", str(len(raw)))
    key = ("idempotency-key", idempotency or draw_uuid7(now))
    return Draft("POST", path, (("host", AREA), JSON_BODY, length, key), raw)


def send(url: str, request: Draft | bytes, timeout_s: float = ANSWER_WITHIN_S) -> Answer:
    """Return the answer of the gateway at `url` (http) to a request, whatever its bytes are."""
    address = urlsplit(url)
    with socket.create_connection((str(address.hostname), int(address.port or 80)), timeout_s) as connection:
        connection.sendall(request if isinstance(request, bytes) else request.raw())
        response = HTTPResponse(connection)
        try:
            response.begin()
            return Answer(response.status, tuple(response.getheaders()), response.read())
        finally:
            response.close()


def _shown_request(sent: Draft | bytes) -> Mapping[str, object]:
    if isinstance(sent, bytes):
        return {"bytes": _cut(repr(sent)[2:-1])}
    return {
        "method": sent.method,
        "path": sent.path,
        "headers": [f"{name}: {value}" for name, value in sent.lines],
        "body": _outline(sent.body),
    }


def _outline(body: bytes) -> object:
    """Return JSON with its long strings cut; anything else as text, cut; None where there is no body."""
    if not body:
        return None
    text = body.decode("utf-8", "backslashreplace")
    try:
        return _cut_all(json.loads(text))
    except ValueError:
        return _cut(text)


def _cut_all(value: object) -> object:
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, dict):
        return {name: _cut_all(member) for name, member in value.items()}
    return [_cut_all(item) for item in value] if isinstance(value, list) else value


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
