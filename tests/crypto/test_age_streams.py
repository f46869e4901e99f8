"""Sources and targets as systems have them: pipes that do not wait, sockets that take a part, writers that keep."""

import io
import os

import pytest

from crypto import age
from crypto.errors import Tampered

IDENTITY = age.generate_identity("classical")
PLAINTEXT = bytes(i % 251 for i in range(200_000))


class Sip(io.RawIOBase):
    """A target that takes at most 1,000 bytes at a time, as a socket may."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: bytes, /) -> int:  # type: ignore[override]  # bytes are all that is written
        self.taken += part[:1000]
        return min(len(part), 1000)


class Shelf(io.RawIOBase):
    """A target that keeps what it is given, to write it later."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def write(self, part: bytes, /) -> int:  # type: ignore[override]
        self.kept.append(part)
        return len(part)


class Full(io.RawIOBase):
    """A target without room that does not wait for any."""

    def write(self, _part: bytes, /) -> None:  # type: ignore[override]
        return None


def sealed(plaintext: bytes = PLAINTEXT) -> bytes:
    return age.encrypt(plaintext, [IDENTITY.recipient()])


def test_a_target_that_takes_a_part_at_a_time_gets_everything() -> None:
    written, opened = Sip(), Sip()
    age.encrypt_stream(io.BytesIO(PLAINTEXT), written, [IDENTITY.recipient()])
    assert age.decrypt(bytes(written.taken), [IDENTITY]) == PLAINTEXT
    age.decrypt_stream(io.BytesIO(sealed()), opened, [IDENTITY])
    assert opened.taken == PLAINTEXT


def test_what_a_target_keeps_does_not_change_afterwards() -> None:
    written, opened = Shelf(), Shelf()
    age.encrypt_stream(io.BytesIO(PLAINTEXT), written, [IDENTITY.recipient()])
    assert age.decrypt(b"".join(written.kept), [IDENTITY]) == PLAINTEXT
    age.decrypt_stream(io.BytesIO(sealed()), opened, [IDENTITY])
    assert b"".join(opened.kept) == PLAINTEXT


def test_a_target_that_takes_nothing_ends_it() -> None:
    with pytest.raises(BlockingIOError):
        age.encrypt_stream(io.BytesIO(PLAINTEXT), Full(), [IDENTITY.recipient()])
    with pytest.raises(BlockingIOError):
        age.decrypt_stream(io.BytesIO(sealed()), Full(), [IDENTITY])


@pytest.mark.parametrize("buffered", [True, False])
def test_a_source_that_has_nothing_yet_is_not_at_its_end(buffered: bool) -> None:
    """A file cut where the pipe happened to be empty would open, and be whole in nobody's eyes but its reader's."""
    for content, call in (
        (b"half of it", lambda src: age.encrypt_stream(src, io.BytesIO(), [IDENTITY.recipient()])),
        (sealed(b"short")[:-3], lambda src: age.decrypt_stream(src, io.BytesIO(), [IDENTITY])),
    ):
        out, into = os.pipe()
        os.set_blocking(out, False)
        os.write(into, content)
        with open(out, "rb", buffering=-1 if buffered else 0) as src, pytest.raises(BlockingIOError):
            call(src)
        os.close(into)


def test_a_pipe_that_waits_is_read_to_its_end() -> None:
    for content, expected in ((sealed(b"short"), b"short"), (sealed(b"short")[:-3], None)):
        out, into = os.pipe()
        os.write(into, content)
        os.close(into)
        opened = io.BytesIO()
        with open(out, "rb", buffering=0) as src:
            if expected is None:
                with pytest.raises(Tampered):
                    age.decrypt_stream(src, opened, [IDENTITY])
            else:
                age.decrypt_stream(src, opened, [IDENTITY])
                assert opened.getvalue() == expected
