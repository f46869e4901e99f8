"""Ed25519 signing keys and their public halves as text. Format: c2sp.org/signed-note, and README, "Keys"."""

import hashlib
from dataclasses import dataclass, field

import nacl.exceptions
import nacl.signing

from crypto import b64
from crypto.draw import draw_bytes
from crypto.errors import BadSignature, Malformed
from crypto.secret import Secret, unlisted

_ED25519 = b"\x01"  # the signature type of c2sp.org/signed-note
_KEY_BYTES = 32
_SECRET_LABEL = "marac-signing-key"  # the first word of the line, not a secret  # noqa: S105


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key under its name; safe to show anyone."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _KEY_BYTES:
            raise Malformed("a public key is 32 bytes")

    @property
    def key_hash(self) -> bytes:
        """The four bytes that stand before each signature of this key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def keyid(self) -> str:
        """`<name>+<8 hex>`: the first two fields of the vkey."""
        return f"{self.name}+{self.key_hash.hex()}"

    @property
    def vkey(self) -> str:
        """The whole public key as text, as in signed-note."""
        return f"{self.keyid}+{b64.encode_padded(_ED25519 + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return only if `signature` is this key's over `message`. Raises BadSignature."""
        try:
            nacl.signing.VerifyKey(self.public).verify(message, signature)
        except (nacl.exceptions.BadSignatureError, nacl.exceptions.ValueError):
            raise BadSignature("a signature does not verify") from None


@unlisted
@dataclass(frozen=True, slots=True)
class SigningKey(Secret):
    """A secret key under its name; the seed is shown by `encode()` alone."""

    name: str
    _key: nacl.signing.SigningKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `message`. Source: RFC 8032."""
        return self._key.sign(message).signature

    @property
    def verify_key(self) -> VerifyKey:
        """The public half."""
        return VerifyKey(self.name, bytes(self._key.verify_key))

    def encode(self) -> str:
        """Return the line of a `.signkey` file: `marac-signing-key <name> <base64 seed>`; secret."""
        return f"{_SECRET_LABEL} {self.name} {b64.encode_padded(bytes(self._key))}"


def check_name(name: str) -> None:
    """Return only if `name` may name a key: printable ASCII without space or plus. Raises Malformed."""
    if not name or not all("!" <= character <= "~" and character != "+" for character in name):
        raise Malformed("a key name is printable ASCII without space or plus")


def generate_signing_key(name: str) -> SigningKey:
    """Return a fresh key called `name`. Raises Malformed if no key may have that name."""
    return _signing_key(name, draw_bytes(_KEY_BYTES))


def parse_signing_key(text: str) -> SigningKey:
    """Return the key of one `marac-signing-key` line (a final newline is allowed). Raises Malformed."""
    parts = text.removesuffix("\n").split(" ")
    if len(parts) != 3 or parts[0] != _SECRET_LABEL:
        raise Malformed("not a signing-key line")
    return _signing_key(parts[1], b64.parse_padded(parts[2]))


def parse_vkey(text: str) -> VerifyKey:
    """Return the key of a vkey, `<name>+<8 hex>+<base64>`.

    Raises Malformed for another key type, or if the hash is not the key's.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Malformed("not a vkey")
    raw = b64.parse_padded(parts[2])
    if raw[:1] != _ED25519:
        raise Malformed("a vkey of another type than Ed25519")
    key = VerifyKey(parts[0], raw[1:])
    if key.vkey != text:
        raise Malformed("a vkey whose hash is not its key's")
    return key


def _signing_key(name: str, seed: bytes) -> SigningKey:
    check_name(name)
    if len(seed) != _KEY_BYTES:
        raise Malformed("a seed is 32 bytes")
    return SigningKey(name, nacl.signing.SigningKey(seed))
