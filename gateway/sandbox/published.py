"""The sandbox's secrets: derived from their names, the same everywhere, and published. They protect nothing."""

import hashlib
from typing import Final

from agencies.names import OFFICER_SYMBOLS, OfficerId, area_of
from crypto import age, b64, bech32
from crypto.errors import Malformed
from crypto.keys import SigningKey, parse_signing_key
from gateway.made_up import AREA, Secrets

PASSPHRASE: Final = "published-made-up-never-use-elsewhere"  # noqa: S105 - it is meant to be read here
_LABEL: Final = b"marac sandbox: a made-up, published secret; never use it elsewhere\n"


def published() -> Secrets:
    """Return the sandbox's secrets. Anybody has them, so nothing real may ever be sealed to them or signed by them.

    A key is good under its own name alone, and each of these names begins with the made-up area's, which ends in
    `.example`: no host has such a name, so no area that agencies can reach ever lists or accepts one of them.
    """
    return Secrets(signing_key=_signing_key, identity=_identity, officer=_officer, passphrase=PASSPHRASE)


def _signing_key(name: str) -> SigningKey:
    return parse_signing_key(f"marac-signing-key {name} {b64.encode_padded(_derive(name))}")


def _identity(name: str) -> age.Identity:
    return age.parse_identity(bech32.encode("AGE-SECRET-KEY-PQ-", _derive(name)))


def _officer(party: str) -> OfficerId:
    symbols = "".join(OFFICER_SYMBOLS[byte % len(OFFICER_SYMBOLS)] for byte in _derive(f"{party}/officer")[:8])
    return OfficerId(f"{AREA}/officer/{symbols}")


def _derive(name: str) -> bytes:
    if area_of(name) != AREA:
        raise Malformed("published keys exist for the made-up area alone")
    return hashlib.sha256(_LABEL + name.encode("ascii")).digest()
