"""The search: every byte of every file below a folder, the names of files, and what is inside of compressed streams."""

import bz2
import hashlib
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_MOST_INFLATED = 64 * 1024 * 1024
_DEEPEST = 3  # streams within streams


class _Inflater(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_STREAMS: Mapping[bytes, Callable[[], _Inflater]] = {
    b"\x1f\x8b\x08": lambda: zlib.decompressobj(31),
    **{bytes((0x78, level)): zlib.decompressobj for level in (0x01, 0x5E, 0x9C, 0xDA)},
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}
_ZIP_ENTRY = b"PK\x03\x04"
_ZEROS = re.compile(rb"\x00{64,}")
_FEW_ZEROS = bytes(64)


@dataclass(frozen=True)
class Finding:
    """Where a canary was found, and how it was written there."""

    place: str
    encoding: str

    def __str__(self) -> str:
        return f"{self.encoding} in {self.place}"


def search(needles: Mapping[bytes, str], folders: Iterable[Path]) -> list[Finding]:
    """Return what is found in the files below `folders`, in their names and in the targets of their links."""
    findings: list[Finding] = []
    seen: set[bytes] = set()  # a database server has three copies of most of its files
    for path in _below(folders):
        findings += [Finding(f"the name of {path}", encoding) for encoding in hits(needles, os.fsencode(path))]
        if path.is_symlink():
            findings += [Finding(f"the target of {path}", name) for name in hits(needles, os.fsencode(path.readlink()))]
        elif path.is_file():
            raw = _read(path)
            digest = hashlib.blake2b(raw).digest()
            if digest not in seen:
                findings += [Finding(str(path), encoding) for encoding in hits(needles, raw)]
                seen.add(digest)
    return findings


def hits(needles: Mapping[bytes, str], raw: bytes, depth: int = _DEEPEST) -> list[str]:
    """Return the encodings in which a canary stands in `raw`, or in a compressed stream that begins anywhere in it."""
    dense = _ZEROS.sub(_FEW_ZEROS, raw)  # databases reserve space by the megabyte
    found = [encoding for needle, encoding in needles.items() if needle in dense]
    if depth:
        for inflated in _inflated(raw):
            found += [f"{encoding}, compressed" for encoding in hits(needles, inflated, depth - 1)]
    return found


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_file():
            yield folder
        for place, names, files in os.walk(folder):
            yield from (Path(place, name) for name in (*names, *files))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a running server removes files too
        return b""


def _inflated(raw: bytes) -> Iterator[bytes]:
    for magic, inflater in _STREAMS.items():
        yield from (_inflate(inflater(), raw, at) for at in _all(raw, magic))
    for at in _all(raw, _ZIP_ENTRY):
        name, extra = (int.from_bytes(raw[at + place : at + place + 2], "little") for place in (26, 28))
        yield _inflate(zlib.decompressobj(-15), raw, at + 30 + name + extra)


def _inflate(inflater: _Inflater, raw: bytes, begin: int) -> bytes:
    """Return what a stream that begins at `begin` holds; one that breaks off is read up to there."""
    inflated = bytearray()
    try:
        for at in range(begin, len(raw), 4096):
            inflated += inflater.decompress(raw[at : at + 4096], _MOST_INFLATED)
            if len(inflated) > _MOST_INFLATED:
                break
    except (zlib.error, OSError, lzma.LZMAError, EOFError):
        pass
    return bytes(inflated)


def _all(raw: bytes, magic: bytes) -> Iterator[int]:
    at = raw.find(magic)
    while at >= 0:
        yield at
        at = raw.find(magic, at + 1)
