"""Keyed tokens by which people can be compared without their names. Rules: README.md, "The blind index"."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, NewType

from crypto import b64, utf8
from crypto.draw import draw_bytes
from crypto.errors import Malformed
from crypto.keys import check_name
from crypto.secret import Secret, unlisted

Token = NewType("Token", str)
"""`<key id>:<22 base64url characters>`: says nothing without the key, but equal tokens link."""

MAX_WORDS: Final = 12  # what has more is a description, not a name
MAX_CHARS: Final = 1_000  # likewise; and Unicode's normal forms take a time that grows with the square of the marks
MAX_TOKENS: Final = 160  # of one person: all of a long name, and twenty aliases each as a whole
FIRST_YEAR: Final = 1901  # 1 January 1900 is how many systems write that they do not know

_VERSION = "v1"  # of the normalisation and of the list of tokens; a change to either is another version
_SECRET_LABEL = "marac-index-key"  # the first word of the line, not a secret  # noqa: S105
_WORD = "word-birth"
_KEY_BYTES = 32
_KEY_ID_BYTES = 8
_TOKEN_BYTES = 16
_FOR_TOKENS = b"marac/token"
_FOR_KEY_IDS = b"marac/index-key"
_TOKEN = re.compile(r"[0-9a-f]{16}:[A-Za-z0-9_-]{21}[AQgw]")  # the last symbol of 16 bytes has four zero bits

# Titles, and what people write where a name is not known. Not here, because they are names as well: Master, Lord,
# Dame, Doctor, Junior, Senior, Baby, Last, Md (Mohammad).
_NOT_NAMES = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "revd", "reverend", "sir", "esq",
    "jr", "jnr", "sr", "snr", "unknown", "unk", "not", "known", "unnamed", "unidentified", "unborn", "anonymous",
    "name", "first", "surname", "forename", "tbc", "tbd", "male", "female",
})  # fmt: skip
# What is written apart from the word after it, or in one with it, by the same people.
_PARTICLES = frozenset({
    "o", "mc", "mac", "fitz", "st", "al", "el", "abd", "abdul", "abu", "bin", "ibn", "ben", "bar",
    "de", "da", "di", "do", "du", "del", "della", "des", "dos", "la", "le", "lo", "van", "von", "der", "den",
    "ter", "ten",
})  # fmt: skip
# Letters that carry no accent to take off, as an English keyboard writes them; then the letters that keyboards for
# Persian and Urdu have in place of Arabic yeh, kaf and heh (as Lucene's Arabic and Persian normalisers map them).
_AS_TYPED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
    | {"ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y"}
    | {"\u0649": "\u064a", "\u06cc": "\u064a", "\u06d2": "\u064a", "\u06a9": "\u0643"}
    | {"\u0629": "\u0647", "\u06c1": "\u0647"}
)
# What stands around these is one word: apostrophes in all their shapes, an accent that stands by itself (it decomposes
# into a space and the accent), the stroke that lengthens an Arabic word, letters and marks that show nothing.
_JOINING = re.compile(
    "['`\u2018-\u201b\u2032\u2035\u02b9-\u02bf\u02c8\u02ca\u02cb\u055a\u05f3\ua78b\ua78c]| [\u0300-\u036f]|\u0640"
    "|[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
_SYLLABLE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U000323af]")  # Han, Hangul

_DATE_SEPARATORS = re.compile(r"[\s,./\u2010-\u2015\u2212-]+")
_DATE_FORMS = (
    re.compile(r"(?P<year>[0-9]{4}) (?P<month>[0-9]{1,2}) (?P<day>[0-9]{1,2})"),
    re.compile(r"(?P<day>[0-9]{1,2}) (?P<month>[0-9]{1,2}) (?P<year>[0-9]{4})"),
    re.compile(r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)? ?(?:of )?(?P<month>[a-z]{3,9}) ?(?P<year>[0-9]{4})"),
    re.compile(r"(?P<month>[a-z]{3,9}) ?(?P<day>[0-9]{1,2})(?:st|nd|rd|th)? (?P<year>[0-9]{4})"),
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


class Role(StrEnum):
    """As what a referral names somebody; one person has other tokens in another role."""

    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    SEEN = "seen"  # a child, or another person whom the perpetrator sees


@unlisted
@dataclass(frozen=True, slots=True)
class IndexKey(Secret):
    """The secret key of an area's blind index. Who has it can find out the name behind any token by trying names."""

    area: str
    _secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.area)
        if len(self._secret) != _KEY_BYTES:
            raise Malformed("an index key is 32 bytes")

    @property
    def key_id(self) -> str:
        """16 hex digits that tell keys apart; safe to show anyone."""
        return self._hash(_FOR_KEY_IDS, _KEY_ID_BYTES, (self.area,)).hex()

    def token(self, *fields: str) -> Token:
        """Return the token of these fields, in this order. Raises Malformed for text that has no UTF-8 form."""
        digest = self._hash(_FOR_TOKENS, _TOKEN_BYTES, (_VERSION, self.area, *fields))
        return Token(f"{self.key_id}:{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")

    def encode(self) -> str:
        """Return the key as one line, `marac-index-key <area> <base64>`; secret."""
        return f"{_SECRET_LABEL} {self.area} {b64.encode_padded(self._secret)}"

    def _hash(self, purpose: bytes, size: int, fields: tuple[str, ...]) -> bytes:
        # Each field after its length, four bytes: no two lists of fields give the same bytes.
        encoded = [utf8.encode(text) for text in fields]
        hashed = b"".join(len(text).to_bytes(4, "big") + text for text in encoded)
        return hashlib.blake2b(hashed, digest_size=size, key=self._secret, person=purpose).digest()


def generate_index_key(area: str) -> IndexKey:
    """Return a fresh key for `area`. Raises Malformed unless the name is printable ASCII without space or plus."""
    return IndexKey(area, draw_bytes(_KEY_BYTES))


def parse_index_key(text: str) -> IndexKey:
    """Return the key of one `marac-index-key` line (a final newline is allowed). Raises Malformed."""
    parts = text.removesuffix("\n").split(" ")
    if len(parts) != 3 or parts[0] != _SECRET_LABEL:
        raise Malformed("not an index-key line")
    return IndexKey(parts[1], b64.parse_padded(parts[2]))


def parse_token(text: str) -> Token:
    """Return `text` as a token, of whatever key. Raises Malformed."""
    if not _TOKEN.fullmatch(text):
        raise Malformed("not a token of the blind index")
    return Token(text)


def key_id_of(token: Token) -> str:
    """Return the id of the key that `token` was made with."""
    return token.partition(":")[0]


def tokens_of(key: IndexKey, role: Role, names: tuple[str, ...], date_of_birth: str | None) -> frozenset[Token]:
    """Return the tokens of one person in one role; none at all where too little is known.

        names          the full name first, then every alias, as written; the order matters only above MAX_TOKENS
        date_of_birth  as written, `unknown` or None

    The more tokens two people share, the better they agree. Authenticated by nothing: a match is a proposal.
    Of what has more than MAX_TOKENS, those of single words in the last aliases are left out first.
    """
    born = normalise_date(date_of_birth)
    normal = dict.fromkeys(spelling for name in names for spelling in sorted(spellings_of(name)))
    own = {word for spelling in spellings_of(names[0]) for word in spelling.split()} if names else set[str]()
    fields = dict.fromkeys(known for name in normal for known in _enough(name, born))
    kept = sorted(fields, key=lambda known: known[0] == _WORD and known[1] not in own)
    return frozenset(key.token(role, *known) for known in kept[:MAX_TOKENS])


def normalise_name(name: str) -> str:
    """Return the words of `name` in one spelling and sorted, with a space between; "" where no name is left.

    Without case, accents and apostrophes; split at all other punctuation and around each Han or Hangul syllable;
    without single letters (initials), titles and words for `unknown`; "" too if more than MAX_WORDS words are left, or
    the name has more than MAX_CHARS characters.
    Source: README.md, "The blind index", rules 1 to 3.
    """
    return _sorted(_words_of(name))


def spellings_of(name: str) -> frozenset[str]:
    """Return the normal form of `name`, and the one with each particle joined to the word after it: O Brien is O'Brien.

    Source: README.md, "The blind index", rule 2.
    """
    words = _words_of(name)
    return frozenset({_sorted(words), _sorted(_joined(words))})


def normalise_date(text: str | None) -> str | None:
    """Return the date that `text` says as YYYY-MM-DD; None where it says none, an impossible one or half of one.

    The day comes first where only numbers are given, unless the year does; months in words are English. Years have
    four digits, FIRST_YEAR or later: two are refused, not guessed. More than MAX_CHARS characters are no date.
    """
    if text is None or len(text) > MAX_CHARS:
        return None
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = _DATE_SEPARATORS.sub(" ", folded).strip()
    found = next((match for form in _DATE_FORMS if (match := form.fullmatch(spaced))), None)
    try:
        born = date(int(found["year"]), _month(found["month"]), int(found["day"])) if found else None
    except ValueError:  # 30 February, or a word that is no month
        return None
    return born.isoformat() if born and born.year >= FIRST_YEAR else None


def _enough(name: str, born: str | None) -> Iterator[tuple[str, ...]]:
    # The least is two words, or one word with the whole date: a first name or a birthday alone is half the town's.
    words = name.split()
    if len(words) > 1:
        yield "name", name
    if len(words) > 1 and born:
        yield "name-year", name, born[:4]
        yield "name-birth", name, born
    if born:  # finds who married, dropped a middle name, or is spelt otherwise in one of the words
        yield from ((_WORD, word, born) for word in words)


def _words_of(name: str) -> list[str]:
    return _SYLLABLE.sub(r" \g<0> ", _folded(name)).split() if len(name) <= MAX_CHARS else []


def _joined(words: Sequence[str]) -> list[str]:
    joined, before = [], ""
    for word in words:
        before += word
        if word not in _PARTICLES:
            joined.append(before)
            before = ""
    return [*joined, before] if before else joined


def _sorted(words: Iterable[str]) -> str:
    kept = sorted(word for word in words if _says_something(word))
    return " ".join(kept) if len(kept) <= MAX_WORDS else ""


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    letters = _JOINING.sub("", decomposed).translate(_AS_TYPED)
    return unicodedata.normalize("NFC", "".join(map(_kept, letters)))


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cf", "Me"} or _is_accent(character):
        return ""
    return character if category[0] in "LNM" else " "


def _is_accent(character: str) -> bool:
    # By combining class: strokes, vowel points of Hebrew and Arabic, accents above and below. The marks of Indian,
    # Thai and Japanese writing have other classes: they are no ornament there, and leaving them out merges names.
    order = unicodedata.combining(character)
    return order == 1 or 10 <= order <= 36 or order >= 200


def _says_something(word: str) -> bool:
    is_long = len(word) > 1 or _SYLLABLE.match(word) is not None
    return is_long and any(map(str.isalnum, word)) and word not in _NOT_NAMES


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    numbers = [i for i, month in enumerate(_MONTHS, start=1) if month.startswith(text)]
    return numbers[0] if numbers else 0
