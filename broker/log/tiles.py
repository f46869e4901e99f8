"""Stored tiles for crypto's pure functions, which want a plain function that returns a tile at once."""

from collections.abc import Callable
from typing import TypeVar

from broker.ports import Log
from crypto.errors import BadProof
from crypto.tlog import ReadTile

T = TypeVar("T")


class _NotReadYetError(Exception):
    def __init__(self, key: tuple[int, int]) -> None:
        super().__init__()
        self.key = key


async def with_tiles(log: Log, compute: Callable[[ReadTile], T]) -> T:
    """Return what `compute` makes of the stored tiles.

    `compute` must be pure: it begins anew for each tile it turns out to need, which are few.
    Raises what `compute` raises, and BadProof where the log lacks a tile.
    """
    held: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        try:
            return held[level, index]
        except KeyError:
            raise _NotReadYetError((level, index)) from None

    while True:
        try:
            return compute(read)
        except _NotReadYetError as missing:
            wanted = missing.key
        tile = await log.tile(*wanted)
        if tile is None:
            raise BadProof("the log lacks a tile")
        held[wanted] = tile
