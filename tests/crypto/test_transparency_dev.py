"""The proofs of transparency-dev/merkle, and what is made of them there that proves nothing.

Source: transparency-dev/merkle (Apache-2.0), testdata/{consistency,inclusion}: a file for each forgery of each proof,
made by proof/verify_test.go. Here are the proofs as data, and the forgeries by the names that they have there.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from crypto import merkle
from crypto.errors import BadProof
from crypto.merkle import Hash
from tests.crypto.test_merkle_proofs import CONSISTENCY, INCLUSION, LEAVES, ROOTS

SOME_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")
CARE_1, CARE_2 = b"don't care 1", b"don't care 2"
PROOFS = CONSISTENCY | {  # testdata/consistency/4
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
}


class Consistency(NamedTuple):
    size1: int
    size2: int
    root1: Hash
    root2: Hash
    proof: list[Hash]

    def verify(self) -> None:
        merkle.verify_consistency(self.size1, self.root1, self.size2, self.root2, self.proof)


class Inclusion(NamedTuple):
    index: int
    size: int
    root: Hash
    leaf: Hash
    proof: list[Hash]

    def verify(self) -> None:
        merkle.verify_inclusion(self.leaf, self.index, self.size, self.proof, self.root)


def root(size: int) -> Hash:
    return bytes.fromhex(ROOTS[size])


def modified(proof: list[Hash], bit: int) -> Iterator[tuple[str, list[Hash]]]:
    for i, hash_ in enumerate(proof):
        wrong = bytes([hash_[0] ^ 1 << bit]) + hash_[1:]
        yield f"modified proof[{i}] bit {bit}", [*proof[:i], wrong, *proof[i + 1 :]]


def forged_consistency(true: Consistency) -> dict[str, Consistency]:
    size1, size2, root1, root2, proof = true
    proofs = {
        "empty proof": [],
        "trailing garbage": [*proof, b""],
        "trailing root1": [*proof, root1],
        "trailing root2": [*proof, root2],
        "preceding garbage": [b"", *proof],
        "preceding root1": [root1, *proof],
        "preceding root2": [root2, *proof],
        "preceding proof[0]": [*proof[:1], *proof],
        "truncated proof": proof[:-1],
        **dict(modified(proof, 4)),
    }
    return {
        "size1 - 1": true._replace(size1=size1 - 1),
        "size1 + 1": true._replace(size1=size1 + 1),
        "size1 ^ 2": true._replace(size1=size1 ^ 2),
        "size2 * 2": true._replace(size2=size2 * 2),
        "size2 / 2": true._replace(size2=size2 // 2),
        "wrong root1": true._replace(root1=b"WrongRoot"),
        "wrong root2": true._replace(root2=b"WrongRoot"),
        "swapped roots": true._replace(root1=root2, root2=root1),
        **{name: true._replace(proof=wrong) for name, wrong in proofs.items()},
    }


def forged_inclusion(true: Inclusion) -> dict[str, Inclusion]:
    index, size, root_, _, proof = true
    proofs = {
        "trailing garbage": [*proof, b""],
        "trailing root": [*proof, root_],
        "preceding garbage": [b"", *proof],
        "preceding root": [root_, *proof],
        **dict(modified(proof, 3)),
        **({"removed component": proof[:-1]} if proof else {}),
        **({"inserted component": [proof[0], SOME_HASH, *proof[1:]]} if len(proof) > 1 else {}),
    }
    return {
        "leafIdx - 1": true._replace(index=index - 1),
        "leafIdx + 1": true._replace(index=index + 1),
        "leafIdx ^ 2": true._replace(index=index ^ 2),
        "treeSize * 2": true._replace(size=size * 2),
        "treeSize / 2": true._replace(size=size // 2),
        "wrong leaf": true._replace(leaf=b"WrongLeaf"),
        "empty root": true._replace(root=merkle.EMPTY_ROOT),
        "random root": true._replace(root=SOME_HASH),
        **{name: true._replace(proof=wrong) for name, wrong in proofs.items()},
    }


CONSISTENT = [
    Consistency(old, new, root(old), root(new), [bytes.fromhex(hash_) for hash_ in path])
    for (old, new), path in PROOFS.items()
]
INCLUDED = [
    Inclusion(index, size, root(size), merkle.leaf_hash(LEAVES[index]), [bytes.fromhex(hash_) for hash_ in path])
    for (index, size), path in INCLUSION.items()
]
ADDITIONAL = {  # testdata/consistency/additional, those that are to fail
    "roots do not match and sizes are zero": Consistency(0, 0, merkle.EMPTY_ROOT, CARE_2, []),
    "roots do not match and sizes are one": Consistency(1, 1, merkle.EMPTY_ROOT, CARE_2, []),
    "sizes are equal (zero) but roots are not": Consistency(0, 0, CARE_1, CARE_2, []),
    "sizes are equal (one) but roots are not": Consistency(1, 1, CARE_1, CARE_2, []),
    "size1 is zero and does not equal size2": Consistency(0, 1, CARE_1, CARE_2, []),
    "size1 is greater than size2": Consistency(1, 0, CARE_1, CARE_2, []),
    "size1 is greater than size2 again": Consistency(2, 1, CARE_1, CARE_2, []),
    "sizes do not match and proof is empty": Consistency(1, 2, CARE_1, CARE_2, []),
    **{
        f"sizes are {sizes}, roots match and proof is not empty": Consistency(
            *sizes, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [merkle.EMPTY_ROOT]
        )
        for sizes in ((0, 0), (0, 1), (1, 1))
    },
}
# To succeed there, and refused here: their roots are no hashes, and nothing but the empty root is that of no leaves.
STRICTER = [Consistency(0, 0, CARE_1, CARE_1, []), Consistency(1, 1, CARE_2, CARE_2, [])]


@pytest.mark.parametrize("true", [*CONSISTENT, *INCLUDED])
def test_the_happy_paths_verify(true: Consistency | Inclusion) -> None:
    true.verify()


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(forged, id=f"{true.size1}-{true.size2} {name}")
        for true in CONSISTENT
        if true.proof  # there, too, forgeries are made of proofs with something in them
        for name, forged in forged_consistency(true).items()
    ],
)
def test_a_forged_consistency_proof_is_refused(forged: Consistency) -> None:
    with pytest.raises(BadProof):
        forged.verify()


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(forged, id=f"{true.index} of {true.size} {name}")
        for true in INCLUDED
        for name, forged in forged_inclusion(true).items()
    ],
)
def test_a_forged_inclusion_proof_is_refused(forged: Inclusion) -> None:
    with pytest.raises(BadProof):
        forged.verify()


@pytest.mark.parametrize("name", ADDITIONAL)
def test_the_additional_ones_are_refused_also_where_their_roots_are_hashes(name: str) -> None:
    probe = ADDITIONAL[name]
    as_hashes = {CARE_1: merkle.leaf_hash(CARE_1), CARE_2: merkle.leaf_hash(CARE_2)}
    for root1, root2 in (
        (probe.root1, probe.root2),
        [as_hashes.get(each, each) for each in (probe.root1, probe.root2)],
    ):
        with pytest.raises(BadProof):
            probe._replace(root1=root1, root2=root2).verify()


@pytest.mark.parametrize("probe", STRICTER)
def test_roots_that_are_no_hashes_are_refused_where_they_are_equal_too(probe: Consistency) -> None:
    with pytest.raises(BadProof):
        probe.verify()


@pytest.mark.parametrize(("index", "size"), [(0, 0), (0, 1), (1, 0), (2, 1)])
@pytest.mark.parametrize(
    ("leaf", "root_"), [(SOME_HASH, b""), (b"", merkle.EMPTY_ROOT), (SOME_HASH, merkle.EMPTY_ROOT)]
)
def test_empty_and_random_leaves_and_roots_prove_nothing(index: int, size: int, leaf: bytes, root_: bytes) -> None:
    """testdata/inclusion/additional."""
    with pytest.raises(BadProof):
        Inclusion(index, size, root_, leaf, []).verify()


@pytest.mark.parametrize(("leaf", "root_"), [(b"data", b""), (b"", b"data"), (b"", b"")])
def test_a_single_entry_is_its_own_root_and_nothing_else_is(leaf: bytes, root_: bytes) -> None:
    """testdata/inclusion/single-entry."""
    hash_ = merkle.leaf_hash(b"data")
    Inclusion(0, 1, hash_, hash_, []).verify()
    with pytest.raises(BadProof):
        Inclusion(0, 1, hash_ if root_ else b"", hash_ if leaf else b"", []).verify()
