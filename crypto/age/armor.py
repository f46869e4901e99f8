"""An age file as text for channels that carry no bytes: strict PEM. Source: c2sp.org/age, "ASCII armor"."""

from crypto import b64
from crypto.errors import Malformed

_COLUMNS = 64
_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
_END = "-----END AGE ENCRYPTED FILE-----"


def armor(file: bytes) -> str:
    """Return `file` as PEM text in lines of 64 columns."""
    body = b64.encode_padded(file)
    lines = [body[i : i + _COLUMNS] for i in range(0, len(body), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def dearmor(text: str) -> bytes:
    """Return the file in `text`; white space around it and CRLF are allowed, nothing else. Raises Malformed."""
    begin, *lines = text.strip(" \t\r\n").replace("\r\n", "\n").split("\n")
    if begin != _BEGIN or not lines or lines.pop() != _END:
        raise Malformed("not an armored age file")
    if any(len(line) != _COLUMNS for line in lines[:-1]) or not all(0 < len(line) <= _COLUMNS for line in lines[-1:]):
        raise Malformed("a line of the wrong length in an armored file")
    return b64.parse_padded("".join(lines))
