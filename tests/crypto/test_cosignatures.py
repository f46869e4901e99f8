"""Cosignatures: published ones, laws, refusals. c2sp.org/tlog-cosignature, tests/crypto/vectors/README.md."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import b64, merkle, note, tlog
from crypto.errors import BadSignature, CryptoError, Malformed
from crypto.keys import generate_signing_key, parse_vkey
from crypto.tlog import (
    Checkpoint,
    CosignerKey,
    CosigningKey,
    cosign,
    generate_cosigning_key,
    parse_cosigner_vkey,
    parse_cosigning_key,
    sign_checkpoint,
    verify_cosignatures,
    verify_quorum,
)

PUBLISHED = json.loads((Path(__file__).parent / "vectors/tlog-cosignature.json").read_text())
KINDS = ("ml-dsa-44", "ed25519")
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OUR_COSIGNATURE = (
    "FJsIVAAAAABrBVkYSJTCzYWpiqgmuEl5QmvhHBfA8BysF87DERFL21zQs11YiDsxtyzM6IK/BIBo0Jm21V+6WcVst7n0Le3UCJ23Aw=="
)
LOG = generate_signing_key("marac.example/log")
ROOT = merkle.leaf_hash(b"made up")
SIGNED = sign_checkpoint(Checkpoint("marac.example/log", 3, ROOT), LOG)
TEXT = note.text_of(SIGNED)
COUNCIL, POLICE = (generate_cosigning_key(f"marac.example/witness/{name}") for name in ("council", "police"))
CLASSICAL = generate_cosigning_key("marac.example/witness/council", "ed25519")
KEYS = {"ml-dsa-44": COUNCIL, "ed25519": CLASSICAL}


def seconds(since_epoch: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=since_epoch)


def line_of(key: CosigningKey, stamp: bytes, message: bytes) -> note.SignatureLine:
    return note.SignatureLine(key.cosigner.name, key.cosigner.key_hash, stamp + key.sign(message))


def subtree(name: str, stamp: bytes, origin: str, size: int) -> bytes:
    """The `cosigned_message` of the specification, written out."""
    head = b"subtree/v1\n\0" + bytes([len(name)]) + name.encode() + stamp + bytes([len(origin)]) + origin.encode()
    return head + bytes(8) + size.to_bytes(8, "big") + ROOT


def statement(kind: str, stamp: bytes) -> bytes:
    if kind == "ed25519":
        return f"cosignature/v1\ntime {int.from_bytes(stamp, 'big')}\n{TEXT}".encode()
    return subtree(KEYS[kind].cosigner.name, stamp, "marac.example/log", 3)


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_published_cosignatures_verify_with_their_times(name: str) -> None:
    checkpoint, cosigners = PUBLISHED[name]["checkpoint"], PUBLISHED[name]["cosigners"]
    keys = [parse_cosigner_vkey(cosigner["vkey"]) for cosigner in cosigners]
    times = [seconds(cosigner["time"]) if cosigner["time"] else None for cosigner in cosigners]
    assert {found.key: found.at for found in verify_cosignatures(checkpoint, keys)} == dict(
        zip(keys, times, strict=True)
    )
    size = checkpoint.split("\n")[1]
    for key in keys:
        assert [found.key for found in verify_cosignatures(checkpoint, [key])] == [key]
        with pytest.raises(BadSignature):
            verify_cosignatures(checkpoint.replace(f"\n{size}\n", f"\n{size}0\n"), [key])


def test_both_kinds_and_three_operators_are_among_the_published_ones() -> None:
    keys = [parse_cosigner_vkey(cosigner["vkey"]) for vector in PUBLISHED.values() for cosigner in vector["cosigners"]]
    assert sorted(key.kind for key in keys) == ["ed25519"] * 5 + ["ml-dsa-44"] * 2
    assert len({key.name for key in keys}) == 6


def test_a_witnessed_checkpoint_of_a_real_log_parses_and_has_its_quorum() -> None:
    vector = PUBLISHED["arche2025h1"]
    witnesses = [parse_cosigner_vkey(cosigner["vkey"]) for cosigner in vector["cosigners"]]
    assert tlog.parse_checkpoint(vector["checkpoint"], [parse_vkey(vector["log_vkey"])]).size == 1_432_088_532
    assert len(verify_quorum(vector["checkpoint"], witnesses, 4)) == 4


def test_a_published_seed_gives_its_published_key() -> None:
    vector = PUBLISHED["mldsa-log"]
    key = parse_cosigning_key(f"marac-cosigning-key example.com/mldsa-log ml-dsa-44 {vector['seed']}")
    assert key.cosigner.vkey == vector["cosigners"][0]["vkey"]
    (found,) = verify_cosignatures(cosign(SIGNED, key, AT), [parse_cosigner_vkey(key.cosigner.vkey)])
    assert found.key.keyid == "example.com/mldsa-log+b5df45c5"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_signed_is_the_message_of_the_specification(kind: str) -> None:
    stamp = (1_679_315_147).to_bytes(8, "big")
    line = note.split(cosign(SIGNED, KEYS[kind], seconds(1_679_315_147)))[1][-1]
    assert line.raw[:8] == stamp
    KEYS[kind].cosigner.verify(statement(kind, stamp), line.raw[8:])
    by_hand = note.append_line(SIGNED, line_of(KEYS[kind], stamp, statement(kind, stamp)))
    assert [found.at for found in verify_cosignatures(by_hand, [KEYS[kind].cosigner])] == [seconds(1_679_315_147)]


def test_our_own_worked_example_is_these_bytes() -> None:
    """Seeds of 32 zero bytes; ML-DSA-44 signs differently each time, Ed25519 does not."""
    seed = b64.encode_padded(bytes(32))
    key = parse_cosigning_key(f"marac-cosigning-key marac.example/witness/council ed25519 {seed}")
    log = f"marac.example/log\n0\n{b64.encode_padded(merkle.EMPTY_ROOT)}\n\n— marac.example/log AAAAAAAA\n"
    assert key.cosigner.keyid == "marac.example/witness/council+149b0854"
    assert cosign(log, key, AT) == log + f"— marac.example/witness/council {OUR_COSIGNATURE}\n"
    other = parse_cosigning_key(f"marac-cosigning-key marac.example/witness/council ml-dsa-44 {seed}")
    assert other.cosigner.keyid == "marac.example/witness/council+477d72df"


@given(st.sampled_from(KINDS), st.integers(1, 253_402_300_799), st.integers(1, 2**63 - 1))
def test_what_is_cosigned_verifies_at_the_time_that_was_signed(kind: str, since_epoch: int, size: int) -> None:
    signed = sign_checkpoint(Checkpoint("marac.example/log", size, ROOT), LOG)
    cosigned = cosign(signed, KEYS[kind], seconds(since_epoch) + timedelta(microseconds=999_999))
    (found,) = verify_cosignatures(cosigned, [KEYS[kind].cosigner])
    assert (found.key, found.at) == (KEYS[kind].cosigner, seconds(since_epoch))
    assert cosigned.startswith(signed)
    assert tlog.parse_checkpoint(cosigned, [LOG.verify_key]).size == size


def test_the_same_instant_in_another_zone_is_the_same_time() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    assert verify_cosignatures(cosign(SIGNED, COUNCIL, there), [COUNCIL.cosigner])[0].at == AT


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 24, 9, 30),  # noqa: DTZ001
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_a_time_without_a_form_is_not_signed(at: datetime) -> None:
    with pytest.raises(Malformed):
        cosign(SIGNED, COUNCIL, at)


@pytest.mark.parametrize("kind", KINDS)
def test_time_zero_says_nothing_and_a_time_that_is_no_date_is_refused(kind: str) -> None:
    key = KEYS[kind]
    silent = note.append_line(SIGNED, line_of(key, bytes(8), statement(kind, bytes(8))))
    # "These two values MAY be zero if the cosigner doesn't make any statement": of ML-DSA-44 alone is that said.
    meant = None if kind == "ml-dsa-44" else seconds(0)
    assert [found.at for found in verify_cosignatures(silent, [key.cosigner])] == [meant]
    for number in (253_402_300_800, 2**63 - 1, 2**63, 2**64 - 1):
        stamp = number.to_bytes(8, "big")
        with pytest.raises(BadSignature, match="9999"):
            verify_cosignatures(note.append_line(SIGNED, line_of(key, stamp, statement(kind, stamp))), [key.cosigner])


LINES = {kind: cosign(SIGNED, key, AT).removeprefix(SIGNED) for kind, key in KEYS.items()}


@given(st.sampled_from(KINDS), st.data())
def test_any_flipped_bit_of_what_a_witness_signed_raises_from_the_family(kind: str, data: st.DataObject) -> None:
    """Name, time, size, root, origin or signature: with a flipped name the line is a stranger's, and a quorum lacks."""
    raw = bytearray((TEXT + "\n" + LINES[kind]).encode())
    assert len(verify_quorum(raw.decode(), [KEYS[kind].cosigner], 1)) == 1
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        verify_quorum(raw.decode("utf-8", "replace"), [KEYS[kind].cosigner], 1)


@given(st.sampled_from(KINDS), st.data())
def test_any_flipped_bit_of_a_time_or_a_signature_is_a_bad_signature(kind: str, data: st.DataObject) -> None:
    line = note.split(SIGNED + LINES[kind])[1][-1]
    raw = bytearray(line.raw)
    bit = data.draw(st.integers(0, len(raw) * 8 - 1) | st.integers(0, 63))
    raw[bit // 8] ^= 1 << bit % 8
    forged = note.append_line(SIGNED, note.SignatureLine(line.name, line.key_hash, bytes(raw)))
    with pytest.raises(BadSignature):
        verify_cosignatures(forged, [KEYS[kind].cosigner])


@given(st.sampled_from(KINDS), st.binary(min_size=1, max_size=3000))
def test_no_other_bytes_pass_for_a_cosignature(kind: str, raw: bytes) -> None:
    key = KEYS[kind].cosigner
    forged = note.append_line(SIGNED, note.SignatureLine(key.name, key.key_hash, raw))
    with pytest.raises(BadSignature):
        verify_cosignatures(forged, [key])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("old", "new"),
    [("\n3\n", "\n4\n"), ("marac.example/log\n", "marac.example/other\n"), (b64.encode_padded(ROOT), "A" * 43 + "=")],
)
def test_a_cosignature_is_for_one_origin_one_size_and_one_root(kind: str, old: str, new: str) -> None:
    signed = SIGNED + LINES[kind]
    assert signed.count(old) == 1
    with pytest.raises(BadSignature):
        verify_cosignatures(signed.replace(old, new), [KEYS[kind].cosigner])


def test_ml_dsa_signs_the_name_too_so_that_no_key_vouches_under_another() -> None:
    other = CosignerKey("marac.example/witness/other", "ml-dsa-44", COUNCIL.cosigner.public)
    raw = note.split(SIGNED + LINES["ml-dsa-44"])[1][-1].raw
    with pytest.raises(BadSignature):
        verify_cosignatures(note.append_line(SIGNED, note.SignatureLine(other.name, other.key_hash, raw)), [other])


def test_lines_of_unknown_keys_are_ignored_even_if_they_share_a_name_or_a_hash() -> None:
    line = note.SignatureLine("marac.example/witness/police", COUNCIL.cosigner.key_hash, bytes(2428))
    signed = note.append_line(cosign(cosign(SIGNED, CLASSICAL, AT), COUNCIL, AT), line)
    assert [found.key for found in verify_cosignatures(signed, [COUNCIL.cosigner])] == [COUNCIL.cosigner]
    assert verify_cosignatures(signed, [POLICE.cosigner]) == ()
    assert verify_cosignatures(signed, []) == ()


def test_one_bad_line_of_a_known_key_spoils_the_good_ones() -> None:
    elsewhere = sign_checkpoint(Checkpoint("marac.example/log", 4, ROOT), LOG)
    bad = cosign(elsewhere, POLICE, AT).removeprefix(elsewhere)
    signed = cosign(SIGNED, COUNCIL, AT) + bad
    assert len(verify_cosignatures(signed, [COUNCIL.cosigner])) == 1
    with pytest.raises(BadSignature):
        verify_cosignatures(signed, [COUNCIL.cosigner, POLICE.cosigner])


def test_the_log_s_own_signature_is_another_s_business() -> None:
    unsigned = TEXT + "\n" + LINES["ml-dsa-44"]
    assert len(verify_cosignatures(unsigned, [COUNCIL.cosigner])) == 1
    with pytest.raises(BadSignature):
        tlog.parse_checkpoint(unsigned, [LOG.verify_key])


def test_a_key_cosigns_once_and_each_of_two_keys_under_a_name_does() -> None:
    twice = cosign(cosign(SIGNED, COUNCIL, AT), CLASSICAL, AT)
    assert len(verify_cosignatures(twice, [COUNCIL.cosigner, CLASSICAL.cosigner])) == 2
    for key in (COUNCIL, CLASSICAL):
        with pytest.raises(Malformed, match="signed already"):
            cosign(twice, key, AT + timedelta(days=1))


@pytest.mark.parametrize("text", [TEXT + "extension\n", "a\n0\n" + TEXT.split("\n")[2] + "\n", "made up\n", "a\n03\n"])
def test_what_is_no_checkpoint_is_neither_cosigned_nor_verified(text: str) -> None:
    signed = note.sign(text, [LOG])
    with pytest.raises(Malformed):
        cosign(signed, COUNCIL, AT)
    with pytest.raises(Malformed):
        verify_cosignatures(signed, [])


def test_an_empty_log_is_cosigned_with_the_empty_root() -> None:
    signed = cosign(sign_checkpoint(Checkpoint("a", 0, merkle.EMPTY_ROOT), LOG), COUNCIL, AT)
    assert len(verify_cosignatures(signed, [COUNCIL.cosigner])) == 1


def test_ml_dsa_has_room_for_an_origin_of_255_bytes() -> None:
    longest, longer = (sign_checkpoint(Checkpoint(origin, 3, ROOT), LOG) for origin in ("é" * 127 + "e", "é" * 128))
    assert len(verify_cosignatures(cosign(longest, COUNCIL, AT), [COUNCIL.cosigner])) == 1
    with pytest.raises(Malformed, match="255"):
        cosign(longer, COUNCIL, AT)
    assert len(verify_cosignatures(cosign(longer, CLASSICAL, AT), [CLASSICAL.cosigner])) == 1


def test_sixteen_post_quantum_cosignatures_fit_and_one_too_many_is_not_written() -> None:
    keys = [generate_cosigning_key(f"marac.cambridgeshire.example/witness/{number}") for number in range(20)]
    signed = SIGNED
    for key in keys[:16]:
        signed = cosign(signed, key, AT)
    assert len(verify_quorum(signed, [key.cosigner for key in keys[:16]], 16)) == 16
    assert tlog.parse_checkpoint(signed, [LOG.verify_key]).size == 3
    for key in keys[16:19]:
        signed = cosign(signed, key, AT)
    assert len(verify_cosignatures(signed, [keys[18].cosigner])) == 1
    with pytest.raises(Malformed, match="too large"):
        cosign(signed, keys[19], AT)


def test_a_quorum_counts_witnesses_by_name() -> None:
    witnesses = [COUNCIL.cosigner, CLASSICAL.cosigner, POLICE.cosigner]
    signed = cosign(cosign(SIGNED, COUNCIL, AT), CLASSICAL, AT)
    repeated = signed + LINES["ml-dsa-44"]
    for lines in (signed, repeated):
        assert {found.key for found in verify_quorum(lines, witnesses, 1)} == {COUNCIL.cosigner, CLASSICAL.cosigner}
        assert len(verify_quorum(lines, witnesses, 1)) == 2
        with pytest.raises(BadSignature, match="fewer witnesses"):
            verify_quorum(lines, witnesses, 2)
    assert len(verify_quorum(cosign(signed, POLICE, AT), witnesses, 2)) == 3


def test_a_quorum_of_nobody_asks_for_nothing_but_still_rejects_a_bad_line() -> None:
    assert verify_quorum(SIGNED, [], 0) == verify_quorum(SIGNED, [COUNCIL.cosigner], 0) == ()
    forged = note.append_line(SIGNED, note.SignatureLine(POLICE.cosigner.name, POLICE.cosigner.key_hash, bytes(2428)))
    with pytest.raises(BadSignature, match="does not verify"):
        verify_quorum(forged, [POLICE.cosigner], 0)


@pytest.mark.parametrize("quorum", [-1, 3])
def test_a_quorum_that_its_witnesses_can_never_make_is_the_caller_s_mistake(quorum: int) -> None:
    with pytest.raises(Malformed, match="never make"):
        verify_quorum(SIGNED, [COUNCIL.cosigner, CLASSICAL.cosigner, POLICE.cosigner], quorum)


def test_one_key_under_two_names_is_the_caller_s_mistake() -> None:
    alias = CosignerKey("marac.example/witness/alias", "ed25519", CLASSICAL.cosigner.public)
    with pytest.raises(Malformed, match="two witnesses"):
        verify_quorum(SIGNED, [CLASSICAL.cosigner, alias], 1)
    assert verify_quorum(SIGNED, [CLASSICAL.cosigner, CLASSICAL.cosigner], 0) == ()


def test_of_two_lines_of_one_key_a_quorum_has_the_later() -> None:
    earlier, later = (cosign(SIGNED, COUNCIL, AT + timedelta(days=days)).removeprefix(SIGNED) for days in (0, 1))
    for lines in (earlier + later, later + earlier):
        assert [found.at for found in verify_quorum(SIGNED + lines, [COUNCIL.cosigner], 1)] == [AT + timedelta(days=1)]


def test_a_witness_under_the_name_or_with_the_key_of_the_log_is_the_caller_s_mistake() -> None:
    """A log that signs with another name than its origin, as after a succession, would else be its own witness."""
    log = generate_signing_key("marac.example/log-2")
    same_key = parse_cosigning_key(f"marac-cosigning-key made.up/witness ed25519 {log.encode().split()[2]}")
    for own in (generate_cosigning_key("marac.example/log-2"), same_key):
        signed = cosign(sign_checkpoint(Checkpoint("marac.example/log", 1, ROOT), log), own, AT)
        proof = tlog.encode_proof(tlog.LogProof(0, (), signed))
        with pytest.raises(Malformed, match="witnesses of itself"):
            tlog.verify_proof(proof, b"made up", [log.verify_key], [own.cosigner], 1)
        with pytest.raises(Malformed, match="witnesses of itself"):
            verify_quorum(signed, [COUNCIL.cosigner, own.cosigner], 0, [LOG.verify_key, log.verify_key])
        assert tlog.verify_proof(proof, b"made up", iter([log.verify_key])).size == 1


def test_a_log_is_no_witness_of_its_own_checkpoint() -> None:
    log = generate_cosigning_key("marac.example/log")
    signed = cosign(SIGNED, log, AT)
    assert len(verify_cosignatures(signed, [log.cosigner])) == 1
    with pytest.raises(BadSignature, match="fewer witnesses"):
        verify_quorum(signed, [log.cosigner, COUNCIL.cosigner], 1)


@given(st.text() | st.text().map(lambda rest: TEXT + "\n— " + rest) | st.text().map(lambda rest: SIGNED + rest))
def test_random_text_is_no_cosigned_checkpoint(text: str) -> None:
    for call in (lambda: verify_quorum(text, [COUNCIL.cosigner], 1), lambda: cosign(text, COUNCIL, AT)):
        try:
            call()
        except CryptoError:
            continue
        assert text == SIGNED
