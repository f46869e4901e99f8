"""What to look for: the marks of a run's canaries in every encoding that software of ours is likely to write."""

import base64
import bz2
import gzip
import io
import json
import lzma
import quopri
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from urllib.parse import quote

from tests.journeys.canary.canaries import Canaries

_HEX = re.compile(r"(?<=[u%=x])[0-9a-f]+")
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def needles(canaries: Canaries) -> Mapping[bytes, str]:
    """Return byte strings, each with the name of its encoding; a canary in any of them holds one of these."""
    found: dict[bytes, str] = {}
    for text in (canaries.plain, canaries.plain.upper(), canaries.accented, canaries.accented.upper(), canaries.day):
        for name, raw in chain(_written(text), _escaped(text)):
            found.setdefault(raw, name)
    return found


def _written(text: str) -> Sequence[tuple[str, bytes]]:
    """Return the text's bytes by themselves, and as base64 and hex."""
    raws = [(name, text.encode(name)) for name in ("utf-8", *_WIDE)]
    raws.append(("decomposed", unicodedata.normalize("NFD", text).encode()))
    found = list(raws)
    for name, raw in raws[:3]:
        found += [(f"base64 of {name}", core) for core in _base64_cores(raw)]
        found += [(f"hex of {name}", raw.hex().encode()), (f"hex of {name}", raw.hex().upper().encode())]
    return found


def _base64_cores(raw: bytes) -> list[bytes]:
    """Return what base64 makes of `raw` at each of three alignments, less the characters that its neighbours change."""
    cores = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw)
        core = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        cores += [core, core.replace(b"+", b"-").replace(b"/", b"_")]
    return cores


def _escaped(text: str) -> Sequence[tuple[str, bytes]]:
    """Return the text with every character escaped: as in JSON, in addresses, in mail, in Python, in XML, in SQL."""
    raw = text.encode()
    forms = {
        "json": "".join(f"\\u{ord(letter):04x}" for letter in text),
        "percent": "".join(f"%{byte:02x}" for byte in raw),
        "quoted-printable": "".join(f"={byte:02x}" for byte in raw),
        "python": "".join(f"\\x{byte:02x}" for byte in raw),
        "octal": "".join(f"\\{byte:03o}" for byte in raw),
        "xml": "".join(f"&#{ord(letter)};" for letter in text),
        "xml in hex": "".join(f"&#x{ord(letter):x};" for letter in text),
        "numbers": ",".join(str(byte) for byte in raw),
        "numbers in json": ", ".join(str(byte) for byte in raw),
    }
    upper = {name: _HEX.sub(lambda found: found[0].upper(), form) for name, form in forms.items()}
    return [(name, form.encode()) for name, form in chain(forms.items(), upper.items())]


def plants(canary: str) -> Mapping[str, bytes]:
    """Return a canary as the standard library's own encoders write it, by name: each must be found.

    Not made with `needles`, so that a mistake there shows.
    """
    raw = canary.encode()
    said = {
        "utf-8": raw,
        "upper case": canary.upper().encode(),
        "decomposed": unicodedata.normalize("NFD", canary).encode(),
        "json": json.dumps({"name": canary}).encode(),
        "json, everything escaped": "".join(f"\\u{ord(letter):04X}" for letter in canary).encode(),
        "percent": quote(canary).encode(),
        "percent, everything": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "quoted-printable": quopri.encodestring(raw),
        "python": repr(raw).encode(),
        "octal": "".join(f"\\{byte:03o}" for byte in raw).encode(),
        "xml": canary.encode("ascii", "xmlcharrefreplace"),
        "list of numbers": json.dumps(list(raw)).encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "hex of utf-16": canary.encode("utf-16-le").hex().encode(),
    }
    said |= {name: canary.encode(name) for name in (*_WIDE, "utf-16")}
    for before in range(3):
        said[f"base64 at {before}"] = base64.b64encode(b"x" * before + raw)
        said[f"url-safe base64 at {before}"] = base64.urlsafe_b64encode(b"?" * before + raw)
        said[f"base64 of utf-16 at {before}"] = base64.b64encode(b"x" * before + canary.encode("utf-16-be"))
    return said | {name: compress(b"{" + raw + b"}" * 300) for name, compress in _COMPRESSORS.items()}


def _zipped(raw: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("said", raw)
    return packed.getvalue()


_COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib, fast": lambda raw: zlib.compress(raw, 1),
    "zlib, best, after something else": lambda raw: b"something else " + zlib.compress(raw, 9),
    "base64 in gzip": lambda raw: gzip.compress(base64.b64encode(raw)),
    "gzip in gzip": lambda raw: gzip.compress(gzip.compress(raw)),
    "zip": _zipped,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
