"""The log as tiles: the specification's own numbers, growth, crashes. c2sp.org/tlog-tiles."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import merkle, tlog
from crypto.errors import BadProof, Malformed
from crypto.merkle import Hash
from crypto.tlog import Tile

HASHES = [merkle.leaf_hash(b"made up %d" % i) for i in range(70_000)]
batches = st.lists(st.sampled_from([1, 2, 3, 17, 255, 256, 257, 300, 1000]), min_size=1, max_size=8)


class Store:
    """Tiles as a log keeps them."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        return self.tiles[level, index]

    def append(self, leaf_hashes: Sequence[Hash]) -> None:
        self.tiles |= tlog.tiles_after(self.size, leaf_hashes, self.read)
        self.size += len(leaf_hashes)


def grown(size: int) -> Store:
    store = Store()
    store.append(HASHES[:size])
    return store


LARGE = grown(70_000)


@settings(max_examples=12)
@given(batches)
def test_a_log_grown_in_any_batches_has_the_same_tiles_and_the_root_of_its_leaves(sizes: list[int]) -> None:
    store = Store()
    for size in sizes:
        store.append(HASHES[store.size : store.size + size])
        assert tlog.root_of(store.size, store.read) == merkle.root_from_leaves(HASHES[: store.size])
    assert store.tiles == grown(store.size).tiles
    assert {(tile.level, tile.index): tile.width * 32 for tile in tlog.tiles_of(store.size)} == {
        at: len(tile) for at, tile in store.tiles.items()
    }


def test_the_specification_s_seventy_thousand_leaves_are_these_tiles() -> None:
    tiles = tlog.tiles_of(70_000)
    assert [tile.path for tile in tiles if tile.width < 256] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert len([tile for tile in tiles if tile.level == 0]) == 274
    assert len([tile for tile in tiles if tile.level == 1]) == 2
    assert [tile.path for tile in tlog.tiles_of(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert tlog.tiles_of(0) == []


@given(st.integers(0, 10**7), st.integers(0, 4), st.integers(0, 300))
def test_widths_agree_with_the_list_of_tiles(size: int, level: int, index: int) -> None:
    hashes = size // 256**level
    expected = 256 if index < hashes // 256 else hashes % 256 if index == hashes // 256 else 0
    assert tlog.tile_width(level, index, size) == expected


@pytest.mark.parametrize("size", [-1, 2**63, 2**5000])
def test_a_size_that_no_tree_has_is_refused_at_once(size: int) -> None:
    for call in (
        lambda: tlog.tiles_of(size),
        lambda: tlog.tile_width(0, 0, size),
        lambda: tlog.root_of(size, lambda *_: bytes(8192)),
        lambda: tlog.tiles_after(size, [bytes(32)], lambda *_: bytes(8192)),
    ):
        with pytest.raises(BadProof, match="no tree has that size"):
            call()


@pytest.mark.parametrize(("level", "index"), [(-1, 0), (0, -1)])
def test_a_place_that_no_tile_has_is_refused(level: int, index: int) -> None:
    with pytest.raises(BadProof, match="no such tile"):
        tlog.tile_width(level, index, 1)


@given(st.integers(0, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_a_tile_path_round_trips(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert tlog.parse_tile_path(tile.path) == tile


def test_the_specification_s_index_is_written_as_it_says() -> None:
    assert Tile(3, 1_234_067).path == "tile/3/x001/x234/067"
    assert tlog.parse_tile_path("tile/3/x001/x234/067").index == 1_234_067


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/٠٠٠",
        "tile/-1/000",
        "tile/0/000\n",
        "tile/0/x000",
        "tile/0/../000",
        Tile(0, 2**63).path,
        "tile/0/" + "x001/" * 7 + "000",
        "tile/0/" + "x001/" * 1500 + "000",  # more digits than Python turns into a number
    ],
)
def test_a_tile_has_one_path(path: str) -> None:
    with pytest.raises(Malformed):
        tlog.parse_tile_path(path)


@settings(max_examples=40)
@given(st.integers(1, 70_000), st.data())
def test_proofs_from_tiles_hold_at_every_size_the_log_ever_had(size: int, data: st.DataObject) -> None:
    """The stored tiles are those of 70,000 leaves: wider than an earlier tree asks for."""
    index = data.draw(st.integers(0, size - 1))
    root = tlog.root_of(size, LARGE.read)
    merkle.verify_inclusion(HASHES[index], index, size, tlog.inclusion_proof(index, size, LARGE.read), root)
    later = data.draw(st.integers(size, 70_000))
    path = tlog.consistency_proof(size, later, LARGE.read)
    merkle.verify_consistency(size, root, later, tlog.root_of(later, LARGE.read), path)


@settings(max_examples=30)
@given(st.integers(0, 1200), st.integers(1, 600), st.integers(1, 600))
def test_tiles_left_by_a_crash_before_the_checkpoint_do_no_harm(old: int, lost: int, kept: int) -> None:
    store = grown(old)
    store.tiles |= tlog.tiles_after(old, HASHES[-lost:], store.read)  # stored, never signed
    store.append(HASHES[old : old + kept])
    assert tlog.root_of(store.size, store.read) == merkle.root_from_leaves(HASHES[: store.size])


def test_the_new_root_is_known_before_anything_is_stored() -> None:
    store = grown(300)
    tiles = tlog.tiles_after(300, HASHES[300:700], store.read)
    root = tlog.root_of(700, tlog.overlay(tiles, store.read))
    assert root == merkle.root_from_leaves(HASHES[:700])
    assert store.tiles == grown(300).tiles


def test_appending_nothing_changes_nothing() -> None:
    assert tlog.tiles_after(300, [], grown(300).read) == {}


def test_a_tile_narrower_than_its_tree_is_a_bad_proof_not_a_wrong_one() -> None:
    store = grown(300)
    store.tiles[0, 1] = store.tiles[0, 1][:-1]
    with pytest.raises(BadProof, match="narrower"):
        tlog.root_of(300, store.read)
    with pytest.raises(BadProof, match="narrower"):
        tlog.tiles_after(300, HASHES[300:301], store.read)


def test_a_proof_reads_each_tile_once() -> None:
    read: list[tuple[int, int]] = []

    def counting(level: int, index: int) -> bytes:
        read.append((level, index))
        return LARGE.read(level, index)

    tlog.inclusion_proof(69_999, 70_000, counting)
    assert len(read) == len(set(read)) <= 6
