"""Text as bytes, where a lone surrogate (legal in JSON) must not surface as an error that quotes the text."""

from crypto.errors import Malformed


def encode(text: str) -> bytes:
    """Return `text` as UTF-8. Raises Malformed if it has no UTF-8 form."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("text that has no UTF-8 form") from None
