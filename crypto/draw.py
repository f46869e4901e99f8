"""The one place where randomness is drawn; the HPKE library alone draws its own ephemeral keys."""

import base64
import secrets
import uuid
from datetime import UTC, datetime, timedelta

SALT_BYTES = 32
NONCE_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Crockford's digits and letters: none looks like another when read aloud or copied by hand.
_READABLE = "0123456789abcdefghjkmnpqrstvwxyz"
_PASSPHRASE_GROUPS = 7
_PASSPHRASE_GROUP_SYMBOLS = 4


def draw_bytes(n: int) -> bytes:
    """Return `n` fresh random bytes."""
    return secrets.token_bytes(n)


def draw_salt() -> bytes:
    """Return a 32-byte salt: enough that a digest of a guessable document betrays nothing."""
    return draw_bytes(SALT_BYTES)


def draw_uuid7(at: datetime) -> str:
    """Return a lower-case UUIDv7 with the milliseconds of `at` (aware) and 74 random bits.

    Source: RFC 9562, section 5.7.
    """
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    fields = bytearray(milliseconds.to_bytes(6, "big") + draw_bytes(10))
    fields[6] = 0x70 | fields[6] & 0x0F
    fields[8] = 0x80 | fields[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(fields)))


def draw_nonce() -> str:
    """Return a request nonce: 22 base64url characters that carry 128 random bits."""
    return base64.urlsafe_b64encode(draw_bytes(NONCE_BYTES)).rstrip(b"=").decode()


def draw_symbols(alphabet: str, n: int) -> str:
    """Return `n` symbols of `alphabet`, each equally likely."""
    return "".join(secrets.choice(alphabet) for _ in range(n))


def draw_passphrase() -> str:
    """Return a passphrase of 140 random bits in groups that can be copied by hand; secret."""
    groups = (draw_symbols(_READABLE, _PASSPHRASE_GROUP_SYMBOLS) for _ in range(_PASSPHRASE_GROUPS))
    return "-".join(groups)
