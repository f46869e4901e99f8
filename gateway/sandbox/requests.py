"""Prepared cases of HTTP and of signatures: each is played for real, and its last step meets the code."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from crypto.keys import generate_signing_key
from gateway.sandbox.exchange import Draft, Exchange, get, post
from gateway.sandbox.stage import Stage

LEASE: Final[Mapping[str, object]] = {"limit": 1, "wait_s": 0}
_LEASE_PATH: Final = "/v1/inbox/lease"
_REGISTER: Final = "/v1/register"


def not_http(stage: Stage) -> Sequence[Exchange]:
    """Bytes arrive that are no HTTP, such as the beginning of TLS."""
    return [stage.send("The first bytes of a TLS handshake.", b"\x16\x03\x01\x00\xa5 made up\r\n\r\n")]


def no_route(stage: Stage) -> Sequence[Exchange]:
    """A path is asked for that the gateway does not have."""
    return [stage.get("A version of the interface that does not exist.", "rivermead", "/v9/register")]


def other_method(stage: Stage) -> Sequence[Exchange]:
    """A route is asked with a method that it does not have."""
    return [stage.send("The area cannot be deleted.", Draft("DELETE", "/v1/area"))]


def too_slow(stage: Stage) -> Sequence[Exchange]:
    """The body stops half way; the gateway gives it 30 seconds, and so does this case."""
    draft = _signed_lease(stage)
    return [stage.send("Half of the announced body, and then nothing.", replace(draft, body=draft.body[:10]))]


def too_large(stage: Stage) -> Sequence[Exchange]:
    """A body is announced that is larger than the route takes; none of it is read."""
    announced = stage.settings.max_submission_bytes + 1
    draft = _signed_lease(stage).saying("content-length", str(announced))
    return [stage.send(f"Only the head is sent: it announces {announced} bytes.", replace(draft, body=b""))]


def other_content_type(stage: Stage) -> Sequence[Exchange]:
    """A body is sent as something else than JSON."""
    draft = post(_LEASE_PATH, LEASE, stage.clock()).saying("content-type", "text/xml")
    return [stage.send("JSON, but called XML.", stage.sign(draft, "rivermead"))]


def field_twice(stage: Stage) -> Sequence[Exchange]:
    """A field that the gateway reads stands twice: two readers could take different ones."""
    draft = stage.sign(get(_REGISTER), "rivermead")
    again = draft.adding("marac-officer", str(stage.member("rivermead").home.settings.officer))
    return [stage.send("The officer is named twice.", again)]


def unknown_field(stage: Stage) -> Sequence[Exchange]:
    """A field of ours arrives that the gateway does not know."""
    return [
        stage.send("marac-colour is no field.", stage.sign(get(_REGISTER).adding("marac-colour", "blue"), "health"))
    ]


def other_host(stage: Stage) -> Sequence[Exchange]:
    """The request names the address it went to, and not the area."""
    draft = stage.sign(get(_REGISTER), "rivermead").saying("host", "127.0.0.1")
    return [stage.send("Host is an address.", draft)]


def broken_json(stage: Stage) -> Sequence[Exchange]:
    """The body is cut off, though signed as it is."""
    return [stage.post("A brace is missing.", "rivermead", _LEASE_PATH, b'{"limit":1,"wait_s":0')]


def unknown_member(stage: Stage) -> Sequence[Exchange]:
    """The body has a member that the route does not know."""
    return [stage.post("`urgent` is no member.", "rivermead", _LEASE_PATH, {**LEASE, "urgent": True})]


def not_signed(stage: Stage) -> Sequence[Exchange]:
    """A request comes without a signature."""
    return [stage.send("Who asks?", get(_REGISTER))]


def signed_for_another_path(stage: Stage) -> Sequence[Exchange]:
    """A true signature is carried over to another request."""
    draft = stage.sign(get(_REGISTER), "coordinator")
    return [stage.send("Signed for the register, sent for the tombstones.", replace(draft, path="/v1/tombstones"))]


def not_covered(stage: Stage) -> Sequence[Exchange]:
    """A field is added on the way, which the signature does not cover."""
    draft = stage.sign(get(_REGISTER), "rivermead").adding("marac-purpose", "safeguarding")
    return [stage.send("The purpose was added after signing.", draft)]


def stale(stage: Stage) -> Sequence[Exchange]:
    """A request is signed an hour before it is sent; the answer tells the server's time."""
    member = stage.member("rivermead")
    draft = get(_REGISTER).signed([("agency", member.keyring.agency)], stage.clock() - timedelta(hours=1))
    return [stage.send("Signed an hour ago.", draft)]


def replayed(stage: Stage) -> Sequence[Exchange]:
    """The very same signed request arrives twice."""
    draft = stage.sign(get(_REGISTER), "rivermead")
    return [stage.send("The first time it is answered.", draft), stage.send("The second time it is not.", draft)]


def no_digest(stage: Stage) -> Sequence[Exchange]:
    """A body comes without its digest."""
    return [stage.send("Content-Digest was left out.", _signed_lease(stage).without("content-digest"))]


def other_body(stage: Stage) -> Sequence[Exchange]:
    """The body was changed after signing: one digit."""
    draft = _signed_lease(stage)
    return [stage.send("`limit` was 1 when it was signed.", replace(draft, body=draft.body.replace(b"1", b"9")))]


def unknown_key(stage: Stage) -> Sequence[Exchange]:
    """A key signs that bears an agency's name and is not in the register."""
    key = generate_signing_key(stage.area.party("rivermead"))
    return [stage.send("A key made a moment ago.", get(_REGISTER).signed([("agency", key)], stage.clock()))]


def revoked_key(stage: Stage) -> Sequence[Exchange]:
    """Ashdown Refuge signs with its only key, which it has revoked."""
    return [stage.get("Signed by a key that was taken out of use.", "ashdown", _REGISTER)]


def strange_officer(stage: Stage) -> Sequence[Exchange]:
    """An agency names an officer of another agency."""
    officer = str(stage.member("lantern").home.settings.officer)
    draft = stage.sign(get(_REGISTER).adding("marac-officer", officer), "rivermead", officer=False)
    return [stage.send("Rivermead names Lantern's officer.", draft)]


def _signed_lease(stage: Stage) -> Draft:
    return stage.sign(post(_LEASE_PATH, LEASE, stage.clock()), "rivermead")
