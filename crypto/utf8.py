"""Text as bytes, where a lone surrogate (legal in JSON) must not surface as an error that quotes the text."""

from contextlib import suppress

from crypto.errors import Malformed


def encode(text: str) -> bytes:
    """Return `text` as UTF-8. Raises Malformed if it has no UTF-8 form."""
    with suppress(UnicodeEncodeError):
        return text.encode("utf-8")
    # Raised out here: an error keeps the one it was raised beside, and Python's keeps the text.
    raise Malformed("text that has no UTF-8 form")


def decode(raw: bytes) -> str:
    """Return what `raw` says in UTF-8. Raises Malformed if it is not UTF-8."""
    with suppress(UnicodeDecodeError):
        return raw.decode("utf-8")
    raise Malformed("bytes that are not UTF-8")
