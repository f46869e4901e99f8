"""Files in one stream, as POSIX ustar in one spelling: any tar reads it, and what is read must be spelt just so."""

import tarfile
from collections.abc import Iterable, Iterator
from typing import Final

from crypto.errors import Malformed

END: Final = bytes(2 * tarfile.BLOCKSIZE)
MAX_FILE_BYTES: Final = 64 << 20
MAX_FILES: Final = 16_384
MAX_BYTES: Final = 512 << 20  # of the whole stream
_NAME, _SIZE = slice(0, 100), slice(124, 135)


def encode_member(name: str, content: bytes) -> bytes:
    """Return one file as it stands in the stream: its header, its content, zeros up to a whole block."""
    return _header(name, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def read_members(parts: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of the stream that `parts` are; one at a time is in memory.

    Raises Malformed for anything but whole files that `encode_member` made, then `END`, then nothing; and for more
    than MAX_FILES files or MAX_BYTES bytes, whoever sends them and whatever is kept of them.
    """
    stream, files = _Stream(parts), 0
    while (block := stream.take(tarfile.BLOCKSIZE)) != bytes(tarfile.BLOCKSIZE):
        files += 1
        if files > MAX_FILES:
            raise Malformed("more files than a stream may have")
        name, size = _parse(block)
        content = stream.take(size)
        if any(stream.take(-size % tarfile.BLOCKSIZE)):
            raise Malformed("something between two files")
        yield name, content
    if any(stream.take(tarfile.BLOCKSIZE)) or stream.rest():
        raise Malformed("something after the last file")


def _header(name: str, size: int) -> bytes:
    head = tarfile.TarInfo(name)
    head.size, head.mode = size, 0o600
    return head.tobuf(tarfile.USTAR_FORMAT)


def _parse(block: bytes) -> tuple[str, int]:
    try:
        name, size = block[_NAME].rstrip(b"\0").decode("ascii"), int(block[_SIZE], 8)
    except ValueError:
        raise Malformed("not the header of a file") from None
    if not 0 <= size <= MAX_FILE_BYTES or _header(name, size) != block:
        raise Malformed("a file that is too large, or a header of another spelling")
    return name, size


class _Stream:
    """Parts of any length, taken as so many bytes at a time; each byte is copied twice at most."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._part = b""
        self._at = 0  # where in the part that follows begins
        self._left = MAX_BYTES

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes. Raises Malformed if there are fewer, or too many were taken before."""
        self._left -= size
        if self._left < 0:
            raise Malformed("a stream that is too large")
        taken = bytearray()
        while len(taken) < size:
            if self._at == len(self._part):
                part = next(self._parts, None)
                if part is None:
                    raise Malformed("the stream ends too early")
                self._part, self._at = part, 0
            ends = min(self._at + size - len(taken), len(self._part))
            taken += memoryview(self._part)[self._at : ends]
            self._at = ends
        return bytes(taken)

    def rest(self) -> bool:
        """Whether anything follows."""
        return self._at < len(self._part) or any(self._parts)
