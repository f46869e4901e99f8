"""What a log says of itself: its origin, its size and its root, as a signed note. Source: c2sp.org/tlog-checkpoint."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crypto import b64, note
from crypto.errors import Malformed
from crypto.keys import SigningKey, VerifyKey
from crypto.merkle import EMPTY_ROOT, HASH_BYTES, MAX_TREE_SIZE, Hash

_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, its size in leaves and its 32-byte root at that size."""

    origin: str
    size: int
    root: Hash


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the three lines of the note's text."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{b64.encode_padded(checkpoint.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: SigningKey) -> str:
    """Return the signed note of `checkpoint`.

    Signing two that are not consistent is the one thing a log must never do: the caller has checked.
    Raises Malformed if the checkpoint has no text form.
    """
    text = encode_checkpoint(checkpoint)
    parse_text(text)  # what could not be read back is not signed
    return note.sign(text, [signer])


def parse_checkpoint(signed: str, trusted: Iterable[VerifyKey]) -> Checkpoint:
    """Return what `signed` says, once one of `trusted` is seen to have signed it.

    The caller compares the origin with the log it asked for. Extension lines are refused: no log of
    this project writes them, and they are not auditable.
    Raises Malformed, BadSignature.
    """
    origin = note.text_of(signed).partition("\n")[0]
    return parse_text(note.verify(signed, trusted, type_=origin).text)


def parse_text(text: str) -> Checkpoint:
    """Return what the text of a checkpoint says; what parses re-encodes to `text`. Raises Malformed."""
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or lines[3]:
        raise Malformed("not the text of a checkpoint")
    root = b64.parse_padded(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed("a root hash of the wrong length")
    size = parse_leaves(lines[1])
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("an empty log whose root is not empty")
    return Checkpoint(lines[0], size, root)


def parse_leaves(digits: str) -> int:
    """Return a number of leaves, or the index of one, from its decimal digits. Raises Malformed."""
    if not _DECIMAL.fullmatch(digits) or int(digits) > MAX_TREE_SIZE:
        raise Malformed("not a number of leaves")
    return int(digits)
