"""What the recipient types have in common: how a stanza carries a file key. Source: c2sp.org/age."""

from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto import b64
from crypto.age.header import FILE_KEY_BYTES, Stanza
from crypto.errors import Malformed

Begun: TypeAlias = tuple[bytes, bytes]
"""What a recipient's `begin` hands to its `finish`: the stanza's first argument, and what its body is made of."""

_BODY_BYTES = FILE_KEY_BYTES + 16
_NONCE = bytes(12)  # each wrapping key is used once


def stanza_of(type_: str, first: bytes, body: bytes, *more_arguments: str) -> Stanza:
    """Return the stanza whose first argument says `first`: an encapsulated key, a share or a salt."""
    return Stanza(type_, (b64.encode_raw(first), *more_arguments), body)


def first_argument(stanza: Stanza, n_bytes: int, arguments: int = 1) -> bytes:
    """Return the bytes that the stanza's first argument says. Raises Malformed unless there are `n_bytes`."""
    if len(stanza.arguments) != arguments:
        raise Malformed("a stanza with the wrong number of arguments")
    first = b64.parse_raw(stanza.arguments[0])
    # A body of one length alone: a longer one could be made to open under several keys (partitioning oracle).
    if len(first) != n_bytes or len(stanza.body) != _BODY_BYTES:
        raise Malformed("a stanza with a part of the wrong length")
    return first


def wrap(wrap_key: bytes, file_key: bytes) -> bytes:
    """Return the body of a stanza: `file_key` under a key that is used this once."""
    return ChaCha20Poly1305(wrap_key).encrypt(_NONCE, file_key, None)


def unwrap(wrap_key: bytes, body: bytes) -> bytes | None:
    """Return the file key in `body`, or None if it was wrapped under another key."""
    try:
        return ChaCha20Poly1305(wrap_key).decrypt(_NONCE, body, None)
    except InvalidTag:
        return None
