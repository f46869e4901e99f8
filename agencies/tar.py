"""Files in one stream, as POSIX ustar in one spelling: any tar reads it, and what is read must be spelt just so."""

import tarfile
from collections.abc import Iterable, Iterator
from typing import Final

from crypto.errors import Malformed

END: Final = bytes(2 * tarfile.BLOCKSIZE)
MAX_FILE_BYTES: Final = 64 << 20
_NAME, _SIZE = slice(0, 100), slice(124, 135)


def encode_member(name: str, content: bytes) -> bytes:
    """Return one file as it stands in the stream: its header, its content, zeros up to a whole block."""
    return _header(name, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def read_members(parts: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of the stream that `parts` are; one at a time is in memory.

    Raises Malformed for anything but whole files that `encode_member` made, then `END`, then nothing.
    """
    stream = _Stream(parts)
    while (block := stream.take(tarfile.BLOCKSIZE)) != bytes(tarfile.BLOCKSIZE):
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
    """Parts of any length, taken as so many bytes at a time."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._ahead = b""

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes. Raises Malformed if there are fewer."""
        taken, length = [self._ahead], len(self._ahead)
        while length < size:
            part = next(self._parts, None)
            if part is None:
                raise Malformed("the stream ends too early")
            taken.append(part)
            length += len(part)
        whole = b"".join(taken)
        self._ahead = whole[size:]
        return whole[:size]

    def rest(self) -> bool:
        """Whether anything follows."""
        return bool(self._ahead) or any(self._parts)
