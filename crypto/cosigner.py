"""The keys of cosigners as text. Source: c2sp.org/tlog-cosignature.

ML-DSA-44 is what the specification asks of new cosigners: no quantum computer forges it, and it signs the cosigner's
name. Ed25519 is for witnesses that have nothing else. A secret key is one line of a key file, with a seed of 32 bytes:

    marac-cosigning-key <name> <ml-dsa-44 or ed25519> <base64 seed>
"""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

import nacl.signing
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from crypto import b64
from crypto.draw import draw_bytes
from crypto.errors import BadSignature, Malformed
from crypto.keys import VerifyKey, check_name
from crypto.secret import Secret, unlisted

ML_DSA_44 = "ml-dsa-44"
ED25519 = "ed25519"
MAX_NAME_BYTES = 255  # of a cosigner or an origin: one byte says how long it is
_SECRET_LABEL = "marac-cosigning-key"  # the first word of the line, not a secret  # noqa: S105
_SEED_BYTES = 32


class _Algorithm(NamedTuple):
    type_: bytes  # the signature type of c2sp.org/signed-note
    public_bytes: int


_ALGORITHMS = {ML_DSA_44: _Algorithm(b"\x06", 1312), ED25519: _Algorithm(b"\x04", 32)}
_KIND_OF = {algorithm.type_: kind for kind, algorithm in _ALGORITHMS.items()}


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A cosigner's public key under its name; safe to show anyone.

    kind   `ml-dsa-44` (1,312 bytes) or `ed25519` (32 bytes)
    """

    name: str
    kind: str
    public: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.name) > MAX_NAME_BYTES:
            raise Malformed("a cosigner's name is longer than 255 characters")
        if len(self.public) != _algorithm(self.kind).public_bytes:
            raise Malformed("a public key of the wrong length")

    @property
    def key_hash(self) -> bytes:
        """The four bytes that stand before each signature of this key."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    @property
    def keyid(self) -> str:
        """`<name>+<8 hex>`: the first two fields of the vkey."""
        return f"{self.name}+{self.key_hash.hex()}"

    @property
    def vkey(self) -> str:
        """The whole public key as text, as in signed-note."""
        return f"{self.keyid}+{b64.encode_padded(self._typed)}"

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return only if `signature` is this key's over `message`. Raises BadSignature."""
        if self.kind == ED25519:
            VerifyKey(self.name, self.public).verify(message, signature)
            return
        try:
            MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise BadSignature("a signature does not verify") from None

    @property
    def _typed(self) -> bytes:
        return _algorithm(self.kind).type_ + self.public


@unlisted
@dataclass(frozen=True, slots=True)
class CosigningKey(Secret):
    """A cosigner's secret key; the seed is shown by `encode()` alone, and it is not pickled."""

    cosigner: CosignerKey
    _seed: bytes = field(repr=False)

    def encode(self) -> str:
        """Return the line of a key file: `marac-cosigning-key <name> <kind> <base64 seed>`; secret."""
        return f"{_SECRET_LABEL} {self.cosigner.name} {self.cosigner.kind} {b64.encode_padded(self._seed)}"

    def sign(self, message: bytes) -> bytes:
        """Return the 2,420-byte ML-DSA-44 (FIPS 204) or 64-byte Ed25519 (RFC 8032) signature over `message`."""
        if self.cosigner.kind == ED25519:
            return nacl.signing.SigningKey(self._seed).sign(message).signature
        return MLDSA44PrivateKey.from_seed_bytes(self._seed).sign(message)


def generate_cosigning_key(name: str, kind: str = ML_DSA_44) -> CosigningKey:
    """Return a fresh key called `name`. Raises Malformed if no key may have that name or kind."""
    return _cosigning_key(name, kind, draw_bytes(_SEED_BYTES))


def parse_cosigning_key(line: str) -> CosigningKey:
    """Return the key of one `marac-cosigning-key` line (a final newline is allowed). Raises Malformed."""
    parts = line.removesuffix("\n").split(" ")
    if len(parts) != 4 or parts[0] != _SECRET_LABEL:
        raise Malformed("not a cosigning-key line")
    return _cosigning_key(parts[1], parts[2], b64.parse_padded(parts[3]))


def parse_cosigner_vkey(text: str) -> CosignerKey:
    """Return the key of a cosigner's vkey, `<name>+<8 hex>+<base64>`.

    Raises Malformed for another key type (a log's key is never a cosigner's), or if the hash is not the key's.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Malformed("not a vkey")
    raw = b64.parse_padded(parts[2])
    if raw[:1] not in _KIND_OF:
        raise Malformed("a vkey of another type than a cosigner's")
    key = CosignerKey(parts[0], _KIND_OF[raw[:1]], raw[1:])
    if key.vkey != text:
        raise Malformed("a vkey whose hash is not its key's")
    return key


def _algorithm(kind: str) -> _Algorithm:
    if kind not in _ALGORITHMS:
        raise Malformed("not a kind of cosigner's key")
    return _ALGORITHMS[kind]


def _cosigning_key(name: str, kind: str, seed: bytes) -> CosigningKey:
    if len(seed) != _SEED_BYTES:
        raise Malformed("a seed is 32 bytes")
    if kind == ED25519:
        public = bytes(nacl.signing.SigningKey(seed).verify_key)
    else:
        public = MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    return CosigningKey(CosignerKey(name, kind, public), seed)  # which refuses any other kind
