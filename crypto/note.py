"""Signed notes: a text, and who signed it. Source: c2sp.org/signed-note."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crypto import b64, utf8
from crypto.errors import BadSignature, Malformed
from crypto.keys import SigningKey, VerifyKey

MAX_NOTE_BYTES = 65_536
MAX_SIGNATURES = 64
_DASH = "\u2014 "  # em dash and a space open every signature line
_KEY_HASH_BYTES = 4
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
# What no key name holds: plus, and Unicode's White_Space, written out: no verdict hangs on the tables of one Python.
_NOT_IN_NAMES = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]")


@dataclass(frozen=True, slots=True)
class VerifiedNote:
    """A text that at least one trusted key has signed."""

    text: str
    signers: tuple[VerifyKey, ...]


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A line under a note as it stands there: a key's name, the four bytes of its hash, and its signature."""

    name: str
    key_hash: bytes
    raw: bytes


def sign(text: str, signers: Sequence[SigningKey], max_bytes: int = MAX_NOTE_BYTES) -> str:
    """Return the note of `text` with a signature line for each of `signers`, in that order.

    Raises Malformed if `text` cannot be the text of a note, nobody or too many sign, or it would be larger than
    `max_bytes`: what nobody would read is not signed.
    """
    _check_size(text, max_bytes)
    _check_text(text)
    if not 0 < len(signers) <= MAX_SIGNATURES:
        raise Malformed("a note needs a signature, and has room for 64")
    note = text + "\n" + "".join(_encode_signature(_signature_line(text, signer)) for signer in signers)
    _check_size(note, max_bytes)
    return note


def append_signature(note: str, signer: SigningKey) -> str:
    """Return `note` with one more signature line; the lines already there are not judged.

    Raises Malformed if it is not a note, has no room for the line, or holds a line of this key already.
    """
    return append_line(note, _signature_line(text_of(note), signer))


def append_line(note: str, line: SignatureLine) -> str:
    """Return `note` with `line` under it, for signatures of other kinds; none of the lines is judged.

    Raises Malformed as `append_signature` does.
    """
    lines = split(note)[1]
    if len(lines) >= MAX_SIGNATURES:
        raise Malformed("too many signatures")
    if any((line.name, line.key_hash) == (other.name, other.key_hash) for other in lines):
        raise Malformed("this key has signed already")
    signed = note + _encode_signature(line)
    _check_size(signed, MAX_NOTE_BYTES)
    return signed


def verify(note: str, trusted: Iterable[VerifyKey], type_: str, max_bytes: int = MAX_NOTE_BYTES) -> VerifiedNote:
    """Return the text of `note` and those of `trusted` whose signatures it carries.

        type_   what line 1 must say; signatures of other keys are ignored, as the specification demands

    Raises Malformed if it is not a note of that type; BadSignature if a trusted key's line does not
    verify, or none of them signed.
    Source: c2sp.org/signed-note, "Signatures".
    """
    text, signatures = split(note, max_bytes)
    if text.partition("\n")[0] != type_:
        raise Malformed("a note of another type than the one expected")
    known = {(key.name, key.key_hash): key for key in trusted}
    signers: dict[VerifyKey, None] = {}
    for line in signatures:
        key = known.get((line.name, line.key_hash))
        if key is not None:
            key.verify(text.encode(), line.raw)
            signers[key] = None
    if not signers:
        raise BadSignature("no trusted key signed the note")
    return VerifiedNote(text, tuple(signers))


def without_strangers(note: str, known: Iterable[VerifyKey], type_: str) -> str:
    """Return `note` with the signature lines of `known` alone: what else stands there is anybody's free text.

    Raises as `verify` does; every line that is left has verified.
    """
    verified = verify(note, known, type_)
    signers = {(key.name, key.key_hash) for key in verified.signers}
    kept = [line for line in split(note)[1] if (line.name, line.key_hash) in signers]
    return verified.text + "\n" + "".join(_encode_signature(line) for line in kept)


def split(note: str, max_bytes: int = MAX_NOTE_BYTES) -> tuple[str, tuple[SignatureLine, ...]]:
    """Return the text of `note` and its signature lines, nothing of it verified.

    Raises Malformed if it is not a note, or larger than `max_bytes`.
    """
    _check_size(note, max_bytes)
    return _parse(note)


def text_of(note: str, max_bytes: int = MAX_NOTE_BYTES) -> str:
    """Return the text of `note`, unverified: to look up which keys to trust, never to believe.

    Raises as `split` does.
    """
    return split(note, max_bytes)[0]


def hash_text(text: str) -> str:
    """Return `sha256:` and the padded base64 of the digest of `text` as UTF-8. Raises Malformed."""
    return hash_bytes(utf8.encode(text))


def hash_bytes(raw: bytes) -> str:
    """Return `sha256:` and the padded base64 of the digest of `raw`."""
    return "sha256:" + b64.encode_padded(hashlib.sha256(raw).digest())


def _signature_line(text: str, signer: SigningKey) -> SignatureLine:
    key = signer.verify_key
    return SignatureLine(key.name, key.key_hash, signer.sign(text.encode()))


def _encode_signature(line: SignatureLine) -> str:
    return f"{_DASH}{line.name} {b64.encode_padded(line.key_hash + line.raw)}\n"


def _parse(note: str) -> tuple[str, tuple[SignatureLine, ...]]:
    if _CONTROL.search(note):
        raise Malformed("a control character in a note")
    at = note.rfind("\n\n")
    text, rest = note[: at + 1], note[at + 2 :]
    _check_text(text)
    if not rest.endswith("\n"):
        raise Malformed("the note does not end in a signature line")
    if rest.count("\n") > MAX_SIGNATURES:
        raise Malformed("too many signatures")
    lines = rest[:-1].split("\n")
    return text, tuple(_parse_signature(line) for line in lines)


def _parse_signature(line: str) -> SignatureLine:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator:
        raise Malformed("not a signature line")
    if not name or _NOT_IN_NAMES.search(name):
        raise Malformed("not a key name in a signature line")
    raw = b64.parse_padded(encoded)
    if len(raw) <= _KEY_HASH_BYTES:
        raise Malformed("a signature line without a signature")
    return SignatureLine(name, raw[:_KEY_HASH_BYTES], raw[_KEY_HASH_BYTES:])


def _check_size(note: str, max_bytes: int) -> None:
    # By characters first, of which none is less than a byte: what is far too large is not even encoded.
    if len(note) > max_bytes or len(utf8.encode(note)) > max_bytes:
        raise Malformed("the note is too large")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise Malformed("the text of a note ends in a newline")
    if _CONTROL.search(text):
        raise Malformed("a control character in a note")
    if text.startswith('"'):  # the base of a request signature does: one key signs both, and never the same bytes
        raise Malformed("a note does not begin with a quotation mark")
