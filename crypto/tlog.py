"""What a log says of itself: checkpoints, and proofs that carry one. Source: c2sp.org/tlog-checkpoint, tlog-proof."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crypto import b64, merkle, note
from crypto.errors import Malformed
from crypto.keys import SigningKey, VerifyKey
from crypto.merkle import HASH_BYTES, Hash
from crypto.tiles import (
    ReadTile,
    Tile,
    consistency_proof,
    inclusion_proof,
    overlay,
    parse_tile_path,
    root_of,
    tile_width,
    tiles_after,
    tiles_of,
)

__all__ = [
    "Checkpoint",
    "LogProof",
    "ReadTile",
    "Tile",
    "consistency_proof",
    "encode_checkpoint",
    "encode_proof",
    "inclusion_proof",
    "overlay",
    "parse_checkpoint",
    "parse_proof",
    "parse_tile_path",
    "root_of",
    "sign_checkpoint",
    "tile_width",
    "tiles_after",
    "tiles_of",
    "verify_proof",
]

MAX_TREE_SIZE = 2**63 - 1
_MAX_PATH_HASHES = 63
_PROOF_TYPE = "c2sp.org/tlog-proof@v1"
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, its size in leaves and its 32-byte root at that size."""

    origin: str
    size: int
    root: Hash


@dataclass(frozen=True, slots=True)
class LogProof:
    """A `.tlog-proof` file as read; nothing in it is believed before `verify_proof`."""

    index: int
    path: tuple[Hash, ...]
    checkpoint: str
    extra: bytes | None = None


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the three lines of the note's text."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{b64.encode_padded(checkpoint.root)}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: SigningKey) -> str:
    """Return the signed note of `checkpoint`.

    Signing two that are not consistent is the one thing a log must never do: the caller has checked.
    Raises Malformed if the checkpoint has no text form.
    """
    text = encode_checkpoint(checkpoint)
    _parse_text(text)  # what could not be read back is not signed
    return note.sign(text, [signer])


def parse_checkpoint(signed: str, trusted: Iterable[VerifyKey]) -> Checkpoint:
    """Return what `signed` says, once one of `trusted` is seen to have signed it.

    The caller compares the origin with the log it asked for. Extension lines are refused: no log of
    this project writes them, and they are not auditable.
    Raises Malformed, BadSignature.
    """
    origin = note.text_of(signed).partition("\n")[0]
    return _parse_text(note.verify(signed, trusted, type_=origin).text)


def encode_proof(proof: LogProof) -> str:
    """Return the text of a `.tlog-proof` file."""
    extra = [] if proof.extra is None else [f"extra {b64.encode_padded(proof.extra)}"]
    path = [b64.encode_padded(hash_) for hash_ in proof.path]
    return "\n".join([_PROOF_TYPE, *extra, f"index {proof.index}", *path, "", proof.checkpoint])


def parse_proof(text: str) -> LogProof:
    """Return what a `.tlog-proof` file holds, unverified. Raises Malformed."""
    head, separator, checkpoint = text.partition("\n\n")
    type_, *lines = head.split("\n")
    if type_ != _PROOF_TYPE or not separator:
        raise Malformed("not a tlog-proof")
    extra = b64.parse_padded(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Malformed("a tlog-proof without an index")
    index = _parse_decimal(lines[0][6:])
    path = tuple(b64.parse_padded(line) for line in lines[1:])
    if len(path) > _MAX_PATH_HASHES or any(len(hash_) != HASH_BYTES for hash_ in path):
        raise Malformed("a path that no tree has")
    note.text_of(checkpoint)
    return LogProof(index, path, checkpoint, extra)


def verify_proof(text: str, leaf: bytes, trusted: Iterable[VerifyKey]) -> Checkpoint:
    """Return the checkpoint under which `leaf` (its bytes, not their hash) is proved to be logged.

    Needs no server and no clock. Raises Malformed, BadSignature, BadProof.
    """
    proof = parse_proof(text)
    checkpoint = parse_checkpoint(proof.checkpoint, trusted)  # (1) who says so, before (2) what it proves
    merkle.verify_inclusion(merkle.leaf_hash(leaf), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return checkpoint


def _parse_text(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise Malformed("not the text of a checkpoint")
    root = b64.parse_padded(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed("a root hash of the wrong length")
    return Checkpoint(lines[0], _parse_decimal(lines[1]), root)


def _parse_decimal(digits: str) -> int:
    if not _DECIMAL.fullmatch(digits) or int(digits) > MAX_TREE_SIZE:
        raise Malformed("not a number of leaves")
    return int(digits)
