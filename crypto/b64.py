"""Base64 with exactly one accepted spelling, padded (notes, hashes) or raw (age headers). RFC 4648, section 4."""

import base64
import binascii

from crypto.errors import Malformed


def encode_padded(raw: bytes) -> str:
    """Return `raw` as base64 with `=` padding."""
    return base64.b64encode(raw).decode("ascii")


def encode_raw(raw: bytes) -> str:
    """Return `raw` as base64 without padding."""
    return encode_padded(raw).rstrip("=")


def parse_padded(text: str) -> bytes:
    """Return what the padded base64 `text` says. Raises Malformed unless it re-encodes to itself."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None
    if encode_padded(decoded) != text:  # stray bits in the last symbol, or padding that is not needed
        raise Malformed("base64 is not canonical")
    return decoded


def parse_raw(text: str) -> bytes:
    """Return what the unpadded base64 `text` says. Raises Malformed unless it re-encodes to itself."""
    if text.endswith("="):
        raise Malformed("base64 has padding where none belongs")
    return parse_padded(text + "=" * (-len(text) % 4))
