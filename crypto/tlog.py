"""A log under one name: checkpoints, who cosigned them, tiles, and proofs. Source: c2sp.org/tlog-proof."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crypto import b64, merkle, note
from crypto.checkpoint import Checkpoint, encode_checkpoint, parse_checkpoint, parse_leaves, sign_checkpoint
from crypto.cosign import (
    Cosignature,
    CosignerKey,
    CosigningKey,
    cosign,
    generate_cosigning_key,
    parse_cosigner_vkey,
    parse_cosigning_key,
    verify_cosignatures,
    verify_quorum,
)
from crypto.errors import Malformed
from crypto.keys import VerifyKey
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
    "Cosignature",
    "CosignerKey",
    "CosigningKey",
    "LogProof",
    "ReadTile",
    "Tile",
    "consistency_proof",
    "cosign",
    "encode_checkpoint",
    "encode_proof",
    "generate_cosigning_key",
    "inclusion_proof",
    "overlay",
    "parse_checkpoint",
    "parse_cosigner_vkey",
    "parse_cosigning_key",
    "parse_proof",
    "parse_tile_path",
    "root_of",
    "sign_checkpoint",
    "tile_width",
    "tiles_after",
    "tiles_of",
    "verify_cosignatures",
    "verify_proof",
    "verify_quorum",
]

_MAX_PATH_HASHES = 63
_MAX_HEAD_BYTES = 65_536  # all before the checkpoint
_HASH_SYMBOLS = 44  # of 32 bytes in base64
_PROOF_TYPE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class LogProof:
    """A `.tlog-proof` file as read; nothing in it is believed before `verify_proof`."""

    index: int
    path: tuple[Hash, ...]
    checkpoint: str
    extra: bytes | None = None


def encode_proof(proof: LogProof) -> str:
    """Return the text of a `.tlog-proof` file."""
    extra = [] if proof.extra is None else [f"extra {b64.encode_padded(proof.extra)}"]
    path = [b64.encode_padded(hash_) for hash_ in proof.path]
    return "\n".join([_PROOF_TYPE, *extra, f"index {proof.index}", *path, "", proof.checkpoint])


def parse_proof(text: str) -> LogProof:
    """Return what a `.tlog-proof` file holds, unverified. Raises Malformed."""
    head, separator, checkpoint = text.partition("\n\n")
    if len(head) > _MAX_HEAD_BYTES:
        raise Malformed("the tlog-proof is too large")
    type_, *lines = head.split("\n")
    if type_ != _PROOF_TYPE or not separator:
        raise Malformed("not a tlog-proof")
    extra = b64.parse_padded(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Malformed("a tlog-proof without an index")
    index = parse_leaves(lines[0][6:])
    if len(lines) > _MAX_PATH_HASHES + 1 or any(len(line) != _HASH_SYMBOLS for line in lines[1:]):
        raise Malformed("a path that no tree has")
    path = tuple(b64.parse_padded(line) for line in lines[1:])
    if any(len(hash_) != HASH_BYTES for hash_ in path):
        raise Malformed("a path that no tree has")
    note.text_of(checkpoint)
    return LogProof(index, path, checkpoint, extra)


def verify_proof(
    text: str,
    leaf: bytes,
    trusted: Iterable[VerifyKey],
    witnesses: Sequence[CosignerKey] = (),
    quorum: int = 0,
) -> Checkpoint:
    """Return the checkpoint under which `leaf` (its bytes, not their hash) is proved to be logged.

        trusted     keys of the log, of which one has signed
        witnesses   of which at least `quorum`, counted by name, have cosigned; `verify_quorum` tells when. None has
                    the name or the key of one of `trusted`: a log is not its own witness

    Needs no server and no clock. Raises Malformed, BadSignature, BadProof.
    """
    proof, keys = parse_proof(text), tuple(trusted)
    checkpoint = parse_checkpoint(proof.checkpoint, keys)  # (1) who says so, (2) who has seen it, (3) what it proves
    verify_quorum(proof.checkpoint, witnesses, quorum, keys)
    merkle.verify_inclusion(merkle.leaf_hash(leaf), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return checkpoint
