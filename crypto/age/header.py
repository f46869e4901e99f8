"""The textual header of an age file: stanzas that wrap the file key, and their MAC. Source: c2sp.org/age, "Header"."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto import b64
from crypto.errors import Malformed, Tampered

FILE_KEY_BYTES = 16
MAX_HEADER_BYTES = 131_072  # eighty hybrid recipients: bounds what a stranger can make us parse
_COLUMNS = 64
_VERSION = b"age-encryption.org/v1\n"
_STANZA = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)\n((?:[A-Za-z0-9+/]{64}\n)*)([A-Za-z0-9+/]{0,63})\n")
_MAC = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")
_MAC_MARK = b"---"


@dataclass(frozen=True, slots=True)
class Stanza:
    """One wrapping of the file key; its type, its other arguments, its body."""

    type_: str
    arguments: tuple[str, ...]
    body: bytes

    def encode(self) -> bytes:
        """Return the stanza as it stands in a header: the body in 64 columns, the last line shorter."""
        body = b64.encode_raw(self.body)
        lines = [body[i : i + _COLUMNS] for i in range(0, len(body) + 1, _COLUMNS)]
        return "\n".join([" ".join(("->", self.type_, *self.arguments)), *lines, ""]).encode("ascii")


@dataclass(frozen=True, slots=True)
class Header:
    """A header that follows the grammar; nothing in it is believed before `check_mac`."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    signed: bytes

    def check_mac(self, file_key: bytes) -> None:
        """Return only if the header is as its maker left it. Raises Tampered."""
        if not hmac.compare_digest(self.mac, _mac(file_key, self.signed)):
            raise Tampered("the header was changed")


def encode_header(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """Return the header of `stanzas` with its MAC under `file_key`. Raises Malformed if it is too large."""
    signed = _VERSION + b"".join(stanza.encode() for stanza in stanzas) + _MAC_MARK
    header = signed + b" " + b64.encode_raw(_mac(file_key, signed)).encode("ascii") + b"\n"
    if len(header) > MAX_HEADER_BYTES:
        raise Malformed("too many recipients for one header")
    return header


def parse_header(header: bytes) -> Header:
    """Return what `header` says, from its version line to its MAC line and not a byte more. Raises Malformed."""
    if len(header) > MAX_HEADER_BYTES or not header.startswith(_VERSION):
        raise Malformed("not the header of an age v1 file")
    stanzas, at = [], len(_VERSION)
    while match := _STANZA.match(header, at):
        type_, *arguments = match[1].decode("ascii").split(" ")
        body = b64.parse_raw((match[2].replace(b"\n", b"") + match[3]).decode("ascii"))
        stanzas.append(Stanza(type_, tuple(arguments), body))
        at = match.end()
    end = _MAC.fullmatch(header, at)
    if not stanzas or not end:
        raise Malformed("the header does not follow the grammar")
    mac = b64.parse_raw(end[1].decode("ascii"))
    return Header(tuple(stanzas), mac, header[: at + len(_MAC_MARK)])


def read_header(src: BinaryIO) -> bytes:
    """Return the header that `src` begins with, still to be parsed, and leave `src` at the payload.

    Raises Malformed if there is none, or none of an acceptable size.
    """
    lines = [src.readline(len(_VERSION))]
    if lines[0] != _VERSION:
        raise Malformed("not an age v1 file")
    room = MAX_HEADER_BYTES - len(_VERSION)
    # Stanza lines begin with "-> " or a base64 symbol: the first line that begins with "---" is the MAC's.
    while not lines[-1].startswith(_MAC_MARK):
        line = src.readline(room)
        if not line:
            raise Malformed("the header does not end")
        lines.append(line)
        room -= len(line)
    return b"".join(lines)


def derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """Return the 32-byte HKDF-SHA-256 key that age derives from `secret`; secret."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _mac(file_key: bytes, signed: bytes) -> bytes:
    return hmac.digest(derive(file_key, b"", b"header"), signed, hashlib.sha256)
