"""Merkle hashes and proofs: RFC 6962 cases, pymerkle as oracle, laws, forgeries."""

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import merkle
from crypto.errors import BadProof
from crypto.merkle import Hash

# Source: google/certificate-transparency, the test data of its reference Merkle tree (RFC 6962's authors).
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {  # (index, size): path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {  # (old, new): path
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
MANY = [merkle.leaf_hash(b"made up %d" % i) for i in range(70)]

sizes = st.integers(1, len(MANY))
pairs = st.tuples(sizes, sizes).map(lambda pair: (min(pair), max(pair)))


def node(leaves: list[Hash], level: int, index: int) -> Hash:
    """The plainest reader there is: hash the leaves below."""
    return merkle.root_from_leaves(leaves[index << level : (index + 1) << level])


def many(level: int, index: int) -> Hash:
    return node(MANY, level, index)


def root(size: int) -> Hash:
    return merkle.root_from_leaves(MANY[:size])


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert merkle.root_from_leaves(HASHES[:size]).hex() == ROOTS[size]
    assert merkle.root_of(size, lambda level, index: node(HASHES, level, index)).hex() == ROOTS[size]


@pytest.mark.parametrize(("at", "path"), INCLUSION.items())
def test_published_inclusion_paths(at: tuple[int, int], path: list[str]) -> None:
    index, size = at
    made = merkle.inclusion_path(index, size, lambda level, i: node(HASHES, level, i))
    assert [hash_.hex() for hash_ in made] == path
    merkle.verify_inclusion(HASHES[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("between", "path"), CONSISTENCY.items())
def test_published_consistency_paths(between: tuple[int, int], path: list[str]) -> None:
    old, new = between
    made = merkle.consistency_path(old, new, lambda level, i: node(HASHES, level, i))
    assert [hash_.hex() for hash_ in made] == path
    merkle.verify_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), made)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=80))
def test_roots_equal_those_of_pymerkle(leaves: list[bytes]) -> None:
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        oracle.append_entry(leaf)
    assert merkle.root_from_leaves([merkle.leaf_hash(leaf) for leaf in leaves]) == oracle.get_root()


@given(sizes, st.data())
def test_every_leaf_is_proved_and_at_its_place_alone(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_path(index, size, many)
    merkle.verify_inclusion(MANY[index], index, size, path, root(size))
    elsewhere = data.draw(st.integers(-1, size))
    if elsewhere != index:
        with pytest.raises(BadProof):
            merkle.verify_inclusion(MANY[index], elsewhere, size, path, root(size))


@given(pairs)
def test_a_later_tree_is_consistent_with_every_earlier_one(pair: tuple[int, int]) -> None:
    old, new = pair
    path = merkle.consistency_path(old, new, many)
    merkle.verify_consistency(old, root(old), new, root(new), path)
    if old != new:
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, root(new), new, root(new), path)
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, root(old), new, root(old), path)


@given(pairs, st.data())
def test_a_changed_longer_or_shorter_path_proves_nothing(pair: tuple[int, int], data: st.DataObject) -> None:
    old, new = pair
    index = old - 1
    inclusion = merkle.inclusion_path(index, new, many)
    consistency = merkle.consistency_path(old, new, many)
    junk = hashlib.sha256(b"junk").digest()
    for path in changes(inclusion, junk, data):
        with pytest.raises(BadProof):
            merkle.verify_inclusion(MANY[index], index, new, path, root(new))
    for path in changes(consistency, junk, data):
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, root(old), new, root(new), path)


def changes(path: list[Hash], junk: Hash, data: st.DataObject) -> list[list[Hash]]:
    changed = [[*path, junk], [junk, *path]]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        changed += [path[:at] + path[at + 1 :], [*path[:at], junk, *path[at + 1 :]]]
    return changed


def test_the_empty_tree_is_the_beginning_of_every_tree() -> None:
    assert merkle.consistency_path(0, 5, many) == []
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, root(5), [])
    with pytest.raises(BadProof):
        merkle.verify_consistency(0, root(1), 5, root(5), [])
    with pytest.raises(BadProof):
        merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, root(5), [root(1)])


@pytest.mark.parametrize("size", [0, 1, 5])
def test_two_roots_of_one_size_are_never_consistent(size: int) -> None:
    merkle.verify_consistency(size, root(size), size, root(size), [])
    for old, new in ((root(size), root(7)), (root(7), root(size)), (root(7), root(6))):
        with pytest.raises(BadProof, match="not consistent"):
            merkle.verify_consistency(size, old, size, new, [])


@pytest.mark.parametrize(("old", "new"), [(5, 4), (-1, 4)])
def test_a_log_cannot_shrink(old: int, new: int) -> None:
    with pytest.raises(BadProof, match="shrink"):
        merkle.consistency_path(old, new, many)
    with pytest.raises(BadProof, match="shrink"):
        merkle.verify_consistency(old, root(5), new, root(4), [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(BadProof, match="no such leaf"):
        merkle.inclusion_path(index, size, many)
    with pytest.raises(BadProof, match="no such leaf"):
        merkle.root_from_inclusion(MANY[0], index, size, [])


def test_hashes_of_the_wrong_length_prove_nothing() -> None:
    path = merkle.inclusion_path(0, 2, many)
    with pytest.raises(BadProof, match="length"):
        merkle.verify_inclusion(MANY[0], 0, 2, [path[0][:-1]], root(2))
    with pytest.raises(BadProof, match="length"):
        merkle.verify_consistency(2, root(2)[:-1], 2, root(2)[:-1], [])


def test_a_path_with_nothing_in_it_connects_no_two_different_trees() -> None:
    for old in (3, 4):  # a whole old tree is its own first node, any other needs one
        with pytest.raises(BadProof, match="too short"):
            merkle.verify_consistency(old, root(old), 5, root(5), [])


def test_a_leaf_does_not_pass_for_an_inner_node() -> None:
    inner = merkle.node_hash(MANY[0], MANY[1])
    assert merkle.leaf_hash(MANY[0] + MANY[1]) != inner
    with pytest.raises(BadProof):
        merkle.verify_inclusion(merkle.leaf_hash(MANY[0] + MANY[1]), 0, 2, [MANY[2]], root(3))
