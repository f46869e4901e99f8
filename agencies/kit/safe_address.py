"""The safe contact may stand nowhere but in its own document: the kit looks before it sends, and stops.

Source: domain.md, "Keeping and destroying": safe addresses have been leaked to perpetrators by agencies.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN
from agencies.documents.safe_contact import SafeContact

SAFE: Final = "safe-contact"
MIN_CHARS: Final = 6  # of a line of an address: shorter ones ("Flat 2") stand in other addresses too
MIN_DIGITS: Final = 7  # of a telephone number; its last ones are compared, however its beginning is written
_POSTCODE: Final = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})\b")
_HOUSE: Final = re.compile(r"\d")


class SafeContactElsewhere(Exception):
    """A safe address, number or e-mail stands in another document too; `pointers` say where, never what."""

    def __init__(self, pointers: tuple[str, ...]) -> None:
        super().__init__(f"the safe contact stands outside its own document, at {', '.join(pointers)}")
        self.pointers = pointers


def check_kept_apart(documents: Mapping[str, Document], also: Sequence[SafeContact] = ()) -> None:
    """Return only if nothing of the safe contact among `documents`, nor of those in `also`, stands in another of them.

        also  what is known beside it of the same case; a correction of them is itself a safe contact, and may differ

    Compared without case, accents, spaces and punctuation: an address by its postcode with a number, by each longer
    line that has a number, and as a whole; a telephone number by its last digits.
    Raises SafeContactElsewhere.
    """
    own = documents.get(SAFE)
    every = [*also, own] if isinstance(own, SafeContact) else also
    elsewhere = tuple(
        f"/{name}{pointer}"
        for name, document in documents.items()
        if name != SAFE
        for pointer, text in _texts(document, "")
        if any(_gives_away(safe, text) for safe in every)
    )
    if elsewhere:
        raise SafeContactElsewhere(elsewhere)


def _gives_away(safe: SafeContact, text: str) -> bool:
    plain, digits = _plain(text), re.sub(r"\D", "", text)
    if any(needle in plain for needle in _needles(safe)):
        return True
    number = "" if safe.safe_telephone == UNKNOWN else re.sub(r"\D", "", safe.safe_telephone)
    return len(number) >= MIN_DIGITS and number[-MIN_DIGITS:] in digits


def _needles(safe: SafeContact) -> Iterator[str]:
    if safe.safe_email != UNKNOWN:
        yield _plain(safe.safe_email)
    if safe.safe_address == UNKNOWN:
        return
    lines = [line for part in safe.safe_address.split("\n") for line in part.split(",")]
    yield from (_plain(line) for line in lines if _HOUSE.search(line) and len(_plain(line)) >= MIN_CHARS)
    whole = _plain(safe.safe_address)
    if len(whole) >= MIN_CHARS:
        yield whole
    yield from ("".join(found) for found in _POSTCODE.findall(safe.safe_address.casefold()))


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum())


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
