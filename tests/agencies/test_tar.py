"""The files of a pack as one stream: in time that grows with it, and within bounds whoever sends it."""

import time
from collections.abc import Iterator

import pytest

from agencies import tar
from agencies.tar import END, MAX_BYTES, MAX_FILE_BYTES, MAX_FILES, encode_member, read_members
from crypto.errors import Malformed


def test_files_come_back_however_the_stream_is_cut() -> None:
    files = {"one": b"1", "none": b"", "block": bytes(512), "more": bytes(range(256)) * 5}
    stream = b"".join(encode_member(*file) for file in files.items()) + END
    for size in (1, 7, 511, 512, 513, len(stream)):
        parts = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert dict(read_members(parts)) == files
    with pytest.raises(Malformed):
        list(read_members([stream, b"\0"]))


def test_many_files_in_one_part_take_no_longer_than_in_many() -> None:
    stream = encode_member("one", b"1") * MAX_FILES + END
    began = time.process_time()
    assert len(list(read_members([stream]))) == MAX_FILES
    assert time.process_time() - began < 15, "what is ahead is copied once for each file"


def test_more_files_than_a_stream_may_have_are_refused() -> None:
    with pytest.raises(Malformed, match="more files"):
        for _ in read_members(encode_member("one", b"") for _ in range(MAX_FILES + 1)):
            pass


def test_more_bytes_than_a_stream_may_have_are_refused_before_they_are_read() -> None:
    head, zeros, read = tar._header("large", MAX_FILE_BYTES), bytes(1 << 20), 0

    def parts() -> Iterator[bytes]:
        nonlocal read
        while True:
            for part in (head, *[zeros] * (MAX_FILE_BYTES >> 20)):
                read += len(part)
                yield part

    with pytest.raises(Malformed, match="too large"):
        for _ in read_members(parts()):
            pass
    assert read <= MAX_BYTES
