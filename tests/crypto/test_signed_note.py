"""Signed notes: published examples, laws, refusals. c2sp.org/signed-note."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto import b64
from crypto.errors import BadSignature, CryptoError, Malformed
from crypto.keys import SigningKey, generate_signing_key, parse_signing_key, parse_vkey
from crypto.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    append_signature,
    hash_bytes,
    hash_text,
    sign,
    text_of,
    verify,
    without_strangers,
)

# Source: golang.org/x/mod/sumdb/note, package example: key, note.
GO_KEY = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
GO_TYPE = "If you think cryptography is the answer to your problem,"
GO_NOTE = f"""{GO_TYPE}
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
# Source: c2sp.org/signed-note, the example at its head; its text has an empty line and letters beyond ASCII.
C2SP_NOTE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Z"
    "ekRwNtIc=\n"
)
TEXT = "marac/example/v1\narea marac.cambridgeshire.example\n"
TYPE = "marac/example/v1"
GATEWAY = parse_signing_key("marac-signing-key marac.example/gateway " + b64.encode_padded(bytes(32)))
OTHER = generate_signing_key("marac.example/other")

texts = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))).map(
    lambda lines: "".join(line + "\n" for line in ["type", *lines])
)


def test_go_s_example_note_verifies() -> None:
    verified = verify(GO_NOTE, [GO_KEY], GO_TYPE)
    assert verified.signers == (GO_KEY,)
    assert verified.text == GO_NOTE.partition("\n\n")[0] + "\n"


def test_the_specification_s_example_parses_at_its_last_empty_line() -> None:
    assert text_of(C2SP_NOTE).endswith("sole:\n\ned è subito sera.\n")


def test_our_own_worked_example_is_these_bytes() -> None:
    """The vector of crypto/README.md: the seed is 32 zero bytes."""
    assert sign(TEXT, [GATEWAY]) == (
        TEXT + "\n— marac.example/gateway "
        "GDXl3PlH560nOPunqJFCgYYeGcHu/yl5Nf8oPc9kIXR2qbtWmrWQ+oSPqJC51rFsmkg5ZAvk7JPPk3Rj6zLii9cjAAo=\n"
    )


@given(texts)
def test_what_is_signed_verifies_and_text_comes_back_whole(text: str) -> None:
    note = sign(text, [GATEWAY, OTHER])
    assert text_of(note) == text
    assert verify(note, [OTHER.verify_key], "type").signers == (OTHER.verify_key,)
    both = verify(note, [OTHER.verify_key, GATEWAY.verify_key], "type")
    assert both.text == text
    assert both.signers == (GATEWAY.verify_key, OTHER.verify_key)


def test_appending_a_signature_keeps_the_text_and_the_lines_before() -> None:
    note = append_signature(sign(TEXT, [GATEWAY]), OTHER)
    assert note == sign(TEXT, [GATEWAY, OTHER])
    with pytest.raises(Malformed, match="signed already"):
        append_signature(note, OTHER)


@given(st.data())
def test_any_flipped_bit_of_a_note_raises_from_the_family(data: st.DataObject) -> None:
    raw = bytearray(sign(TEXT, [GATEWAY]).encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        changed = raw.decode()
    except UnicodeDecodeError:
        assume(False)
    with pytest.raises(CryptoError):
        verify(changed, [GATEWAY.verify_key], TYPE)


@given(st.text())
def test_any_text_is_a_note_or_malformed(text: str) -> None:
    for call in (text_of, lambda t: append_signature(t, OTHER), lambda t: verify(t, [OTHER.verify_key], TYPE)):
        with pytest.raises((Malformed, BadSignature)):
            call(text)


UNPRINTABLE = ("a\u00adb", "a\u200bb", "\ue000", "\U0001fae9", "\u0378", "\u180e", "\ufeff", "\x7f")
names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1)


@given(
    texts,
    names | st.sampled_from(UNPRINTABLE),
)
def test_what_parses_has_one_spelling(text: str, name: str) -> None:
    note = f"{text}\n— {name} {b64.encode_padded(bytes(9))}\n"
    assert text_of(note) == text
    assert append_signature(note, OTHER).startswith(note)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", "ends in a newline"),
        (TEXT, "ends in a newline"),
        (TEXT + "\n", "does not end in a signature line"),
        (TEXT.strip() + "\n" + "— a AAAAAAA=\n", "ends in a newline"),
        (sign(TEXT, [GATEWAY]).rstrip("\n"), "does not end in a signature line"),
        (sign(TEXT, [GATEWAY]) + "\n", "does not end in a signature line"),
        (sign(TEXT, [GATEWAY]).replace("— ", "- "), "not a signature line"),
        (TEXT + "\n— nameless\n", "not a signature line"),
        (TEXT + "\n—  AAAAAAAA\n", "not a key name"),
        (TEXT + "\n— a+b AAAAAAAA\n", "not a key name"),
        (TEXT + "\n— a\u00a0b AAAAAAAA\n", "not a key name"),
        (TEXT + "\n— a AAAAAA==\n", "without a signature"),
        (TEXT + "\n— a AAAAAAA\n", "not base64"),
        (sign(TEXT, [GATEWAY]).replace("example/v1", "example\tv1"), "control character"),
        (sign(TEXT, [GATEWAY]).replace("\n", "\r\n"), "control character"),
        (TEXT + "\n— a\tb AAAAAAAA\n", "control character"),
        (TEXT + "\n— a\ud800 AAAAAAAA\n", "no UTF-8 form"),
        *(
            (TEXT + f"\n— a{space}b AAAAAAAA\n", "not a key name")
            for space in "\x85\u1680\u2007\u2028\u2029\u202f\u3000"
        ),
        ('"' + sign(TEXT, [GATEWAY]), "quotation mark"),
        (TEXT + "\n" + "— a AAAAAAAA\n" * (MAX_SIGNATURES + 1), "too many signatures"),
    ],
)
def test_a_broken_note_is_malformed_for_its_reason(note: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        text_of(note)


@pytest.mark.parametrize("text", ["", "no newline", "a\x00b\n", "a\rb\n", '"@method": GET\n', "\ud800\n"])
def test_a_text_that_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(Malformed):
        sign(text, [GATEWAY])


def test_nobody_s_note_is_not_made() -> None:
    with pytest.raises(Malformed, match="needs a signature"):
        sign(TEXT, [])


def test_signatures_of_unknown_keys_are_ignored_even_if_they_share_a_name() -> None:
    namesake = generate_signing_key(GATEWAY.name)
    note = sign(TEXT, [namesake, OTHER, GATEWAY])
    assert verify(note, [GATEWAY.verify_key], TYPE).signers == (GATEWAY.verify_key,)


def test_a_note_that_no_trusted_key_signed_is_refused() -> None:
    with pytest.raises(BadSignature, match="no trusted key"):
        verify(sign(TEXT, [OTHER]), [GATEWAY.verify_key], TYPE)
    with pytest.raises(BadSignature, match="no trusted key"):
        verify(sign(TEXT, [OTHER]), [], TYPE)


def test_one_bad_signature_of_a_known_key_spoils_the_good_ones() -> None:
    line = sign("another text\n", [OTHER]).splitlines()[-1]
    note = sign(TEXT, [GATEWAY]) + line + "\n"
    assert verify(note, [GATEWAY.verify_key], TYPE)
    with pytest.raises(BadSignature, match="does not verify"):
        verify(note, [GATEWAY.verify_key, OTHER.verify_key], TYPE)


def test_many_signatures_are_accepted_and_a_line_too_many_is_not_added() -> None:
    signers: list[SigningKey] = [generate_signing_key(f"marac.example/{i}") for i in range(MAX_SIGNATURES)]
    note = sign(TEXT, signers)
    assert len(verify(note, [key.verify_key for key in signers], TYPE).signers) == MAX_SIGNATURES
    with pytest.raises(Malformed, match="too many"):
        append_signature(note, OTHER)


def test_the_type_on_line_one_is_the_expected_one_or_the_note_is_malformed() -> None:
    with pytest.raises(Malformed, match="another type"):
        verify(sign(TEXT, [GATEWAY]), [GATEWAY.verify_key], "marac/other/v1")


def test_a_note_larger_than_allowed_is_malformed_and_the_bound_is_in_bytes() -> None:
    note = sign("type\n" + "é" * 100 + "\n", [GATEWAY])
    size = len(note.encode())
    assert verify(note, [GATEWAY.verify_key], "type", max_bytes=size)
    with pytest.raises(Malformed, match="too large"):
        verify(note, [GATEWAY.verify_key], "type", max_bytes=size - 1)


def test_a_stranger_s_name_of_any_symbols_makes_no_note_malformed() -> None:
    """Spaces and plus alone are forbidden; which others a Python takes for printable changes with its version."""
    for name in UNPRINTABLE:
        note = sign(TEXT, [GATEWAY]) + f"— {name} AAAAAAAA\n"
        assert verify(note, [GATEWAY.verify_key], TYPE).signers == (GATEWAY.verify_key,)


def test_what_nobody_would_read_is_neither_signed_nor_read() -> None:
    line = len(sign("type\n", [GATEWAY]).encode()) - len("type\n")
    largest = "type\n" + "é" * ((MAX_NOTE_BYTES - line - 6) // 2) + "\n"
    assert verify(sign(largest, [GATEWAY]), [GATEWAY.verify_key], "type")
    for call in (
        lambda: sign(largest + "more\n", [GATEWAY]),
        lambda: sign(TEXT, [GATEWAY] * (MAX_SIGNATURES + 1)),
        lambda: append_signature(sign(largest, [GATEWAY]), OTHER),
        lambda: text_of(TEXT * 2000 + "\n— a AAAAAAAA\n"),
    ):
        with pytest.raises(Malformed, match=r"too large|has room"):
            call()
    assert text_of(sign(largest * 2, [GATEWAY], 4 * MAX_NOTE_BYTES), 4 * MAX_NOTE_BYTES) == largest * 2


def test_hashes_are_padded_base64_of_sha256() -> None:
    # FIPS 180-2, appendix B.1: SHA-256 of "abc".
    expected = "sha256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    assert hash_text("abc") == hash_bytes(b"abc") == expected
    with pytest.raises(Malformed):
        hash_text("\ud800")


def test_lines_of_strangers_are_dropped_and_those_of_known_keys_stay_as_they_are() -> None:
    note = sign(TEXT, [OTHER, GATEWAY])
    claimed = note + "— somebodys_name_in_full AAAAAAAA\n"
    assert without_strangers(claimed, [GATEWAY.verify_key, OTHER.verify_key], TYPE) == note
    assert without_strangers(claimed, [GATEWAY.verify_key], TYPE) == sign(TEXT, [GATEWAY])


def test_a_note_of_strangers_alone_is_refused() -> None:
    with pytest.raises(BadSignature):
        without_strangers(sign(TEXT, [OTHER]), [GATEWAY.verify_key], TYPE)
