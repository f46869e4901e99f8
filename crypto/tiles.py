"""The log's tree as tiles of 256 hashes: where they are, how they grow. Source: c2sp.org/tlog-tiles, RFC 6962."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from crypto import merkle
from crypto.errors import BadProof, Malformed
from crypto.merkle import HASH_BYTES, MAX_TREE_SIZE, Hash, ReadNode

ReadTile: TypeAlias = Callable[[int, int], bytes]
"""`read_tile(level, index)`: the tile's hashes, one after the other; it may be wider than the tree asked about."""

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
_PATH = re.compile(r"tile/(0|[1-9]\d?)/((?:x\d{3}/){0,6}\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)  # 2**63 has 19 digits


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which tile: its level, its index within the level, and how many hashes it holds (1 to 256)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """`tile/<level>/<index in threes>[.p/<width>]`."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        threes = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        parts = "/".join([*("x" + three for three in threes[:-1]), threes[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{parts}{partial}"


def parse_tile_path(path: str) -> Tile:
    """Return the tile that `path` names. Raises Malformed unless it is the one way to name it."""
    match = _PATH.fullmatch(path)
    if not match:
        raise Malformed("not a tile path")
    index = int(match[2].replace("/", "").replace("x", ""))
    tile = Tile(int(match[1]), index, int(match[3] or TILE_WIDTH))
    if tile.level > MAX_LEVEL or tile.index > MAX_TREE_SIZE or tile.width > TILE_WIDTH or tile.path != path:
        raise Malformed("not a tile path")
    return tile


def tiles_of(size: int) -> list[Tile]:
    """Return every tile of the tree of `size` leaves, level by level. Raises BadProof for a size that no tree has."""
    _check_size(size)
    tiles, level, count = [], 0, size
    while count:
        whole, rest = divmod(count, TILE_WIDTH)
        tiles += [Tile(level, index) for index in range(whole)]
        tiles += [Tile(level, whole, rest)] if rest else []
        level, count = level + 1, whole
    return tiles


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes that tile holds in the tree of `size` leaves; 0 where there is none.

    Raises BadProof for a size that no tree has, or a place that no tile has.
    """
    _check_size(size)
    if level < 0 or index < 0:
        raise BadProof("no such tile in any tree")
    hashes = size >> TILE_HEIGHT * level
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tiles_after(old_size: int, new_leaf_hashes: Sequence[Hash], read_tile: ReadTile) -> dict[tuple[int, int], bytes]:
    """Return the tiles that change, by level and index, when the leaves join the tree of `old_size`.

    Pure: storing them, and only then signing the new root, is the caller's. A tile that a crash left
    wider than `old_size` asks for is cut back, so appending again after the crash gives the same tree.
    Raises BadProof if a stored tile is too narrow for `old_size`, or no tree has that size.
    """
    _check_size(old_size + len(new_leaf_hashes) if old_size >= 0 else old_size)
    changed: dict[tuple[int, int], bytes] = {}
    level, start, hashes = 0, old_size, list(new_leaf_hashes)
    while hashes:
        first, kept = divmod(start, TILE_WIDTH)
        row = (_prefix(read_tile(level, first), kept) if kept else b"") + b"".join(hashes)
        tiles = [row[i : i + TILE_WIDTH * HASH_BYTES] for i in range(0, len(row), TILE_WIDTH * HASH_BYTES)]
        changed.update({(level, first + i): tile for i, tile in enumerate(tiles)})
        hashes = [_tile_root(tile) for tile in tiles if len(tile) == TILE_WIDTH * HASH_BYTES]
        level, start = level + 1, first
    return changed


def overlay(tiles: Mapping[tuple[int, int], bytes], read_tile: ReadTile) -> ReadTile:
    """Return a reader that finds `tiles` first: to compute the new root before anything is stored."""

    def read(level: int, index: int) -> bytes:
        tile = tiles.get((level, index))
        return read_tile(level, index) if tile is None else tile

    return read


def root_of(size: int, read_tile: ReadTile) -> Hash:
    """Return the root of the tree of `size` leaves. Raises BadProof if a tile is too narrow, or none has that size."""
    _check_size(size)
    return merkle.root_of(size, _node_reader(read_tile))


def inclusion_proof(index: int, size: int, read_tile: ReadTile) -> list[Hash]:
    """Return the path from leaf `index` to the root of the tree of `size`. Raises BadProof."""
    return merkle.inclusion_path(index, size, _node_reader(read_tile))


def consistency_proof(old: int, new: int, read_tile: ReadTile) -> list[Hash]:
    """Return the path from the tree of `old` leaves to that of `new`. Raises BadProof."""
    return merkle.consistency_path(old, new, _node_reader(read_tile))


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_TREE_SIZE:
        raise BadProof("no tree has that size")


def _node_reader(read_tile: ReadTile) -> ReadNode:
    read_once = lru_cache(maxsize=None)(read_tile)  # neighbouring nodes of one proof share their tile

    def read_node(level: int, index: int) -> Hash:
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, offset = divmod(index << height, TILE_WIDTH)
        end = offset + (1 << height)
        return _tile_root(_prefix(read_once(tile_level, tile_index), end)[offset * HASH_BYTES :])

    return read_node


def _tile_root(hashes: bytes) -> Hash:
    return merkle.root_from_leaves([hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)])


def _prefix(tile: bytes, width: int) -> bytes:
    if len(tile) < width * HASH_BYTES:
        raise BadProof("a tile is narrower than its tree")
    return tile[: width * HASH_BYTES]
