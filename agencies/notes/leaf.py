"""The log's leaf: a salted commitment to one audit entry (`marac/leaf/v1`). Format: formats.md, section 7."""

import base64
import hashlib

from crypto.errors import BadProof

LEAF_TYPE = "marac/leaf/v1"
SALT_BYTES = 32


def leaf(entry: bytes, salt: bytes) -> bytes:
    """Return the leaf for an entry: a salted commitment, and nothing else.

        entry  canonical JSON (RFC 8785)
        salt   32 random bytes; without them the leaf tells nothing of the entry

    Raises BadProof if the salt has another length.
    Source: formats.md, section 7.
    """
    if len(salt) != SALT_BYTES:
        raise BadProof("a leaf's salt has 32 bytes")
    commitment = base64.b64encode(hashlib.sha256(salt + entry).digest()).decode("ascii")
    return f"{LEAF_TYPE}\n{commitment}\n".encode("ascii")
