"""What is sealed: one spelling, and a length that tells little."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agencies.sealed import encode_sealed, padded_length, padme, parse_sealed
from crypto.errors import Malformed

PADDING = json.loads((Path(__file__).parent / "vectors" / "padding.json").read_text())
utf8 = st.text(st.characters(exclude_categories=("Cs",)))


@pytest.mark.parametrize(("length", "padded"), PADDING)
def test_a_length_is_padded_as_the_vector_says(length: int, padded: int):
    assert padded_length(length) == padded


@given(st.integers(1, 1 << 40))
@example(65_536)
@example(65_537)
def test_padding_never_shortens_is_stable_and_costs_little(n: int):
    padded = padded_length(n)
    assert padded >= n
    assert padded_length(padded) == padded
    assert padded_length(n + 1) >= padded
    assert padded % 4096 == 0 if n <= 65_536 else padded <= n * 1.12


@given(st.integers(2, 1 << 40))
def test_padme_shows_no_more_bits_than_its_authors_allow(n: int):
    padded = padme(n)
    exponent = padded.bit_length() - 1
    assert padded % (1 << (exponent - exponent.bit_length())) == 0


@given(utf8, utf8)
def test_what_was_sealed_comes_back(document: str, submission: str):
    plaintext = encode_sealed(document, submission)
    assert len(plaintext) == padded_length(len(plaintext.rstrip(b" ")))
    assert parse_sealed(plaintext) == (document, submission)


def test_the_worked_example_is_these_bytes():
    plaintext = encode_sealed('{"salt":"\u00e9\n"}', "note")
    content = '{"document":"{\\"salt\\":\\"\u00e9\\n\\"}","submission":"note"}'.encode()
    assert plaintext == content + b" " * (4096 - len(content))


def padded(content: str) -> bytes:
    encoded = content.encode()
    return encoded.ljust(padded_length(len(encoded)))


@pytest.mark.parametrize(
    "content",
    [
        '{"submission":"n","document":"d"}',
        '{"document":"d"}',
        '{"document":"d","submission":"n","more":"x"}',
        '{"document":"d","document":"d","submission":"n"}',
        '{"document": "d","submission":"n"}',
        '{"document":"\\u0041","submission":"n"}',
        '{"document":"\\/","submission":"n"}',
        '{"document":"\\ud800","submission":"n"}',
        '{"document":1,"submission":"n"}',
        '{"document":"d","submission":null}',
        '["document","submission"]',
        "\ufeff{}",
        "[" * 60_000,
        '{"document":' + "9" * 5_000 + "}",
        "",
    ],
    ids=range(15),
)
def test_any_other_spelling_is_malformed(content: str):
    with pytest.raises(Malformed):
        parse_sealed(padded(content))


def test_other_padding_is_malformed():
    good = encode_sealed("d", "n")
    for wrong in (
        good[:-1],
        good + b" ",
        good + b" " * 4096,
        good.rstrip(b" "),
        good[:-1] + b"\n",
        good[:-1] + b"\0",
        b" " + good[:-1],
    ):
        with pytest.raises(Malformed):
            parse_sealed(wrong)


def test_a_text_that_is_not_utf_8_is_malformed():
    with pytest.raises(Malformed):
        encode_sealed("\ud800", "n")
    with pytest.raises(Malformed):
        parse_sealed(b"\xff".ljust(4096))


@given(st.binary())
def test_random_bytes_are_malformed(content: bytes):
    for candidate in (content, content.ljust(4096)):
        with pytest.raises(Malformed):
            parse_sealed(candidate)


@pytest.mark.parametrize("cut", [b'{"document":"Hugo made up"', b'{"document":"Hugo made up \xff"}'])
def test_the_error_keeps_nothing_of_what_was_sealed(cut: bytes):
    with pytest.raises(Malformed) as failure:
        parse_sealed(cut.ljust(4096))
    assert failure.value.__context__ is None
