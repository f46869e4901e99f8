"""Merkle tree hashes, and proofs that a leaf is in a tree or a tree in a later one. Source: RFC 6962 and RFC 9162."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from crypto.errors import BadProof

Hash: TypeAlias = bytes
ReadNode: TypeAlias = Callable[[int, int], Hash]
"""`read_node(level, index)`: the hash of leaves [index * 2**level, (index + 1) * 2**level), all of them there."""

HASH_BYTES = 32
MAX_TREE_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> Hash:
    """Return the 32-byte hash of one leaf. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """Return the 32-byte hash of an inner node. Source: RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_leaves(leaf_hashes: Sequence[Hash]) -> Hash:
    """Return the root of the tree over `leaf_hashes`; the empty tree has a root too."""
    nodes = list(leaf_hashes)
    while len(nodes) > 1:
        pairs = [node_hash(*nodes[i : i + 2]) for i in range(0, len(nodes) - 1, 2)]
        nodes = pairs + nodes[len(pairs) * 2 :]
    return nodes[0] if nodes else EMPTY_ROOT


def root_of(size: int, read_node: ReadNode) -> Hash:
    """Return the root of the tree of `size` leaves."""
    return _range_hash(0, size, read_node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, read_node: ReadNode) -> list[Hash]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, the leaf's sibling first.

    Raises BadProof unless 0 <= index < size.
    Source: RFC 6962, section 2.1.1.
    """
    if not 0 <= index < size:
        raise BadProof("no such leaf in this tree")
    path: list[Hash] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _left_size(high - low)
        if index < middle:
            path.append(_range_hash(middle, high, read_node))
            high = middle
        else:
            path.append(_range_hash(low, middle, read_node))
            low = middle
    return path[::-1]


def consistency_path(old: int, new: int, read_node: ReadNode) -> list[Hash]:
    """Return the proof that the tree of `old` leaves is the beginning of the tree of `new` leaves.

    Raises BadProof unless 0 <= old <= new; the proof from nothing, or from a tree to itself, is empty.
    Source: RFC 6962, section 2.1.2.
    """
    if not 0 <= old <= new:
        raise BadProof("a log cannot shrink")
    if old in {0, new}:
        return []
    path: list[Hash] = []
    low, high = 0, new
    while high != old:  # SUBPROOF of the RFC, from the root down
        middle = low + _left_size(high - low)
        if old <= middle:
            path.append(_range_hash(middle, high, read_node))
            high = middle
        else:
            path.append(_range_hash(low, middle, read_node))
            low = middle
    if low > 0:  # where low is 0, the subtree is the old tree itself, and its root is known
        path.append(_range_hash(low, high, read_node))
    return path[::-1]


def root_from_inclusion(leaf: Hash, index: int, size: int, path: Sequence[Hash]) -> Hash:
    """Return the root that `path` leads to from `leaf`.

        leaf, path   32-byte SHA-256 hashes; path runs upwards, the leaf's sibling first
        index, size  0 <= index < size, counted in leaves

    Raises BadProof if the path has the wrong length for this size.
    Source: RFC 9162, section 2.1.3.2.
    """
    _check_hashes([leaf, *path])
    if not 0 <= index < size:
        raise BadProof("no such leaf in this tree")
    at, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("the path is too long")
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("the path is too short")
    return root


def verify_inclusion(leaf: Hash, index: int, size: int, path: Sequence[Hash], root: Hash) -> None:
    """Return only if `leaf` is leaf `index` of the tree of `size` leaves under `root`. Raises BadProof."""
    if root_from_inclusion(leaf, index, size, path) != root:
        raise BadProof("the path leads to another root")


def verify_consistency(old: int, old_root: Hash, new: int, new_root: Hash, path: Sequence[Hash]) -> None:
    """Return only if the tree `old`, `old_root` is the beginning of the tree `new`, `new_root`.

    Raises BadProof.
    Source: RFC 9162, section 2.1.4.2.
    """
    _check_hashes([old_root, new_root, *path])
    if not 0 <= old <= new:
        raise BadProof("a log cannot shrink")
    if old in {0, new}:
        expected = EMPTY_ROOT if old == 0 else new_root
        if path or old_root != expected or (old == new and old_root != new_root):
            raise BadProof("the trees are not consistent")
        return
    if _roots_from_consistency(old, old_root, new, path) != (old_root, new_root):
        raise BadProof("the trees are not consistent")


def _roots_from_consistency(old: int, old_root: Hash, new: int, path: Sequence[Hash]) -> tuple[Hash, Hash]:
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    nodes = list(path) if at else [old_root, *path]  # a whole old tree is its own first node
    if not nodes:
        raise BadProof("the path is too short")
    first = second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise BadProof("the path is too long")
        if at & 1 or at == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, node)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("the path is too short")
    return first, second


def _range_hash(low: int, high: int, read_node: ReadNode) -> Hash:
    """Return MTH(D[low:high]), where low begins a whole subtree at least as large."""
    size = high - low
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read_node(level, low >> level)
    middle = low + _left_size(size)
    return node_hash(_range_hash(low, middle, read_node), _range_hash(middle, high, read_node))


def _left_size(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(hashes: Sequence[Hash]) -> None:
    if any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise BadProof("a hash of the wrong length")
