"""Keys of cosigners: lengths, names, vkeys, secret lines, and what never shows. c2sp.org/tlog-cosignature."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import b64
from crypto.cosigner import CosignerKey, generate_cosigning_key, parse_cosigner_vkey, parse_cosigning_key
from crypto.errors import BadSignature, CryptoError, Malformed
from crypto.keys import VerifyKey, generate_signing_key, parse_vkey

NAME = "marac.example/witness/council"
KEYS = {kind: generate_cosigning_key(NAME, kind) for kind in ("ml-dsa-44", "ed25519")}
# Sources: transparency-dev/formats, note/note_cosigv1_test.go (a witness); golang.org/x/mod/sumdb/note (a signer).
PUBLISHED = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
LOG_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = b64.encode_padded(bytes(range(32)))

printable = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="+")
names = st.text(printable, min_size=1, max_size=255)
kinds = st.sampled_from(list(KEYS))


@given(names, kinds, st.binary(min_size=32, max_size=32))
def test_what_parses_re_encodes_identically(name: str, kind: str, seed: bytes) -> None:
    line = f"marac-cosigning-key {name} {kind} {b64.encode_padded(seed)}"
    key = parse_cosigning_key(line)
    assert key.encode() == line
    assert parse_cosigning_key(line + "\n") == key
    assert (key.cosigner.name, key.cosigner.kind) == (name, kind)
    assert parse_cosigner_vkey(key.cosigner.vkey) == key.cosigner
    assert key.cosigner.vkey.startswith(f"{name}+{key.cosigner.key_hash.hex()}+")


def test_a_published_vkey_has_its_published_hash() -> None:
    key = parse_cosigner_vkey(PUBLISHED)
    assert (key.kind, key.keyid, key.vkey) == ("ed25519", "remora.n621.de+da77ade7", PUBLISHED)


def test_new_keys_are_post_quantum_and_no_two_are_alike() -> None:
    first, second = generate_cosigning_key(NAME), generate_cosigning_key(NAME)
    assert first.cosigner.kind == "ml-dsa-44"
    assert first.cosigner != second.cosigner
    assert len({first.cosigner, second.cosigner, parse_cosigner_vkey(first.cosigner.vkey)}) == 2


@pytest.mark.parametrize(("kind", "public", "signature"), [("ml-dsa-44", 1312, 2420), ("ed25519", 32, 64)])
def test_lengths_are_those_of_the_specification(kind: str, public: int, signature: int) -> None:
    key = KEYS[kind]
    assert len(key.cosigner.public) == public
    assert len(key.sign(b"made up")) == signature
    key.cosigner.verify(b"made up", key.sign(b"made up"))
    for length in (public - 1, public + 1, 0):
        with pytest.raises(Malformed):
            CosignerKey(NAME, kind, bytes(length))


@given(kinds, st.binary(max_size=3000))
def test_no_other_bytes_pass_for_a_signature(kind: str, forged: bytes) -> None:
    for signature in (forged, forged[:64], forged.ljust(2420, b"\0")[:2420]):
        with pytest.raises(BadSignature):
            KEYS[kind].cosigner.verify(b"made up", signature)


def test_a_log_s_key_is_no_cosigner_s_and_the_other_way_round() -> None:
    with pytest.raises(Malformed, match="another type"):
        parse_cosigner_vkey(LOG_VKEY)
    for key in KEYS.values():
        with pytest.raises(Malformed, match="another type"):
            parse_vkey(key.cosigner.vkey)
    log = generate_signing_key(NAME).verify_key
    assert CosignerKey(NAME, "ed25519", log.public).key_hash != log.key_hash


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "remora.n621.de",
        "remora.n621.de+da77ade7",
        "remora.n621.de+da77ade7+",
        PUBLISHED + "\n",
        PUBLISHED.replace("da77ade7", "da77ade8"),
        PUBLISHED.replace("da77ade7", "DA77ADE7"),
        PUBLISHED.replace("remora", "other"),
        PUBLISHED.replace("remora", "two words"),
        PUBLISHED.replace("+BO", "+Bu"),  # the type of ML-DSA-44 before an Ed25519 key
        "remora.n621.de+da77ade7+BA==",
        "remora.n621.de+da77ade7+BOvN63jn",
    ],
)
def test_a_vkey_has_one_spelling(vkey: str) -> None:
    with pytest.raises(Malformed):
        parse_cosigner_vkey(vkey)


@pytest.mark.parametrize(
    "line",
    [
        "",
        f"marac-cosigning-key {NAME} ml-dsa-44",
        f"marac-cosigning-key {NAME} ml-dsa-65 {SEED}",
        f"marac-cosigning-key {NAME} ED25519 {SEED}",
        f"marac-cosigning-key {NAME}  ed25519 {SEED}",
        f"marac-cosigning-key {NAME} ed25519 {SEED} ",
        f"marac-cosigning-key {NAME} ed25519 {SEED}\n\n",
        f"marac-cosigning-key {NAME} ed25519 {SEED[:-1]}",
        f"marac-cosigning-key {NAME} ed25519 {b64.encode_padded(bytes(31))}",
        f"marac-cosigning-key a+b ed25519 {SEED}",
        f"marac-signing-key {NAME} {SEED}",
        f"marac-signing-key {NAME} ed25519 {SEED}",
    ],
)
def test_a_secret_line_has_one_spelling(line: str) -> None:
    with pytest.raises(Malformed):
        parse_cosigning_key(line)


@pytest.mark.parametrize("kind", list(KEYS))
@pytest.mark.parametrize("name", ["", "two words", "a+b", "línea", "a\n", "a" * 256])
def test_a_name_is_printable_ascii_without_space_or_plus_of_255_characters(name: str, kind: str) -> None:
    with pytest.raises(Malformed):
        generate_cosigning_key(name, kind)


@given(st.text() | st.text().map(lambda rest: "marac-cosigning-key a ed25519 " + rest) | st.text().map("a+0+".__add__))
def test_random_text_is_no_key(text: str) -> None:
    for parse in (parse_cosigner_vkey, parse_cosigning_key):
        with pytest.raises(Malformed):
            parse(text)


@pytest.mark.parametrize("kind", list(KEYS))
def test_no_secret_in_repr_or_errors_or_a_pickle(kind: str) -> None:
    key = KEYS[kind]
    secret = key.encode().split(" ")[3]
    assert repr(key) == str(key) == f"CosigningKey(cosigner=CosignerKey(name='{NAME}', kind='{kind}'))"
    with pytest.raises(CryptoError) as refusal:
        parse_cosigning_key(key.encode() + "AAAA")
    assert secret not in repr(refusal.value)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(key, protocol)
    with pytest.raises(TypeError):
        copy.copy(key)


def test_a_public_key_is_pickled_and_verifies_afterwards() -> None:
    for key in KEYS.values():
        copied = pickle.loads(pickle.dumps(key.cosigner))  # noqa: S301
        assert copied == key.cosigner
        copied.verify(b"made up", key.sign(b"made up"))


def test_a_public_key_of_small_order_verifies_nothing() -> None:
    neutral = CosignerKey(NAME, "ed25519", b"\x01" + bytes(31))
    assert VerifyKey(NAME, neutral.public).public == neutral.public
    with pytest.raises(BadSignature):
        neutral.verify(b"anything", b"\x01" + bytes(63))
