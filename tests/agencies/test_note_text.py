"""The text of a note has one spelling; everything else is Malformed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.notes import text
from crypto.errors import Malformed
from crypto.note import hash_text

TYPE = "marac/example/v1"
keys = st.from_regex(r"[a-z]+(-[a-z]+)?", fullmatch=True)
values = st.from_regex(r"[!-~]+( [!-~]+)*", fullmatch=True)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.lists(st.tuples(keys, values)))
def test_lines_come_back_as_they_were_written(lines: list[text.Line]):
    encoded = text.encode(TYPE, lines)
    parsed = text.parse(encoded, TYPE)
    assert [(key, parsed.one(key)) for key, _ in lines] == lines
    parsed.end()


@given(st.text())
def test_random_text_parses_or_is_malformed(words: str):
    for candidate in (words, f"{TYPE}\n{words}", f"{TYPE}\n{words}\n", f"{TYPE}\nkey {words}\n"):
        try:
            text.parse(candidate, TYPE)
        except Malformed:
            continue
        assert candidate.isascii()
        assert candidate.endswith("\n")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "marac/example/v1",
        "marac/example/v2\n",
        "marac/example/v1\nkey value",
        "marac/example/v1\r\nkey value\r\n",
        "marac/example/v1\nkey  value\n",
        "marac/example/v1\nkey value \n",
        "marac/example/v1\n key value\n",
        "marac/example/v1\nkey\tvalue\n",
        "marac/example/v1\nkey \n",
        "marac/example/v1\nkey\n",
        "marac/example/v1\nKey value\n",
        "marac/example/v1\nkey caf\u00e9\n",
        "marac/example/v1\n\nkey value\n",
        "marac/example/v1\nkey value\n\n",
        "\ufeffmarac/example/v1\n",
    ],
)
def test_any_other_spelling_is_malformed(words: str):
    with pytest.raises(Malformed):
        text.parse(words, TYPE)


@pytest.mark.parametrize(("key", "value"), [("key", ""), ("key", "two\nlines"), ("key", "caf\u00e9"), ("K", "value")])
def test_what_could_not_be_read_back_is_not_written(key: str, value: str):
    with pytest.raises(Malformed):
        text.encode(TYPE, [(key, value)])


def test_a_line_that_is_missing_left_over_or_out_of_order_is_malformed():
    for order in (["a"], ["b", "a"]):
        lines = text.parse(text.encode(TYPE, [(key, "1") for key in order]), TYPE)
        with pytest.raises(Malformed):
            (lines.one("a"), lines.one("b"))
    lines = text.parse(text.encode(TYPE, [("a", "1"), ("b", "2")]), TYPE)
    lines.one("a")
    with pytest.raises(Malformed):
        lines.end()


@given(instants)
def test_an_instant_comes_back_to_the_second(at: datetime):
    assert text.parse_time(text.encode_time(at)) == at.replace(microsecond=0)


def test_an_instant_is_written_in_utc_whatever_its_zone():
    summer = timezone(timedelta(hours=1))
    assert text.encode_time(datetime(2026, 7, 1, 0, 30, 5, 900_000, tzinfo=summer)) == "2026-06-30T23:30:05Z"


@pytest.mark.parametrize(
    "words",
    [
        "2026-11-22 09:30:00Z",
        "2026-11-22T09:30:00",
        "2026-11-22T09:30:00+00:00",
        "2026-11-22T09:30:00.0Z",
        "2026-02-30T09:30:00Z",
        "2026-11-22T24:00:00Z",
        "0000-11-22T09:30:00Z",
        "2026-11-22T09:30:60Z",
        "\u0662026-11-22T09:30:00Z",
        "-",
    ],
)
def test_any_other_time_is_malformed(words: str):
    with pytest.raises(Malformed):
        text.parse_time(words)


@pytest.mark.parametrize("words", ["", "-1", "+1", "01", "1.0", "1e3", "\u0661", "9" * 19])
def test_any_other_number_is_malformed(words: str):
    with pytest.raises(Malformed):
        text.parse_number(words)


def test_a_hash_has_one_spelling():
    digest = hash_text("made up")
    assert text.parse_hash(digest) == digest
    for wrong in (
        digest.upper(),
        digest[:-1],
        digest.removeprefix("sha256:"),
        "sha256:" + "A" * 42 + "B=",
        digest + "\n",
    ):
        with pytest.raises(Malformed):
            text.parse_hash(wrong)


@pytest.mark.parametrize("words", ["", "a,,b", "a,a", "a, b", "A", "-,a", "a_", "_a", "a--b"])
def test_any_other_list_of_words_is_malformed(words: str):
    with pytest.raises(Malformed):
        text.parse_words(words)


def test_no_words_are_a_hyphen():
    assert text.encode_words(()) == "-"
    assert text.parse_words("-") == ()


def test_an_enclosed_note_that_is_not_utf_8_is_malformed():
    assert text.parse_enclosed(text.encode_enclosed("\u2014 signed\n")) == "\u2014 signed\n"
    for wrong in ("/w==", "a", "YQ", "YR=="):
        with pytest.raises(Malformed):
            text.parse_enclosed(wrong)
