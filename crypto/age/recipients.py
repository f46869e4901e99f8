"""Who can open a file: hybrid keys, X25519 keys and passphrases. Source: c2sp.org/age, "Native recipient types"."""

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crypto import b64, bech32, utf8
from crypto.age.header import FILE_KEY_BYTES, Stanza, derive
from crypto.draw import draw_bytes
from crypto.errors import Malformed

MAX_WORK_FACTOR = 20  # 1 GiB of memory: what a file from a stranger may cost us at most
_BODY_BYTES = FILE_KEY_BYTES + 16
_SEED_BYTES = 32
_MLKEM_BYTES = 1184
_ENC_BYTES = 1120
_SALT_BYTES = 16
_NONCE = bytes(12)  # each wrapping key is used once
_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_HYBRID_INFO = b"age-encryption.org/mlkem768x25519"
_X25519_INFO = b"age-encryption.org/v1/X25519"
_SCRYPT_LABEL = b"age-encryption.org/v1/scrypt"


@dataclass(frozen=True, slots=True)
class HybridRecipient:
    """The public half of a post-quantum key: safe against a later quantum computer."""

    text: str
    _key: MLKEM768X25519PublicKey = field(repr=False, compare=False)
    type_ = "mlkem768x25519"
    hybrid = True

    def __str__(self) -> str:
        return self.text

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza from which this recipient's identity gets `file_key`."""
        try:
            sealed = _HPKE.encrypt(file_key, self._key, info=_HYBRID_INFO)
        except ValueError:
            raise Malformed("a recipient key that no secret key belongs to") from None
        return Stanza(self.type_, (b64.encode_raw(sealed[:_ENC_BYTES]),), sealed[_ENC_BYTES:])


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """The public half of a classical key: what it seals can be harvested for a later quantum computer."""

    text: str
    _key: X25519PublicKey = field(repr=False, compare=False)
    type_ = "X25519"
    hybrid = False

    def __str__(self) -> str:
        return self.text

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza from which this recipient's identity gets `file_key`."""
        ephemeral = X25519PrivateKey.from_private_bytes(draw_bytes(_SEED_BYTES))
        share = ephemeral.public_key().public_bytes_raw()
        wrap_key = _x25519_wrap_key(ephemeral, self._key, share + self._key.public_bytes_raw())
        return Stanza(self.type_, (b64.encode_raw(share),), _wrap(wrap_key, file_key))


@dataclass(frozen=True, slots=True)
class HybridIdentity:
    """A secret post-quantum key; its repr tells nothing."""

    _seed: bytes = field(repr=False)
    _key: MLKEM768X25519PrivateKey = field(repr=False, compare=False)
    _recipient: HybridRecipient = field(repr=False, compare=False)

    def recipient(self) -> HybridRecipient:
        """Return the public half."""
        return self._recipient

    def encode(self) -> str:
        """Return the line of an identity file; secret."""
        return bech32.encode("AGE-SECRET-KEY-PQ-", self._seed)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key if `stanza` is for this key, else None. Raises Malformed for a broken stanza."""
        if stanza.type_ != HybridRecipient.type_:
            return None
        enc = _first_argument(stanza, _ENC_BYTES)
        try:
            return _HPKE.decrypt(enc + stanza.body, self._key, info=_HYBRID_INFO)
        except InvalidTag:
            return None


@dataclass(frozen=True, slots=True)
class X25519Identity:
    """A secret classical key; its repr tells nothing."""

    _seed: bytes = field(repr=False)
    _key: X25519PrivateKey = field(repr=False, compare=False)
    _recipient: X25519Recipient = field(repr=False, compare=False)

    def recipient(self) -> X25519Recipient:
        """Return the public half."""
        return self._recipient

    def encode(self) -> str:
        """Return the line of an identity file; secret."""
        return bech32.encode("AGE-SECRET-KEY-", self._seed)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key if `stanza` is for this key, else None. Raises Malformed for a broken stanza."""
        if stanza.type_ != X25519Recipient.type_:
            return None
        share = _first_argument(stanza, _SEED_BYTES)
        salt = share + self._key.public_key().public_bytes_raw()
        return _unwrap(_x25519_wrap_key(self._key, X25519PublicKey.from_public_bytes(share), salt), stanza.body)


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase, as recipient and as identity; always alone in its header.

    work_factor   base-two logarithm of scrypt's N, when sealing; 18 takes about a second and 256 MiB
    """

    _text: str = field(repr=False)
    work_factor: int = 18
    type_ = "scrypt"

    def __post_init__(self) -> None:
        if not utf8.encode(self._text):
            raise Malformed("an empty passphrase")
        if not 1 <= self.work_factor <= MAX_WORK_FACTOR:
            raise Malformed("a work factor out of range")

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza from which this passphrase gets `file_key`."""
        salt = draw_bytes(_SALT_BYTES)
        arguments = (b64.encode_raw(salt), str(self.work_factor))
        return Stanza(self.type_, arguments, _wrap(self._wrap_key(salt, self.work_factor), file_key))

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key if `stanza` was made with this passphrase, else None. Raises Malformed."""
        if stanza.type_ != self.type_:
            return None
        salt = _first_argument(stanza, _SALT_BYTES, arguments=2)
        factor = stanza.arguments[1]
        if not re.fullmatch("[1-9][0-9]?", factor) or int(factor) > MAX_WORK_FACTOR:
            raise Malformed("a scrypt work factor out of range")
        return _unwrap(self._wrap_key(salt, int(factor)), stanza.body)

    def _wrap_key(self, salt: bytes, factor: int) -> bytes:
        return Scrypt(salt=_SCRYPT_LABEL + salt, length=32, n=1 << factor, r=8, p=1).derive(utf8.encode(self._text))


Recipient: TypeAlias = HybridRecipient | X25519Recipient
Identity: TypeAlias = HybridIdentity | X25519Identity


@lru_cache(maxsize=1024)
def parse_recipient(text: str) -> Recipient:
    """Return the recipient that `age1...` or `age1pq1...` names. Raises Malformed for anything else."""
    prefix, public = bech32.parse(text)
    try:
        if prefix == "age1pq" and len(public) == _MLKEM_BYTES + 32:
            mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_BYTES])
            x25519 = X25519PublicKey.from_public_bytes(public[_MLKEM_BYTES:])
            return HybridRecipient(text, MLKEM768X25519PublicKey(mlkem, x25519))
        if prefix == "age" and len(public) == _SEED_BYTES:
            return X25519Recipient(text, X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Malformed("a recipient key that is not one") from None
    raise Malformed("not a recipient of a known type")


def parse_identity(text: str) -> Identity:
    """Return the secret key of one `AGE-SECRET-KEY-...` line. Raises Malformed."""
    prefix, seed = bech32.parse(text)
    if prefix == "AGE-SECRET-KEY-PQ-" and len(seed) == _SEED_BYTES:
        return _hybrid_identity(seed)
    if prefix == "AGE-SECRET-KEY-" and len(seed) == _SEED_BYTES:
        return _x25519_identity(seed)
    raise Malformed("not a secret key of a known type")


def parse_identity_file(text: str) -> list[Identity]:
    """Return the keys of an identity file: one a line, `#` comments and empty lines between. Raises Malformed."""
    lines = text.replace("\r\n", "\n").split("\n")
    identities = [parse_identity(line) for line in lines if line and not line.startswith("#")]
    if not identities:
        raise Malformed("an identity file without a key")
    return identities


def generate_identity(kind: Literal["hybrid", "classical"] = "hybrid") -> Identity:
    """Return a fresh secret key; hybrid unless interoperability demands otherwise."""
    seed = draw_bytes(_SEED_BYTES)
    return _hybrid_identity(seed) if kind == "hybrid" else _x25519_identity(seed)


def _hybrid_identity(seed: bytes) -> HybridIdentity:
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    key = MLKEM768X25519PrivateKey(mlkem, x25519)
    return HybridIdentity(seed, key, HybridRecipient(bech32.encode("age1pq", public), key.public_key()))


def _x25519_identity(seed: bytes) -> X25519Identity:
    key = X25519PrivateKey.from_private_bytes(seed)
    public = key.public_key()
    return X25519Identity(seed, key, X25519Recipient(bech32.encode("age", public.public_bytes_raw()), public))


def _first_argument(stanza: Stanza, n_bytes: int, arguments: int = 1) -> bytes:
    if len(stanza.arguments) != arguments:
        raise Malformed("a stanza with the wrong number of arguments")
    first = b64.parse_raw(stanza.arguments[0])
    # A body of one length alone: a longer one could be made to open under several keys (partitioning oracle).
    if len(first) != n_bytes or len(stanza.body) != _BODY_BYTES:
        raise Malformed("a stanza with a part of the wrong length")
    return first


def _x25519_wrap_key(mine: X25519PrivateKey, theirs: X25519PublicKey, salt: bytes) -> bytes:
    try:
        return derive(mine.exchange(theirs), salt, _X25519_INFO)
    except ValueError:
        raise Malformed("a share of low order") from None


def _wrap(wrap_key: bytes, file_key: bytes) -> bytes:
    return ChaCha20Poly1305(wrap_key).encrypt(_NONCE, file_key, None)


def _unwrap(wrap_key: bytes, body: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(wrap_key).decrypt(_NONCE, body, None)
    except InvalidTag:
        return None
