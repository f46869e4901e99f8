"""What is sealed in an age file: document and submission note, padded; formats.md, section 5."""

import json

from crypto import utf8
from crypto.errors import Malformed

_BLOCK = 4_096
_LARGEST_BLOCKED = 65_536
_MEMBERS = ("document", "submission")


def encode_sealed(document: str, submission_note: str) -> bytes:
    """Return the plaintext to encrypt: `{"document":...,"submission":...}` and spaces up to the padded length.

    Raises Malformed if a text is not UTF-8 (a lone surrogate).
    Source: formats.md, section 5; strings are written as RFC 8785 writes them.
    """
    content = _encode_members(document, submission_note)
    return content.ljust(padded_length(len(content)))


def parse_sealed(plaintext: bytes) -> tuple[str, str]:
    """Return the document and the submission note; neither is verified here.

    Raises Malformed for any other encoding, length or padding.
    """
    content = plaintext.rstrip(b" ")
    if len(plaintext) != padded_length(len(content)):
        raise Malformed("the padding is not the one that its length demands")
    members = _parse_json(content)
    if not isinstance(members, dict) or tuple(members) != _MEMBERS:
        raise Malformed("what was sealed is no JSON object of document and submission")
    document, submission = members.values()
    if not isinstance(document, str) or not isinstance(submission, str):
        raise Malformed("a member of what was sealed is not text")
    if _encode_members(document, submission) != content:
        raise Malformed("what was sealed has a second spelling")
    return document, submission


def _parse_json(content: bytes) -> object:
    """Return what `content` says; None, which is never what was sealed, where it is no JSON."""
    try:
        return json.loads(content.decode())
    except (ValueError, RecursionError):
        return None  # nothing is raised here: an error keeps the one it was raised beside, and that one the plaintext


def padded_length(n: int) -> int:
    """Return the length that `n` bytes are padded to, so that it tells little of the content.

    Source: formats.md, section 5; Padme, Nikitin and others, "Reducing Metadata Leakage from Encrypted Files".
    """
    if n <= _LARGEST_BLOCKED:
        return -(-n // _BLOCK) * _BLOCK
    return padme(n)


def padme(n: int) -> int:
    """Return `n` rounded up so that no more than its leading bits show: at most 12 % more; for n >= 2."""
    exponent = n.bit_length() - 1
    zeros = exponent - exponent.bit_length()
    mask = (1 << zeros) - 1
    return (n + mask) & ~mask


def _encode_members(document: str, submission: str) -> bytes:
    members = dict(zip(_MEMBERS, (document, submission), strict=True))
    return utf8.encode(json.dumps(members, ensure_ascii=False, separators=(",", ":")))
