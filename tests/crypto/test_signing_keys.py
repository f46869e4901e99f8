"""Ed25519 keys: RFC 8032 vectors, names, vkeys and secret lines."""

from pathlib import Path

import cryptography_vectors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import b64
from crypto.errors import BadSignature, CryptoError, Malformed
from crypto.keys import VerifyKey, generate_signing_key, parse_signing_key, parse_vkey

NAME = "marac.cambridgeshire.example/gateway"
# Source: golang.org/x/mod/sumdb/note, the package's own example key.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
# `sign.input` of the Ed25519 paper, whose first three lines are RFC 8032, section 7.1, TEST 1 to 3.
SIGN_INPUT = Path(cryptography_vectors.__file__).parent / "asymmetric/Ed25519/sign.input"


def key_of(seed: bytes) -> str:
    return f"marac-signing-key {NAME} {b64.encode_padded(seed)}"


def test_rfc_8032_and_the_thousand_vectors_of_its_authors() -> None:
    lines = SIGN_INPUT.read_text().splitlines()
    assert lines[0].startswith("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    for line in lines[::8]:
        secret, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        key = parse_signing_key(key_of(secret[:32]))
        assert key.verify_key.public == public
        assert key.sign(message) == signed[:64]
        key.verify_key.verify(message, signed[:64])


def test_a_key_round_trips_as_a_secret_line_and_as_a_vkey() -> None:
    key = generate_signing_key(NAME)
    assert parse_signing_key(key.encode() + "\n") == key
    assert key.encode().startswith(f"marac-signing-key {NAME} ")
    public = parse_vkey(key.verify_key.vkey)
    assert public == key.verify_key
    assert public.vkey == public.keyid + "+" + b64.encode_padded(b"\x01" + public.public)
    assert public.keyid == f"{NAME}+{public.key_hash.hex()}"
    assert len({public, key.verify_key}) == 1


def test_go_s_example_key_has_the_hash_that_go_gives_it() -> None:
    assert parse_vkey(GO_VKEY).keyid == "PeterNeumann+c74f20a3"


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("c74f20a3", "C74F20A3"),
        GO_VKEY.replace("+ARp", "+BRp"),
        GO_VKEY + "\n",
        GO_VKEY.replace("PeterNeumann", "Peter Neumann"),
        GO_VKEY.replace("PeterNeumann", ""),
        "PeterNeumann+c74f20a3+AQ==",
        "PeterNeumann+c74f20a3+",
    ],
)
def test_a_vkey_has_one_spelling(vkey: str) -> None:
    with pytest.raises(Malformed):
        parse_vkey(vkey)


@pytest.mark.parametrize(
    "line",
    ["", key_of(bytes(31)), key_of(bytes(32)) + " ", key_of(bytes(32)).replace("marac", "other"), key_of(b"")],
)
def test_a_secret_line_has_one_spelling(line: str) -> None:
    with pytest.raises(Malformed):
        parse_signing_key(line)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "línea", "a\u00a0b", "a\n"])
def test_a_key_name_is_printable_ascii_without_space_or_plus(name: str) -> None:
    with pytest.raises(Malformed):
        generate_signing_key(name)
    with pytest.raises(Malformed):
        VerifyKey(name, bytes(32))


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_no_other_bytes_pass_for_a_signature(message: bytes, forged: bytes) -> None:
    key = generate_signing_key(NAME)
    if forged != key.sign(message):
        with pytest.raises(BadSignature):
            key.verify_key.verify(message, forged)


def test_every_flipped_bit_of_a_signature_is_noticed() -> None:
    key = generate_signing_key(NAME)
    signature = key.sign(b"made-up message")
    for bit in range(512):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            key.verify_key.verify(b"made-up message", bytes(changed))


def test_a_public_key_of_small_order_verifies_nothing() -> None:
    neutral = VerifyKey(NAME, b"\x01" + bytes(31))
    with pytest.raises(BadSignature):
        neutral.verify(b"anything", b"\x01" + bytes(63))


def test_no_secret_in_repr_or_errors() -> None:
    key = generate_signing_key(NAME)
    secret = key.encode().split(" ")[2]
    assert secret not in repr(key)
    assert secret not in str(key)
    assert repr(key) == f"SigningKey(name='{NAME}')"
    with pytest.raises(CryptoError) as refusal:
        parse_signing_key(key.encode() + "AAAA")
    assert secret not in repr(refusal.value)
