"""Bech32, base64 and UTF-8: one accepted spelling each. BIP 173, RFC 4648, c2sp.org/age."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import b64, bech32, utf8
from crypto.errors import Malformed

# BIP 173, "Test vectors", valid Bech32: those whose payload is whole bytes, as age's keys are.
BIP173_VALID = {
    "A12UEL5L": ("A", b""),
    "a12uel5l": ("a", b""),
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs": (
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio",
        b"",
    ),
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw": (
        "abcdef",
        bytes.fromhex("00443214c74254b635cf84653a56d7c675be77df"),
    ),
    "?1ezyfcl": ("?", b""),
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": (
        "split",
        bytes.fromhex("c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d"),
    ),
    "11" + "q" * 82 + "c8247j": ("1", bytes(51)),
}

# BIP 173, "Test vectors", invalid, and what is wrong with them; the limit of 90 does not hold for age.
BIP173_INVALID = {
    "\x201nwldj5": "character that no key has",
    "\x7f1axkwrx": "character that no key has",
    "\x801eym55h": "character that no key has",
    "pzry9x0s0muk": "no prefix or no checksum",
    "1pzry9x0s0muk": "no prefix or no checksum",
    "x1b4n0q5v": "character that no key has",
    "li1dgmt3": "no prefix or no checksum",
    "de1lg7wt\xff": "character that no key has",
    "A1G7SGD8": "wrong checksum",
    "10a06t8": "no prefix or no checksum",
    "1qzzfhee": "no prefix or no checksum",
    "A12uEL5L": "mixes upper and lower case",
    "?1EZYFCL": "mixes upper and lower case",  # found by fuzzing
}


@pytest.mark.parametrize(("text", "expected"), BIP173_VALID.items())
def test_bip173_valid_strings_parse_and_re_encode_identically(text: str, expected: tuple[str, bytes]) -> None:
    prefix, payload = bech32.parse(text)
    assert (prefix, payload) == expected
    assert bech32.encode(prefix, payload) == text


@pytest.mark.parametrize(("text", "why"), BIP173_INVALID.items())
def test_bip173_invalid_strings_are_refused_for_their_reason(text: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        bech32.parse(text)


@pytest.mark.parametrize("text", ["age1qdd35qf", "age1psm9pam", "age1ll2lu7g0", "age1qpu0j2ex"])
def test_a_right_checksum_over_bits_that_are_not_whole_bytes_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="stray bits"):
        bech32.parse(text)


@given(st.binary(max_size=1300))
def test_any_payload_round_trips_in_either_case(payload: bytes) -> None:
    for prefix in ("age1pq", "AGE-SECRET-KEY-"):
        assert bech32.parse(bech32.encode(prefix, payload)) == (prefix, payload)


@given(st.text())
def test_any_text_parses_to_what_re_encodes_or_is_malformed(text: str) -> None:
    try:
        prefix, payload = bech32.parse(text)
    except Malformed:
        return
    assert bech32.encode(prefix, payload) == text


@given(st.binary(max_size=100))
def test_base64_round_trips_padded_and_raw(raw: bytes) -> None:
    assert b64.parse_padded(b64.encode_padded(raw)) == raw
    assert b64.parse_raw(b64.encode_raw(raw)) == raw


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", " QQ==", "Q", "QQ==QQ==", "QQ=", "Q*==", "é", "-_-_"])
def test_base64_has_one_spelling_padded(text: str) -> None:
    with pytest.raises(Malformed):
        b64.parse_padded(text)


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "QQ=", "="])
def test_base64_has_one_spelling_raw(text: str) -> None:
    with pytest.raises(Malformed):
        b64.parse_raw(text)


@given(st.text("AQgw+/=-_ \n*é\ud800", max_size=9))
def test_base64_that_parses_re_encodes_to_the_same_text(text: str) -> None:
    for parse, encode in ((b64.parse_padded, b64.encode_padded), (b64.parse_raw, b64.encode_raw)):
        try:
            raw = parse(text)
        except Malformed:
            continue
        assert encode(raw) == text


def test_a_lone_surrogate_is_refused_and_not_quoted() -> None:
    with pytest.raises(Malformed) as refusal:
        utf8.encode("Hugo Example\ud800")
    assert "Hugo" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert utf8.encode("perché") == b"perch\xc3\xa9"
