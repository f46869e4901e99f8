"""Checkpoints, cosignatures and proof files against a reader and writer that is not ours: proofbundle (PyPI)."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from proofbundle import checkpoint as theirs
from proofbundle import tlogproof

from crypto import b64, merkle, tlog
from crypto.errors import BadSignature
from crypto.keys import generate_signing_key, parse_vkey

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SECONDS = 1_795_512_600  # of AT
KINDS = ("ml-dsa-44", "ed25519")
NAME = "marac.example/witness/council"
SEED = bytes(range(32))
LOG = generate_signing_key("marac.example/log")
SIZE = 300
LEAVES = [b"marac/leaf/v1\n%d\n" % number for number in range(SIZE)]
TILES = tlog.tiles_after(0, [merkle.leaf_hash(leaf) for leaf in LEAVES], lambda *_: b"")
ROOT = tlog.root_of(SIZE, lambda *at: TILES[at])
SIGNED = tlog.sign_checkpoint(tlog.Checkpoint(LOG.name, SIZE, ROOT), LOG)


def key_of(kind: str) -> tlog.CosigningKey:
    return tlog.parse_cosigning_key(f"marac-cosigning-key {NAME} {kind} {b64.encode_padded(SEED)}")


def cosigned_by_them(kind: str, signed: str) -> str:
    if kind == "ed25519":
        return theirs.cosign_checkpoint(signed, Ed25519PrivateKey.from_private_bytes(SEED), NAME, SECONDS)
    return theirs.cosign_checkpoint_mldsa(signed, MLDSA44PrivateKey.from_seed_bytes(SEED), NAME, SECONDS)


@pytest.mark.parametrize("kind", KINDS)
def test_our_cosigner_keys_read_the_same_to_others(kind: str) -> None:
    key = key_of(kind).cosigner
    vkey_of = theirs.cosign_vkey if kind == "ed25519" else theirs.cosign_vkey_mldsa
    assert vkey_of(NAME, key.public) == key.vkey
    assert tlog.parse_cosigner_vkey(vkey_of(NAME, key.public)) == key


@pytest.mark.parametrize("kind", KINDS)
def test_others_verify_our_cosignatures_and_only_ours(kind: str) -> None:
    key, stranger = key_of(kind), tlog.generate_cosigning_key(NAME, kind)
    signed = tlog.cosign(SIGNED, key, AT)
    found = theirs.verify_cosignature(signed, key.cosigner.vkey)
    assert (found["ok"], found["timestamp"], found["origin"]) == (True, SECONDS, LOG.name)
    assert (found["tree_size"], found["root"]) == (SIZE, ROOT)
    assert not theirs.verify_cosignature(signed, stranger.cosigner.vkey)["ok"]
    changed = signed.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")
    assert not theirs.verify_cosignature(changed, key.cosigner.vkey)["ok"]


@pytest.mark.parametrize("kind", KINDS)
def test_we_verify_the_cosignatures_of_others(kind: str) -> None:
    signed = cosigned_by_them(kind, SIGNED)
    (found,) = tlog.verify_cosignatures(signed, [key_of(kind).cosigner])
    assert (found.key, found.at) == (key_of(kind).cosigner, AT)
    with pytest.raises(BadSignature):
        tlog.verify_cosignatures(signed.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"), [found.key])


def test_ed25519_cosignatures_are_the_same_bytes() -> None:
    assert cosigned_by_them("ed25519", SIGNED) == tlog.cosign(SIGNED, key_of("ed25519"), AT)


def test_others_verify_our_checkpoints_and_we_theirs() -> None:
    assert theirs.vkey(LOG.name, LOG.verify_key.public) == LOG.verify_key.vkey
    found = theirs.verify_checkpoint(SIGNED, LOG.verify_key.vkey)
    assert (found["ok"], found["origin"], found["tree_size"], found["root"]) == (True, LOG.name, SIZE, ROOT)
    other = Ed25519PrivateKey.from_private_bytes(SEED)
    key = parse_vkey(theirs.vkey(LOG.name, other.public_key().public_bytes_raw()))
    signed = theirs.sign_checkpoint(LOG.name, SIZE, ROOT, other, LOG.name)
    assert tlog.parse_checkpoint(signed, [key]) == tlog.Checkpoint(LOG.name, SIZE, ROOT)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 299])
@pytest.mark.parametrize("extra", [None, b"salt"])
def test_others_verify_our_proof_files_and_write_the_same(index: int, extra: bytes | None) -> None:
    keys = [key_of("ml-dsa-44"), tlog.generate_cosigning_key("marac.example/witness/police", "ed25519")]
    signed = tlog.cosign(tlog.cosign(SIGNED, keys[0], AT), keys[1], AT)
    path = tuple(tlog.inclusion_proof(index, SIZE, lambda *at: TILES[at]))
    text = tlog.encode_proof(tlog.LogProof(index, path, signed, extra))
    assert tlogproof.format_tlog_proof(index, list(path), signed, extra) == text
    vkeys = [key.cosigner.vkey for key in keys]
    found = tlogproof.verify_tlog_proof(text, LEAVES[index], LOG.verify_key.vkey, vkeys, threshold=2)
    assert (found["ok"], found["tree_size"], found["index"]) == (True, SIZE, index)
    witnesses = [key.cosigner for key in keys]
    assert tlog.verify_proof(text, LEAVES[index], [LOG.verify_key], witnesses, 2).root == ROOT
    other = tlogproof.verify_tlog_proof(text, LEAVES[index - 1], LOG.verify_key.vkey, vkeys, threshold=2)
    assert (other["ok"], other["inclusion_ok"]) == (False, False)


def test_others_count_a_missing_witness_as_we_do() -> None:
    key, absent = key_of("ml-dsa-44"), tlog.generate_cosigning_key("marac.example/witness/police")
    path = tuple(tlog.inclusion_proof(5, SIZE, lambda *at: TILES[at]))
    text = tlog.encode_proof(tlog.LogProof(5, path, tlog.cosign(SIGNED, key, AT)))
    vkeys = [key.cosigner.vkey, absent.cosigner.vkey]
    assert not tlogproof.verify_tlog_proof(text, LEAVES[5], LOG.verify_key.vkey, vkeys, threshold=2)["ok"]
    with pytest.raises(BadSignature, match="fewer witnesses"):
        tlog.verify_proof(text, LEAVES[5], [LOG.verify_key], [key.cosigner, absent.cosigner], 2)
