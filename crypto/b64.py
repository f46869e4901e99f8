"""Base64 with exactly one accepted spelling, padded (notes, hashes) or raw (age headers). RFC 4648, section 4."""

import binascii

from crypto.errors import Malformed


def encode_padded(raw: bytes) -> str:
    """Return `raw` as base64 with `=` padding."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def encode_raw(raw: bytes) -> str:
    """Return `raw` as base64 without padding."""
    return encode_padded(raw).rstrip("=")


def parse_padded(text: str) -> bytes:
    """Return what the padded base64 `text` says. Raises Malformed unless it re-encodes to itself."""
    try:
        decoded = binascii.a2b_base64(text)
    except ValueError:
        raise Malformed("not base64") from None
    # The decoder skips what is no symbol. This alone decides, and nothing but the one spelling passes it: no foreign
    # symbol, no stray bits in the last one, no padding that is not needed.
    if encode_padded(decoded) != text:
        raise Malformed("base64 is not canonical")
    return decoded


def parse_raw(text: str) -> bytes:
    """Return what the unpadded base64 `text` says. Raises Malformed unless it re-encodes to itself."""
    if text.endswith("="):
        raise Malformed("base64 has padding where none belongs")
    return parse_padded(text + "=" * (-len(text) % 4))
