"""Inclusion proofs in a log of a million leaves, from tiles in memory."""

import hashlib
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from crypto import merkle, tiles
from crypto.merkle import HASH_BYTES, Hash
from tests.bench.rounds import Progress, Work, timed
from tests.bench.table import Row

LEAVES = 1_000_000
PROOFS = 301
MAX_HASHES = 24
_BATCH = 400 * tiles.TILE_WIDTH
_ALONE = "none"


@dataclass
class Tree:
    """A log's tiles in memory, of made-up leaves."""

    size: int = 0
    stored: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def read(self, level: int, index: int) -> bytes:
        """Return one tile."""
        return self.stored[level, index]

    def grow(self, size: int, progress: Progress) -> None:
        """Append leaves up to `size`, in batches as a log does."""
        while self.size < size:
            progress.say("growing a tree of a million leaves", f"{100 * self.size // size} %" if self.size else "")
            end = min(self.size + _BATCH, size)
            added = [merkle.leaf_hash(b"%d" % number) for number in range(self.size, end)]
            self.stored |= tiles.tiles_after(self.size, added, self.read)
            self.size = end

    def leaf(self, index: int) -> Hash:
        """Return the hash of leaf `index`."""
        tile, offset = divmod(index, tiles.TILE_WIDTH)
        return self.read(0, tile)[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]


def rows(progress: Progress, notes: list[str]) -> Iterator[Row]:
    """Yield the length of a proof, and what it takes to make and to verify one; `notes` says how hashes are counted."""
    tree = Tree()
    tree.grow(LEAVES, progress)
    root = tiles.root_of(LEAVES, tree.read)
    name = f"{LEAVES:,} leaves"
    progress.say(f"{name}: inclusion proofs")
    indices = random.Random(0).sample(range(LEAVES), PROOFS)  # not secret: the same ones in every run
    proofs = [partial(tiles.inclusion_proof, index, LEAVES, tree.read) for index in indices]
    paths = [prove() for prove in proofs]
    checks = [
        partial(merkle.verify_inclusion, tree.leaf(index), index, LEAVES, path, root)
        for index, path in zip(indices, paths, strict=True)
    ]
    computed = max(map(hashes_computed, checks))
    yield Row(f"{name}: hashes in a proof", _ALONE, MAX_HASHES, max(map(len, paths)), unit="", rounds=PROOFS)
    yield Row(f"{name}: hashed to verify", _ALONE, MAX_HASHES, computed, unit="", rounds=PROOFS)
    yield Row(f"{name}: make a proof", _ALONE, 5e-3, _median_s(proofs), rounds=PROOFS)
    yield Row(f"{name}: verify a proof", _ALONE, 100e-6, _median_s(checks), rounds=PROOFS)
    notes.append(
        "Hashed: calls of SHA-256 as the interpreter's profiler sees them, of the proof with the most. To make a proof "
        f"from tiles takes up to {max(map(hashes_computed, proofs))}: tiles keep every eighth level of the tree, "
        "what lies between is hashed again."
    )


def hashes_computed(work: Work) -> int:
    """Return how often `work` calls SHA-256: the interpreter reports each call, nothing is replaced."""
    count = 0

    def seen(_frame: FrameType, event: str, called: object) -> None:
        nonlocal count
        count += event == "c_call" and called is hashlib.sha256

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def _median_s(calls: Sequence[Work]) -> float:
    return statistics.median(map(timed, calls))
