"""The text of a signed note: a type line, then `key value` lines in a fixed order; see formats.md, section 1."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from crypto import b64
from crypto.errors import Malformed

T = TypeVar("T")
Line = tuple[str, str]

NOTHING = "-"
_TYPE = re.compile(r"marac/[a-z]+(?:-[a-z]+)*/v[1-9][0-9]*")
_KEY = re.compile(r"[a-z]+(?:-[a-z]+)*")
_VALUE = re.compile(r"[!-~]+(?: [!-~]+)*")
_WORD = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)
_HASH = re.compile(r"sha256:([A-Za-z0-9+/]{43}=)")


def encode(type_: str, lines: Iterable[Line]) -> str:
    """Return the text of a note: its type, then one `key value` line each, ending in a line feed.

    Raises Malformed if a type, key or value could not be read back.
    """
    text = type_ + "\n" + "".join(f"{key} {value}\n" for key, value in lines)
    parse(text, type_)
    return text


def parse(text: str, type_: str) -> "Lines":
    """Return the lines of a note's text, to be read in order.

    Raises Malformed if the text is of another type, or not exactly in the form that `encode` gives.
    """
    first, *rest = text.split("\n")
    if first != type_ or not _TYPE.fullmatch(first):
        raise Malformed("the note is of another type")
    if not rest or rest.pop() != "":
        raise Malformed("the note does not end in a line feed")
    return Lines([_parse_line(line) for line in rest])


def _parse_line(line: str) -> Line:
    key, _, value = line.partition(" ")
    if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
        raise Malformed("a line of the note is not `key value`")
    return key, value


class Lines:
    """The lines of one note, taken in the order its type declares; nothing may be left over."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._next = 0

    def one(self, key: str) -> str:
        """Return the value of the next line, whose key must be `key`.

        Raises Malformed.
        """
        if not self._at(key):
            raise Malformed(f"the note lacks the line {key} here")
        self._next += 1
        return self._lines[self._next - 1][1]

    def many(self, key: str) -> tuple[str, ...]:
        """Return the values of all lines with `key` that come next; there may be none."""
        values = []
        while self._at(key):
            values.append(self.one(key))
        return tuple(values)

    def end(self) -> None:
        """Be sure that every line was read.

        Raises Malformed.
        """
        if self._next != len(self._lines):
            raise Malformed("the note has a line that its type does not know")

    def _at(self, key: str) -> bool:
        return self._next < len(self._lines) and self._lines[self._next][0] == key


def encode_time(at: datetime) -> str:
    """Return an aware instant as `YYYY-MM-DDTHH:MM:SSZ`; parts of a second are dropped."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> datetime:
    """Return the instant that `encode_time` wrote.

    Raises Malformed.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise Malformed("not a time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise Malformed("no such time") from error


def encode_optional(value: T | None, encode_value: Callable[[T], str] = str) -> str:
    """Return the encoded value, or `-` for None."""
    return NOTHING if value is None else encode_value(value)


def parse_optional(text: str, parse_value: Callable[[str], T]) -> T | None:
    """Return None for `-`, else what `parse_value` makes of the text.

    Raises Malformed as `parse_value` does.
    """
    return None if text == NOTHING else parse_value(text)


def parse_hash(text: str) -> str:
    """Return `text` if it is `sha256:` and 32 bytes in padded base64.

    Raises Malformed.
    """
    found = _HASH.fullmatch(text)
    if not found:
        raise Malformed("not a hash")
    b64.parse_padded(found.group(1))
    return text


def encode_enclosed(note: str) -> str:
    """Return a whole signed note as one value: base64 of its UTF-8 bytes."""
    return b64.encode_padded(note.encode())


def parse_enclosed(text: str) -> str:
    """Return the signed note that `encode_enclosed` made one value of; its signatures are not verified here.

    Raises Malformed.
    """
    try:
        return b64.parse_padded(text).decode()
    except UnicodeDecodeError as error:
        raise Malformed("an enclosed note is not UTF-8") from error


def parse_number(text: str) -> int:
    """Return a decimal number of up to 18 digits, without sign or leading zero.

    Raises Malformed.
    """
    if not _NUMBER.fullmatch(text):
        raise Malformed("not a number")
    return int(text)


def parse_word(text: str) -> str:
    """Return a lower-case word such as `safe-contact` or `no_contact`.

    Raises Malformed.
    """
    if not _WORD.fullmatch(text):
        raise Malformed("not a word")
    return text


def parse_label(text: str) -> str:
    """Return a short label such as `2026.1` or `R1`.

    Raises Malformed.
    """
    if not _LABEL.fullmatch(text):
        raise Malformed("not a label")
    return text


def parse_member(text: str, members: Iterable[str]) -> str:
    """Return `text` if it is one of `members`.

    Raises Malformed.
    """
    if text not in members:
        raise Malformed("not one of the words allowed here")
    return text


def encode_words(words: Sequence[str]) -> str:
    """Return the words with commas between them, or `-` for none."""
    return ",".join(words) or NOTHING


def parse_words(text: str) -> tuple[str, ...]:
    """Return the words of a comma-separated list, none twice.

    Raises Malformed.
    """
    if text == NOTHING:
        return ()
    words = tuple(parse_word(word) for word in text.split(","))
    if len(set(words)) != len(words):
        raise Malformed("a word stands twice in a list")
    return words


def split_words(text: str, count: int) -> list[str]:
    """Return the `count` space-separated parts of a value.

    Raises Malformed if there are more or fewer.
    """
    parts = text.split(" ")
    if len(parts) != count:
        raise Malformed("a line has more or fewer parts than its type says")
    return parts
