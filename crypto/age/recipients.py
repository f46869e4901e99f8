"""Who can open a file: hybrid keys and X25519 keys. Source: c2sp.org/age, "Native recipient types"."""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias

import nacl.exceptions
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base

from crypto import bech32
from crypto.age.header import Stanza, derive
from crypto.age.wrapping import Begun, first_argument, stanza_of, unwrap, wrap
from crypto.draw import draw_bytes
from crypto.errors import Malformed
from crypto.secret import Secret, unlisted

_SEED_BYTES = 32
_MLKEM_BYTES = 1184
_ENC_BYTES = 1120
_SHARE_BYTES = 32
_PROBE = bytes([8]) + bytes(31)  # any scalar does: X25519 takes multiples of eight, which bring a low order to nothing
_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_HYBRID_INFO = b"age-encryption.org/mlkem768x25519"
_X25519_INFO = b"age-encryption.org/v1/X25519"


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
        return self.finish(self.begin(file_key), file_key)

    def begin(self, file_key: bytes) -> Begun:
        """Return the slow half of `wrap`: the encapsulated key and the stanza's body."""
        try:
            sealed = _HPKE.encrypt(file_key, self._key, info=_HYBRID_INFO)
        except ValueError:
            raise Malformed("a recipient key that no secret key belongs to") from None
        return sealed[:_ENC_BYTES], sealed[_ENC_BYTES:]

    def finish(self, begun: Begun, _file_key: bytes) -> Stanza:
        """Return the stanza of what `begin` gave."""
        return stanza_of(self.type_, *begun)


@dataclass(frozen=True, slots=True)
class X25519Recipient:
    """The public half of a classical key: what it seals can be harvested for a later quantum computer."""

    text: str
    _public: bytes = field(repr=False, compare=False)
    type_ = "X25519"
    hybrid = False

    def __str__(self) -> str:
        return self.text

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza from which this recipient's identity gets `file_key`."""
        return self.finish(self.begin(file_key), file_key)

    def begin(self, _file_key: bytes) -> Begun:
        """Return the slow half of `wrap`: an ephemeral share and the shared secret; secret."""
        ephemeral = draw_bytes(_SEED_BYTES)
        return crypto_scalarmult_base(ephemeral), _exchange(ephemeral, self._public)

    def finish(self, begun: Begun, file_key: bytes) -> Stanza:
        """Return the stanza of what `begin` gave."""
        share, secret = begun
        wrap_key = derive(secret, share + self._public, _X25519_INFO)
        return stanza_of(self.type_, share, wrap(wrap_key, file_key))


@unlisted
@dataclass(frozen=True, slots=True)
class HybridIdentity(Secret):
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
        enc = first_argument(stanza, _ENC_BYTES)
        try:
            return _HPKE.decrypt(enc + stanza.body, self._key, info=_HYBRID_INFO)
        except InvalidTag:
            # The library says no more than that: a share of low order, which no sender makes, is looked for here.
            _exchange(_PROBE, enc[-_SHARE_BYTES:])
            return None


@unlisted
@dataclass(frozen=True, slots=True)
class X25519Identity(Secret):
    """A secret classical key; its repr tells nothing."""

    _seed: bytes = field(repr=False)
    _public: bytes = field(repr=False, compare=False)

    def recipient(self) -> X25519Recipient:
        """Return the public half."""
        return X25519Recipient(bech32.encode("age", self._public), self._public)

    def encode(self) -> str:
        """Return the line of an identity file; secret."""
        return bech32.encode("AGE-SECRET-KEY-", self._seed)

    def unwrap(self, stanza: Stanza) -> bytes | None:
        """Return the file key if `stanza` is for this key, else None. Raises Malformed for a broken stanza."""
        if stanza.type_ != X25519Recipient.type_:
            return None
        share = first_argument(stanza, _SEED_BYTES)
        wrap_key = derive(_exchange(self._seed, share), share + self._public, _X25519_INFO)
        return unwrap(wrap_key, stanza.body)


Recipient: TypeAlias = HybridRecipient | X25519Recipient
Identity: TypeAlias = HybridIdentity | X25519Identity


@lru_cache(maxsize=1024)
def parse_recipient(text: str) -> Recipient:
    """Return the recipient that `age1...` or `age1pq1...` names.

    Raises Malformed for anything else, a key of low order too: nothing sealed to it would be secret.
    """
    prefix, public = bech32.parse(text)
    try:
        if prefix == "age1pq" and len(public) == _MLKEM_BYTES + _SHARE_BYTES:
            mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_BYTES])
            _exchange(_PROBE, public[_MLKEM_BYTES:])
            x25519 = X25519PublicKey.from_public_bytes(public[_MLKEM_BYTES:])
            return HybridRecipient(text, MLKEM768X25519PublicKey(mlkem, x25519))
        if prefix == "age" and len(public) == _SHARE_BYTES:
            _exchange(_PROBE, public)
            return X25519Recipient(text, public)
    except ValueError:
        raise Malformed("a recipient key that is not one") from None
    raise Malformed("not a recipient of a known type")


def check_stanza(stanza: Stanza) -> None:
    """Return only if `stanza` has the form of its type: parts of the right length, and no other part.

    Raises Malformed, also for a type that no key here is of. Whether it opens is not said.
    """
    lengths = {HybridRecipient.type_: _ENC_BYTES, X25519Recipient.type_: _SHARE_BYTES}
    if stanza.type_ not in lengths:
        raise Malformed("a stanza of another type")
    first_argument(stanza, lengths[stanza.type_])


def parse_identity(text: str) -> Identity:
    """Return the secret key of one `AGE-SECRET-KEY-...` line. Raises Malformed."""
    prefix, seed = bech32.parse(text)
    if prefix == "AGE-SECRET-KEY-PQ-" and len(seed) == _SEED_BYTES:
        return _hybrid_identity(seed)
    if prefix == "AGE-SECRET-KEY-" and len(seed) == _SEED_BYTES:
        return X25519Identity(seed, crypto_scalarmult_base(seed))
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
    return _hybrid_identity(seed) if kind == "hybrid" else X25519Identity(seed, crypto_scalarmult_base(seed))


def _hybrid_identity(seed: bytes) -> HybridIdentity:
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    key = MLKEM768X25519PrivateKey(mlkem, x25519)
    return HybridIdentity(seed, key, HybridRecipient(bech32.encode("age1pq", public), key.public_key()))


def _exchange(mine: bytes, theirs: bytes) -> bytes:
    try:
        return crypto_scalarmult(mine, theirs)
    except nacl.exceptions.RuntimeError:
        raise Malformed("a share of low order") from None
