"""A machine with little memory left, for as long as a test needs it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGE_BYTES = resource.getpagesize()
_SPARE_BYTES = 256 * 2**20


@contextmanager
def little_memory() -> Iterator[None]:
    """Within it the process gets 256 MiB more, and no gibibyte."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (in_use + _SPARE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
