"""The textual header of an age file: stanzas that wrap the file key, and their MAC. Source: c2sp.org/age, "Header"."""

import re
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto import b64
from crypto.errors import Malformed, Tampered

FILE_KEY_BYTES = 16
MAX_HEADER_BYTES = 131_072  # eighty hybrid recipients: bounds what a stranger can make us parse
_COLUMNS = 64
_NEWLINE = "\n"
_SHA256 = SHA256()
_VERSION = b"age-encryption.org/v1\n"
# A stanza, and the MAC line if it follows. The words of its first line are of visible ASCII, with one space between.
_STANZA = re.compile(
    rb"-> ([!-~]+(?: [!-~]+)*)\n"
    rb"((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63})\n"
    rb"(?:--- ([A-Za-z0-9+/]{43})\n)?"
)
_MAC_MARK = b"---"
_MAC_END_BYTES = 45  # a space, 43 symbols and the end of the line: what the MAC does not cover


class Stanza(NamedTuple):
    """One wrapping of the file key; its type, its other arguments, its body."""

    type_: str
    arguments: tuple[str, ...]
    body: bytes

    def encode(self) -> bytes:
        """Return the stanza as it stands in a header: the body in 64 columns, the last line shorter."""
        return self.text().encode("ascii")

    def text(self) -> str:
        """Return what `encode` does, as text."""
        body = b64.encode_raw(self.body)
        lines = [body[i : i + _COLUMNS] for i in range(0, len(body) + 1, _COLUMNS)]
        return f"-> {' '.join((self.type_, *self.arguments))}\n{_NEWLINE.join(lines)}\n"


class Header(NamedTuple):
    """A header that follows the grammar, and its length; nothing in it is believed before `check_mac`."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    signed: bytes
    n_bytes: int

    def check_mac(self, file_key: bytes) -> None:
        """Return only if the header is as its maker left it. Raises Tampered."""
        try:
            _mac(file_key, self.signed).verify(self.mac)
        except InvalidSignature:
            raise Tampered("the header was changed") from None


def encode_header(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """Return the header of `stanzas` with its MAC under `file_key`. Raises Malformed if it is too large."""
    signed = _VERSION + "".join([stanza.text() for stanza in stanzas]).encode("ascii") + _MAC_MARK
    header = signed + b" " + b64.encode_raw(_mac(file_key, signed).finalize()).encode("ascii") + b"\n"
    if len(header) > MAX_HEADER_BYTES:
        raise Malformed("too many recipients for one header")
    return header


def parse_header(header: bytes) -> Header:
    """Return what `header` says, from its version line to its MAC line and not a byte more. Raises Malformed."""
    parsed = parse_beginning(header)
    if parsed.n_bytes != len(header):
        raise Malformed("something follows the header")
    return parsed


def parse_beginning(file: bytes) -> Header:
    """Return the header that `file` begins with, whatever follows it. Raises Malformed."""
    if not file.startswith(_VERSION):
        raise Malformed("not an age v1 file")
    stanzas, at, mac = [], len(_VERSION), None
    while not mac:
        match = _STANZA.match(file, at, MAX_HEADER_BYTES)
        if not match:
            raise Malformed("the header does not follow the grammar")
        line, body, mac = match.groups()
        stanzas.append(_parse_stanza(line, body))
        at = match.end()
    return Header(tuple(stanzas), b64.parse_raw(mac.decode("ascii")), file[: at - _MAC_END_BYTES], at)


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
    return HKDF(_SHA256, 32, salt, info).derive(secret)


def _parse_stanza(line: bytes, lines: bytes) -> Stanza:
    type_, *arguments = line.decode("ascii").split(" ")
    return Stanza(type_, tuple(arguments), b64.parse_raw(lines.replace(b"\n", b"").decode("ascii")))


def _mac(file_key: bytes, signed: bytes) -> HMAC:
    mac = HMAC(derive(file_key, b"", b"header"), _SHA256)
    mac.update(signed)
    return mac
