"""Checkpoints and tlog-proof files: published examples, laws, refusals. c2sp.org/tlog-checkpoint, tlog-proof."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import b64, merkle, note, tlog
from crypto.checkpoint import parse_text
from crypto.errors import BadProof, BadSignature, CryptoError, Malformed
from crypto.keys import generate_signing_key, parse_signing_key, parse_vkey
from crypto.tlog import Checkpoint, LogProof

# Source: c2sp.org/tlog-checkpoint, the example at its head.
C2SP_TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
C2SP_CHECKPOINT = (
    f"{C2SP_TEXT}\n— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
# The same tree head as its true log signed it: Go's checksum database, whose key is in cmd/go (modfetch/key.go).
GO_SUMDB = parse_vkey("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
GO_CHECKPOINT = C2SP_CHECKPOINT.replace("— example.com/behind-the-sofa", "— sum.golang.org").replace(
    "example.com/behind-the-sofa", "go.sum database tree"
)
OUR_PROOF = (
    "c2sp.org/tlog-proof@v1\n"
    "index 0\n"
    "KUhfL/do8VEYSg7iOxBqT/y7z/TC87FujYYAizF1wsc=\n"
    "MJjke4DyV2D61I/nudzFujKOl4O6Mf+KRAJjyEGTdo4=\n"
    "\n"
    "marac.example/log\n"
    "3\n"
    "J6Dk70X1x/jZvQvqp9+GtJOIizEUPIXU70rPvbjAZxg=\n"
    "\n"
    "— marac.example/log 7tkylSvBSIUFQJFbm+wY/WAMzLKvgTmpLOZVgr5PBF9DUqWOWLI9S57cu0nGT8alA2lRbr7kEgBGpuqk6hhK8K3b8Qs=\n"
)
LOG = generate_signing_key("marac.example/log")
ROOT = merkle.leaf_hash(b"made up")
SIZE = 700
LEAVES = [b"marac/leaf/v1\n%d\n" % i for i in range(SIZE)]
TILES = tlog.tiles_after(0, [merkle.leaf_hash(leaf) for leaf in LEAVES], lambda *_: b"")


def read_tile(level: int, index: int) -> bytes:
    return TILES[level, index]


SIGNED = tlog.sign_checkpoint(Checkpoint("marac.example/log", SIZE, tlog.root_of(SIZE, read_tile)), LOG)


def proof_of(index: int, extra: bytes | None = None) -> str:
    return tlog.encode_proof(LogProof(index, tuple(tlog.inclusion_proof(index, SIZE, read_tile)), SIGNED, extra))


COUNCIL, POLICE = (tlog.generate_cosigning_key(f"marac.example/witness/{name}") for name in ("council", "police"))
WITNESSED = proof_of(5).replace(SIGNED, tlog.cosign(SIGNED, COUNCIL, datetime(2026, 11, 24, 9, 30, tzinfo=UTC)))


def test_our_own_worked_example_is_these_bytes() -> None:
    """The vector of crypto/README.md: three leaves, a log whose seed is 32 zero bytes."""
    log = parse_signing_key("marac-signing-key marac.example/log " + b64.encode_padded(bytes(32)))
    tiles = tlog.tiles_after(
        0,
        [merkle.leaf_hash(leaf) for leaf in (b"marac/leaf/v1\n0\n", b"marac/leaf/v1\n1\n", b"marac/leaf/v1\n2\n")],
        lambda *_: b"",
    )
    root = tlog.root_of(3, lambda *at: tiles[at])
    signed = tlog.sign_checkpoint(Checkpoint("marac.example/log", 3, root), log)
    proof = LogProof(0, tuple(tlog.inclusion_proof(0, 3, lambda *at: tiles[at])), signed)
    assert tlog.encode_proof(proof) == OUR_PROOF
    assert tlog.verify_proof(OUR_PROOF, b"marac/leaf/v1\n0\n", [log.verify_key]).root == root


def test_an_empty_log_has_the_empty_root_and_no_other() -> None:
    signed = tlog.sign_checkpoint(Checkpoint("marac.example/log", 0, merkle.EMPTY_ROOT), LOG)
    assert tlog.parse_checkpoint(signed, [LOG.verify_key]).root == merkle.EMPTY_ROOT
    text = note.text_of(signed).replace(b64.encode_padded(merkle.EMPTY_ROOT), b64.encode_padded(ROOT))
    with pytest.raises(Malformed, match="root is not empty"):
        tlog.parse_checkpoint(note.sign(text, [LOG]), [LOG.verify_key])


def test_a_proof_far_too_large_is_refused_before_it_is_decoded() -> None:
    line = b64.encode_padded(ROOT) + "\n"
    for head in ("index 0\n" + line * 2000, "extra " + "A" * 70_000 + "\nindex 0\n", "index 0\n" + line * 64):
        with pytest.raises(Malformed, match=r"too large|no tree has"):
            tlog.parse_proof(f"c2sp.org/tlog-proof@v1\n{head}\n{SIGNED}")
    with pytest.raises(Malformed, match="too large"):
        tlog.parse_proof(OUR_PROOF + "— a AAAAAAAA\n" * 6000)


def test_the_specification_s_example_is_what_we_write() -> None:
    root = b64.parse_padded("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    checkpoint = Checkpoint("example.com/behind-the-sofa", 20_852_163, root)
    assert tlog.encode_checkpoint(checkpoint) == note.text_of(C2SP_CHECKPOINT)


def test_a_checkpoint_of_a_real_log_verifies() -> None:
    checkpoint = tlog.parse_checkpoint(GO_CHECKPOINT, [GO_SUMDB])
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 20_852_163)
    with pytest.raises(BadSignature):
        tlog.parse_checkpoint(GO_CHECKPOINT.replace("20852163", "20852164"), [GO_SUMDB])


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_parses_to_itself_and_re_encodes_identically(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("marac.example/log", size, root)
    signed = tlog.sign_checkpoint(checkpoint, LOG)
    assert tlog.parse_checkpoint(signed, [LOG.verify_key]) == checkpoint
    assert note.text_of(signed) == tlog.encode_checkpoint(checkpoint)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, ROOT),
        ("a", 0, ROOT),
        ("a\nb", 1, ROOT),
        ("a", -1, ROOT),
        ("a", 2**63, ROOT),
        ("a", 1, ROOT[:-1]),
        ("a\n", 1, ROOT),
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_is_not_signed(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(Malformed):
        tlog.sign_checkpoint(Checkpoint(origin, size, root), LOG)


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\n{root}\n",
        "a\n+1\n{root}\n",
        "a\n1.0\n{root}\n",
        "a\n١\n{root}\n",
        "a\n9223372036854775808\n{root}\n",
        "a\n1\n{root}\nextension\n",
        "a\n1\nAAAA\n",
        "\n1\n{root}\n",
        "marac/succession/v1\narea marac.example\norigin marac.example/log\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_malformed(text: str) -> None:
    signed = note.sign(text.format(root=b64.encode_padded(ROOT)), [LOG])
    with pytest.raises(Malformed):
        tlog.parse_checkpoint(signed, [LOG.verify_key])


def test_a_checkpoint_of_another_log_is_not_believed() -> None:
    with pytest.raises(BadSignature):
        tlog.parse_checkpoint(C2SP_CHECKPOINT, [LOG.verify_key])


@pytest.mark.parametrize("extra", [None, b"", b"salt"])
@pytest.mark.parametrize("index", [0, 255, 256, 699])
def test_a_proof_file_proves_its_leaf_offline_and_re_encodes_identically(index: int, extra: bytes | None) -> None:
    text = proof_of(index, extra)
    assert tlog.verify_proof(text, LEAVES[index], [LOG.verify_key]).size == SIZE
    proof = tlog.parse_proof(text)
    assert (proof.index, proof.extra, proof.checkpoint) == (index, extra, SIGNED)
    assert tlog.encode_proof(proof) == text


def test_a_log_of_one_leaf_has_a_proof_without_hashes() -> None:
    signed = tlog.sign_checkpoint(Checkpoint("marac.example/log", 1, merkle.leaf_hash(b"only")), LOG)
    text = tlog.encode_proof(LogProof(0, (), signed))
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 0\n\nmarac.example/log\n1\n")
    assert tlog.verify_proof(text, b"only", [LOG.verify_key]).size == 1


def test_a_proof_proves_no_other_leaf_no_other_index_and_no_other_log() -> None:
    text = proof_of(5)
    with pytest.raises(BadProof):
        tlog.verify_proof(text, LEAVES[6], [LOG.verify_key])
    with pytest.raises(BadProof):
        tlog.verify_proof(text.replace("index 5", "index 6"), LEAVES[5], [LOG.verify_key])
    with pytest.raises(BadSignature):
        tlog.verify_proof(text, LEAVES[5], [generate_signing_key("marac.example/log").verify_key])


@given(st.data())
def test_any_flipped_bit_of_a_proof_raises_from_the_family(data: st.DataObject) -> None:
    raw = bytearray(proof_of(5).encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        tlog.verify_proof(raw.decode("utf-8", "replace"), LEAVES[5], [LOG.verify_key])


@given(st.text() | st.text().map(lambda rest: "c2sp.org/tlog-proof@v1\nindex 0\n" + rest))
def test_random_text_is_no_proof(text: str) -> None:
    with pytest.raises(Malformed):
        tlog.parse_proof(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("index 5", "index 05"),
        ("index 5\n", ""),
        ("index 5", "extra AAAA"),
        ("index 5", "extra AAA\nindex 5"),
        ("index 5", "index 5\nAAAA"),
        ("index 5\n", "index 5\n" + (b64.encode_padded(ROOT) + "\n") * 60),
        ("\n\n", "\n"),
        ("\n—", "\n-"),
    ],
)
def test_a_proof_file_has_one_spelling(old: str, new: str) -> None:
    text = proof_of(5)
    assert old in text
    with pytest.raises(Malformed):
        tlog.parse_proof(text.replace(old, new))


def test_a_head_without_lines_is_no_proof() -> None:
    with pytest.raises(Malformed):
        tlog.parse_proof("c2sp.org/tlog-proof@v1\n\n" + SIGNED)


def test_the_vkey_of_a_log_is_shared_as_text() -> None:
    assert tlog.parse_checkpoint(SIGNED, [parse_vkey(LOG.verify_key.vkey)]).origin == LOG.name


def test_a_proof_is_believed_once_enough_witnesses_have_cosigned_its_checkpoint() -> None:
    witnesses = [COUNCIL.cosigner, POLICE.cosigner]
    assert tlog.verify_proof(WITNESSED, LEAVES[5], [LOG.verify_key], witnesses, 1).size == SIZE
    assert tlog.verify_proof(WITNESSED, LEAVES[5], [LOG.verify_key]).size == SIZE
    for text, quorum in ((WITNESSED, 2), (proof_of(5), 1)):
        with pytest.raises(BadSignature, match="fewer witnesses"):
            tlog.verify_proof(text, LEAVES[5], [LOG.verify_key], witnesses, quorum)
    with pytest.raises(Malformed, match="never make"):
        tlog.verify_proof(WITNESSED, LEAVES[5], [LOG.verify_key], witnesses, 3)


def test_witnesses_do_not_stand_in_for_the_log() -> None:
    forged = WITNESSED.replace(SIGNED.split("\n\n")[1], "")
    with pytest.raises(BadSignature, match="no trusted key"):
        tlog.verify_proof(forged, LEAVES[5], [LOG.verify_key], [COUNCIL.cosigner], 1)


@given(st.data())
def test_any_flipped_bit_of_a_witnessed_proof_raises_from_the_family(data: st.DataObject) -> None:
    raw = bytearray(WITNESSED.encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        tlog.verify_proof(raw.decode("utf-8", "replace"), LEAVES[5], [LOG.verify_key], [COUNCIL.cosigner], 1)


def test_nothing_follows_the_root() -> None:
    text = tlog.encode_checkpoint(Checkpoint("made.up/log", 1, bytes(32)))
    assert parse_text(text).size == 1
    with pytest.raises(Malformed):
        parse_text(f"{text}\0")  # found by fuzzing
