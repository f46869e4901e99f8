"""The payload of an age file: a nonce, then 64 KiB chunks, each authenticated. Source: c2sp.org/age, "Payload"."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.age.header import derive
from crypto.draw import draw_bytes
from crypto.errors import Tampered

CHUNK_BYTES = 65_536
_TAG_BYTES = 16
_NONCE_BYTES = 16
_ONLY_CHUNK = bytes(11) + b"\x01"  # the nonce of chunk 0 when it is the last
_COPYING = (io.BytesIO, io.FileIO, io.BufferedWriter, io.BufferedRandom)  # not what is derived from them


def encrypt_payload(file_key: bytes, plaintext: bytes) -> bytes:
    """Return the payload of `plaintext` under `file_key`, with a fresh nonce."""
    if len(plaintext) > CHUNK_BYTES:
        out = io.BytesIO()
        encrypt_chunks(file_key, io.BytesIO(plaintext), out)
        return out.getvalue()
    nonce = draw_bytes(_NONCE_BYTES)
    return nonce + _aead(file_key, nonce).encrypt(_ONLY_CHUNK, plaintext, None)


def decrypt_payload(file_key: bytes, payload: bytes) -> bytes:
    """Return the plaintext of `payload`, all of it authenticated. Raises Tampered."""
    if len(payload) > _NONCE_BYTES + CHUNK_BYTES + _TAG_BYTES:
        out = io.BytesIO()
        decrypt_chunks(file_key, io.BytesIO(payload), out)
        return out.getvalue()
    # A single chunk, as most documents are, needs no buffers of 64 KiB.
    aead = _aead(file_key, payload[:_NONCE_BYTES])
    try:
        return aead.decrypt(_ONLY_CHUNK, payload[_NONCE_BYTES:], None)
    except InvalidTag:
        raise Tampered("the payload was changed or cut short") from None


def encrypt_chunks(file_key: bytes, src: BinaryIO, dst: BinaryIO) -> None:
    """Write the payload of what `src` holds to `dst`, in constant memory.

    Raises BlockingIOError if either does not wait.
    """
    nonce = draw_bytes(_NONCE_BYTES)
    write_all(dst, nonce)
    aead = _aead(file_key, nonce)
    buffer = memoryview(bytearray(CHUNK_BYTES + _TAG_BYTES))
    for counter, chunk, last in _chunks(src, CHUNK_BYTES):
        written = aead.encrypt_into(_chunk_nonce(counter, last=last), chunk, None, buffer[: len(chunk) + _TAG_BYTES])
        write_all(dst, _to_keep(buffer[:written], dst))


def decrypt_chunks(file_key: bytes, src: BinaryIO, dst: BinaryIO) -> None:
    """Write the plaintext of the payload in `src` to `dst`, in constant memory.

    Raises Tampered; whatever was written before is authentic, but not the whole. Raises BlockingIOError if either does
    not wait.
    """
    nonce = _read_full(src, _NONCE_BYTES)
    if len(nonce) < _NONCE_BYTES:
        raise Tampered("the payload was cut short")
    aead = _aead(file_key, nonce)
    buffer = memoryview(bytearray(CHUNK_BYTES))
    for counter, chunk, last in _chunks(src, CHUNK_BYTES + _TAG_BYTES):
        room = len(chunk) - _TAG_BYTES
        if room < 0 or (room == 0 and counter > 0):
            raise Tampered("the payload was cut short")
        try:
            aead.decrypt_into(_chunk_nonce(counter, last=last), chunk, None, buffer[:room])
        except InvalidTag:
            raise Tampered("the payload was changed") from None
        write_all(dst, _to_keep(buffer[:room], dst))


def write_all(dst: BinaryIO, part: bytes | memoryview) -> None:
    """Write all of `part`, in as many goes as `dst` takes.

    Raises BlockingIOError if `dst` does not wait until it has room.
    """
    while part:
        written = dst.write(part)
        if not written:
            raise BlockingIOError("the target takes nothing more, and does not wait")
        part = part[written:]


def _to_keep(part: memoryview, dst: BinaryIO) -> bytes | memoryview:
    # The buffer is used again, and a target may keep what it is given; some have copied it when `write` returns.
    return part if type(dst) in _COPYING else bytes(part)


def _chunks(src: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    counter, chunk = 0, _read_full(src, size)
    while len(chunk) == size and (following := _read_full(src, size)):
        yield counter, chunk, False
        counter, chunk = counter + 1, following
    yield counter, chunk, True


def _read_full(src: BinaryIO, size: int) -> bytes:
    """Return `size` bytes, fewer only at the end: pipes and sockets hand out what they have."""
    parts, missing = [], size
    while missing and (part := src.read(missing)) != b"":
        if part is None:  # nothing for now is not the end: what was read so far would pass for the whole
            raise BlockingIOError("the source has nothing yet, and does not wait")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _aead(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(derive(file_key, nonce, b"payload"))


def _chunk_nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])
