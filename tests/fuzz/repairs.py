"""Checksums, signatures and lengths put right, so that a changed input is read past the check that would stop it."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable

from agencies.sealed import padded_length
from crypto import merkle, tlog
from crypto.age.header import derive
from crypto.keys import SigningKey
from tests.fuzz.target import as_bytes, as_text

_SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_SYMBOLS = 6
_LF = b"\n"


def bech32_line(text: str) -> str:
    """Return `text` with the Bech32 checksum that it should have, in the case of the one it has. Source: BIP 173."""
    prefix, separator, rest = text.rpartition("1")
    symbols = rest[:-_CHECKSUM_SYMBOLS].lower()
    if not separator or not prefix.isascii() or set(symbols) - set(_SYMBOLS):
        return text
    lower = prefix.lower()
    values = [ord(c) >> 5 for c in lower] + [0] + [ord(c) & 31 for c in lower] + [_SYMBOLS.index(c) for c in symbols]
    checksum = 1
    for value in values + [0] * _CHECKSUM_SYMBOLS:
        top, checksum = checksum >> 25, (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            checksum ^= generator if top >> bit & 1 else 0
    right = "".join(_SYMBOLS[(checksum ^ 1) >> 5 * (5 - place) & 31] for place in range(_CHECKSUM_SYMBOLS))
    is_upper = rest[-_CHECKSUM_SYMBOLS:].isupper()
    return f"{prefix}1{rest[:-_CHECKSUM_SYMBOLS]}{right.upper() if is_upper else right}"


def bech32_lines(text: str) -> str:
    """Return `text` with the right checksum in every line that is not a comment."""
    return "\n".join(line if line.startswith("#") else bech32_line(line) for line in text.split("\n"))


def key_hash(text: str) -> str:
    """Return the vkey `text` with the hash that its name and key have. Source: c2sp.org/signed-note."""
    name, _, rest = text.partition("+")
    encoded = rest.partition("+")[2]
    try:
        typed = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return text
    return f"{name}+{hashlib.sha256(as_bytes(name) + _LF + typed).hexdigest()[:8]}+{encoded}"


def signed_by(*keys: SigningKey) -> Callable[[str], str]:
    """Return the repair of a note: its text, whatever it is, truly signed by `keys`."""

    def sign(note: str) -> str:
        end = note.rfind("\n\n")
        text = note if end < 0 else note[: end + 1]
        return text + "\n" + "".join(_signature_line(text, key) for key in keys)

    return sign


def cosigned_by(key: tlog.CosigningKey) -> Callable[[str], str]:
    """Return the repair of a cosigned checkpoint: its text cosigned by `key`, an Ed25519 one, at the time it says."""

    def cosign(note: str) -> str:
        end = note.rfind("\n\n")
        text = note if end < 0 else note[: end + 1]
        try:
            stated = base64.b64decode(note.rstrip("\n").rpartition(" ")[2])[4:12]
        except (binascii.Error, ValueError):
            stated = b""
        at = stated.rjust(8, b"\0")
        message = as_bytes(f"cosignature/v1\ntime {int.from_bytes(at, 'big')}\n{text}")
        signature = base64.b64encode(key.cosigner.key_hash + at + key.sign(message)).decode()
        return f"{text}\n\u2014 {key.cosigner.name} {signature}\n"

    return cosign


def in_each(separator: str, repair: Callable[[str], str]) -> Callable[[str], str]:
    """Return the repair of several texts with `separator` between them."""
    return lambda text: separator.join(map(repair, text.split(separator)))


def after_the_path(repair: Callable[[str], str]) -> Callable[[str], str]:
    """Return the repair of a log proof, whose last part is a note."""

    def repaired(text: str) -> str:
        head, separator, checkpoint = text.partition("\n\n")
        return head + separator + repair(checkpoint)

    return repaired


def header_mac(file_key: bytes) -> Callable[[bytes], bytes]:
    """Return the repair of an age file whose header wraps `file_key`: the MAC that its stanzas should have."""

    def repaired(raw: bytes) -> bytes:
        head, mark, rest = raw.partition(b"\n--- ")
        if not mark:
            return raw
        signed = head + mark[:-1]
        mac = hmac.digest(derive(file_key, b"", b"header"), signed, hashlib.sha256)
        return signed + b" " + base64.b64encode(mac).rstrip(b"=") + b"\n" + rest.partition(b"\n")[2]

    return repaired


def padding(raw: bytes) -> bytes:
    """Return what is to be sealed with as many spaces after it as its length demands."""
    content = raw.rstrip(b" ")
    return content.ljust(padded_length(len(content)))


def export_head(key: SigningKey, origin: str) -> Callable[[bytes], bytes]:
    """Return the repair of a log's export: a first line that signs the leaves that the other lines state."""

    def repaired(raw: bytes) -> bytes:
        lines = raw.split(b"\n")[1:]
        hashes = [merkle.leaf_hash(_stated_leaf(line)) for line in lines if line]
        checkpoint = tlog.Checkpoint(origin, len(hashes), merkle.root_from_leaves(hashes))
        signed = tlog.sign_checkpoint(checkpoint, key)
        head = {"v": 1, "origin": origin, "checkpoint": signed, "size": len(hashes)}
        return b"\n".join([json.dumps(head).encode(), *lines])

    return repaired


def _signature_line(text: str, key: SigningKey) -> str:
    public = key.verify_key
    signature = base64.b64encode(public.key_hash + key.sign(as_bytes(text))).decode()
    return f"\u2014 {public.name} {signature}\n"


def _stated_leaf(line: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(as_text(line))["leaf"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return b""
