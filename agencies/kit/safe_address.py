"""The safe contact may stand nowhere but in its own document: the kit looks before it sends, and stops.

Source: domain.md, "Keeping and destroying": safe addresses have been leaked to perpetrators by agencies.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN
from agencies.documents.safe_contact import SafeContact

SAFE: Final = "safe-contact"
MIN_CHARS: Final = 6  # of a line of an address: shorter ones ("Flat 2") stand in other addresses too
MIN_DIGITS: Final = 7  # of a telephone number; its last ones are compared, however its beginning is written
NEAR: Final = 40  # letters between a postcode and a house number that belong together, at most
_POSTCODE: Final = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?)[ .-]{0,3}(\d[a-z]{2})\b")
_NUMBER: Final = re.compile(r"\d+")


class SafeContactElsewhere(Exception):
    """A safe address, number or e-mail stands in another document too; `pointers` say where, never what."""

    what = "the safe contact"

    def __init__(self, pointers: tuple[str, ...]) -> None:
        super().__init__(f"{self.what} stands outside its own document, at {', '.join(pointers)}")
        self.pointers = pointers


class OlderSafeContactElsewhere(SafeContactElsewhere):
    """The same of one that another took the place of, or that was taken back: a person may say that it must be told."""

    what = "an older safe contact of the case"


def check_kept_apart(documents: Mapping[str, Document], also: Sequence[SafeContact] = ()) -> None:
    """Return only if nothing of the safe contact among `documents`, nor of those in `also`, stands in another of them.

        also  what is known beside it of the same case; a correction of them is itself a safe contact, and may differ

    Raises SafeContactElsewhere.
    """
    own = documents.get(SAFE)
    elsewhere = places(documents, [*also, own] if isinstance(own, SafeContact) else also)
    if elsewhere:
        raise SafeContactElsewhere(elsewhere)


def places(documents: Mapping[str, Document], safe_contacts: Collection[SafeContact]) -> tuple[str, ...]:
    """Return where something of these safe contacts stands in a document that is none, as pointers.

    Compared without case, accents, spaces and punctuation: an address by its postcode with the house's number near it
    (of a house without one: with its name), by each longer line that has a number, and as a whole; a telephone number
    by its last digits. A postcode alone is that of a surgery or a school too, unless it is all that the address says.
    """
    return tuple(
        f"/{name}{pointer}"
        for name, document in documents.items()
        if name != SAFE
        for pointer, text in _texts(document, "")
        if any(_gives_away(safe, text) for safe in safe_contacts)
    )


def says_where(safe: SafeContact) -> bool:
    """Whether a safe contact says anything that could be told elsewhere."""
    return any(known != UNKNOWN for known in (safe.safe_address, safe.safe_telephone, safe.safe_email))


def _gives_away(safe: SafeContact, text: str) -> bool:
    plain, digits = _plain(text), re.sub(r"\D", "", text)
    if any(needle in plain for needle in _needles(safe)):
        return True
    if safe.safe_address != UNKNOWN and _tells_house(_folded(safe.safe_address), _folded(text)):
        return True
    number = "" if safe.safe_telephone == UNKNOWN else re.sub(r"\D", "", safe.safe_telephone)
    return len(number) >= MIN_DIGITS and number[-MIN_DIGITS:] in digits


def _needles(safe: SafeContact) -> Iterator[str]:
    if safe.safe_email != UNKNOWN:
        yield _plain(safe.safe_email)
    if safe.safe_address == UNKNOWN:
        return
    lines = map(_plain, _lines(_blanked(_folded(safe.safe_address))))
    yield from (line for line in lines if _NUMBER.search(line) and len(line) >= MIN_CHARS)
    whole = _plain(safe.safe_address)
    if len(whole) >= MIN_CHARS:
        yield whole


def _tells_house(address: str, text: str) -> bool:
    """Whether a text has a postcode of the address, and near it the house's number; its name, where it has none."""
    rest, others = _blanked(address), _blanked(text)
    numbers = set(_NUMBER.findall(rest))
    name = next((line for line in map(_plain, _lines(rest)) if len(line) >= MIN_CHARS), "")
    for outward, inward in _POSTCODE.findall(address):
        spelt = re.compile(r"\W*".join(outward + inward))
        for found in spelt.finditer(text):
            # The number's own digits alone: those of this postcode, and of every other, are none of a house.
            near = [one for one in _NUMBER.finditer(others) if 0 <= _between(one, found) <= NEAR]
            if numbers & {one.group() for one in near} or (not numbers and name and name in _plain(text)):
                return True
    return False


def _between(one: re.Match[str], other: re.Match[str]) -> int:
    """Return how many letters are between two places in a text; fewer than none where they overlap."""
    return max(one.start() - other.end(), other.start() - one.end())


def _lines(address: str) -> list[str]:
    return [line for part in address.split("\n") for line in part.split(",")]


def _blanked(text: str) -> str:
    """Return a folded text with a space for each letter of its postcodes: every other letter stays where it was."""
    return _POSTCODE.sub(lambda found: " " * len(found.group()), text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", text).casefold()


def _plain(text: str) -> str:
    return "".join(letter for letter in _folded(text) if letter.isalnum())


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield every text in a document, with its JSON pointer."""
    if isinstance(value, Part):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{pointer}/{name}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{index}")
    elif isinstance(value, str) and value != UNKNOWN:
        yield pointer, value
