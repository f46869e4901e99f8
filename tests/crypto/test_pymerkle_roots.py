"""Roots against a Merkle tree that is not ours: pymerkle (PyPI), at the edges of tiles."""

from collections.abc import Iterator

import pymerkle
import pytest

from crypto import merkle, tlog

SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000]
LEAVES = [b"marac/leaf/v1\n%d\n" % number for number in range(SIZES[-1])]


@pytest.fixture(scope="module")
def roots() -> dict[int, bytes]:
    """Return pymerkle's root at each of SIZES."""
    return dict(roots_of_pymerkle())


def roots_of_pymerkle() -> Iterator[tuple[int, bytes]]:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for size in range(SIZES[-1] + 1):
        if size in SIZES:
            yield size, tree.get_root()
        if size < len(LEAVES):
            tree.append_entry(LEAVES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_root_of_our_tiles_is_that_of_pymerkle(roots: dict[int, bytes], size: int) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    tiles = tlog.tiles_after(0, hashes, lambda *_: b"")
    assert tlog.root_of(size, lambda *at: tiles[at]) == merkle.root_from_leaves(hashes[:size]) == roots[size]
