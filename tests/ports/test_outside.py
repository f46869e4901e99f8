"""What is kept outside the database survives crashes, and a database put back in its place is found out."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Executable, delete, update

from broker.errors import BrokerError, LogShortened, StoreUnavailable
from broker.log.outside import Outside, copy_out
from broker.log.sequencer import sequence
from broker.log.startup import check_log
from broker.ports import Store, UnitOfWork
from broker.store import tables
from broker.store.engines import open_patient
from crypto.errors import BadSignature
from crypto.keys import VerifyKey, generate_signing_key
from crypto.tlog import Checkpoint, parse_checkpoint, sign_checkpoint
from tests.ports.log_makers import LOG_KEY, ORIGIN, logged, newest, sequenced

NEW_KEY = generate_signing_key(ORIGIN)
OURS = (NEW_KEY.verify_key, LOG_KEY.verify_key)  # the newest first, as the area gives them
NOTE = "marac/tombstone/v1\narea marac.area.example\n\n— marac.area.example/gateway made+up=\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where `outside` will be; nothing is there yet."""
    return tmp_path / "area" / "outside"


@pytest.fixture
def outside(folder: Path) -> Outside:
    """Return what is kept outside the database."""
    return Outside(folder)


def a_checkpoint(size: int, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, size, bytes([size]) * 32), LOG_KEY)


async def ours(_: UnitOfWork) -> tuple[VerifyKey, ...]:
    return OURS


async def check(store: Store, outside: Outside, origin: str = ORIGIN) -> None:
    async with store.reader() as unit:
        await check_log(unit.log, outside.checkpoint(), OURS, origin)


def test_nothing_is_kept_at_first(outside: Outside) -> None:
    assert outside.checkpoint() is None
    assert list(outside.tombstones()) == []


def test_the_newest_checkpoint_is_kept_and_never_a_shorter_one(outside: Outside, folder: Path) -> None:
    for size in (3, 7, 5, 7):
        outside.keep_checkpoint(a_checkpoint(size), OURS)
    assert outside.checkpoint() == a_checkpoint(7)
    assert {path.name for path in folder.iterdir()} == {"checkpoint", "lock"}


def test_a_checkpoint_that_our_log_did_not_sign_is_not_kept(outside: Outside) -> None:
    forged = sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), generate_signing_key(ORIGIN))
    with pytest.raises(BadSignature):
        outside.keep_checkpoint(forged, OURS)
    assert outside.checkpoint() is None


def test_a_crash_before_the_rename_leaves_the_older_checkpoint(outside: Outside, folder: Path) -> None:
    outside.keep_checkpoint(a_checkpoint(3), OURS)
    (folder / "checkpoint.new").write_text(a_checkpoint(4)[:20])
    assert outside.checkpoint() == a_checkpoint(3)
    outside.keep_checkpoint(a_checkpoint(5), OURS)
    assert outside.checkpoint() == a_checkpoint(5)


def test_files_and_folder_are_their_owners_alone(outside: Outside, folder: Path) -> None:
    outside.keep_checkpoint(a_checkpoint(3), OURS)
    outside.add_tombstones([NOTE])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_tombstones_are_appended_once_each(outside: Outside) -> None:
    other = NOTE.replace("area.example", "elsewhere.example")
    for note in (NOTE, other, NOTE):
        outside.add_tombstones([note])
    assert outside.tombstones() == [NOTE, other]


@pytest.mark.parametrize("torn", range(1, len(json.dumps(NOTE, ensure_ascii=False).encode()) + 1, 7))
def test_a_torn_tombstone_does_not_count_and_does_not_harm_the_next(outside: Outside, folder: Path, torn: int) -> None:
    outside.add_tombstones([NOTE])
    line = json.dumps(NOTE.replace("area.example", "torn.example"), ensure_ascii=False).encode()
    with (folder / "tombstones").open("ab") as file:
        file.write(line[:torn])
    assert outside.tombstones() == [NOTE]
    other = NOTE.replace("area.example", "elsewhere.example")
    outside.add_tombstones([other])
    assert outside.tombstones() == [NOTE, other]


@pytest.mark.parametrize("first", [0, 10])
@pytest.mark.parametrize("length", [1, 60, 120, 10_000])
def test_what_a_power_cut_left_as_nul_bytes_does_not_count_and_is_written_again(
    outside: Outside, folder: Path, first: int, length: int
) -> None:
    outside.add_tombstones([NOTE])
    synced = (folder / "tombstones").stat().st_size
    others = [NOTE.replace("area.example", f"{number}.example") for number in range(3)]
    outside.add_tombstones(others)
    written = (folder / "tombstones").read_bytes()
    cut = slice(synced + first, min(synced + first + length, len(written)))
    (folder / "tombstones").write_bytes(written[: cut.start] + bytes(cut.stop - cut.start) + written[cut.stop :])
    left = list(outside.tombstones())
    assert left[0] == NOTE
    assert left[1:] == others[len(others) + 1 - len(left) :], "the lines after the torn ones are whole"
    outside.add_tombstones(others)
    assert sorted(outside.tombstones()) == sorted([NOTE, *others])


@pytest.mark.parametrize("line", ["not JSON", "7", "[]"])
def test_a_whole_line_that_is_no_note_is_told(outside: Outside, folder: Path, line: str) -> None:
    outside.add_tombstones([NOTE])
    with (folder / "tombstones").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(BrokerError):
        outside.tombstones()


async def test_a_folder_that_takes_nothing_is_told_with_what_to_do_and_is_used_again_once_it_does(
    store: Store, outside: Outside, folder: Path
) -> None:
    signed = await sequenced(store, 3)
    _take_the_place_of(folder)
    for act in (lambda: outside.add_tombstones([NOTE]), outside.tombstones, outside.checkpoint):
        with pytest.raises(StoreUnavailable, match="make room there"):
            act()
    with pytest.raises(StoreUnavailable, match=r"\(E[A-Z]+\)"):
        await copy_out(store, outside, ours)
    _give_back(folder)
    await copy_out(store, outside, ours)
    assert outside.checkpoint() == signed


async def test_the_newest_checkpoint_of_the_database_is_copied_out(store: Store, outside: Outside) -> None:
    await copy_out(store, outside, ours)
    assert outside.checkpoint() is None
    signed = await sequenced(store, 3)
    await copy_out(store, outside, ours)
    await copy_out(store, outside, ours)
    assert outside.checkpoint() == signed


async def test_a_crash_between_commit_and_copy_is_accepted_and_mended(store: Store, outside: Outside) -> None:
    await sequenced(store, 300)
    await copy_out(store, outside, ours)
    await sequenced(store, 60)  # and here the process dies
    await check(store, outside)
    await copy_out(store, outside, ours)
    assert outside.checkpoint() == await newest(store)
    await check(store, outside)


async def test_a_crash_before_the_commit_leaves_both_as_they_were(store: Store, outside: Outside) -> None:
    await check(store, outside)
    await sequenced(store, 2)
    await copy_out(store, outside, ours)
    await logged(store, 2)  # waiting entries are no part of the log
    await check(store, outside)
    assert await sequence(store, LOG_KEY, ORIGIN) == 2
    await check(store, outside)


async def test_a_database_without_its_log_is_refused(store: Store, outside: Outside) -> None:
    outside.keep_checkpoint(a_checkpoint(3), OURS)
    with pytest.raises(LogShortened):
        await check(store, outside)


async def test_a_shorter_log_is_refused(store: Store, outside: Outside) -> None:
    tree = parse_checkpoint(await sequenced(store, 5), [LOG_KEY.verify_key])
    outside.keep_checkpoint(sign_checkpoint(Checkpoint(ORIGIN, 6, tree.root), LOG_KEY), OURS)
    with pytest.raises(LogShortened):
        await check(store, outside)


@pytest.mark.parametrize("size", [1, 4, 5])
async def test_another_log_of_the_same_length_or_more_is_refused(store: Store, outside: Outside, size: int) -> None:
    await sequenced(store, 5)
    outside.keep_checkpoint(a_checkpoint(size), OURS)
    with pytest.raises(LogShortened):
        await check(store, outside)


async def test_a_log_of_another_origin_is_refused(store: Store, outside: Outside) -> None:
    await sequenced(store, 5)
    await copy_out(store, outside, ours)
    with pytest.raises(LogShortened):
        await check(store, outside, "marac.elsewhere.example/log")


async def test_a_log_goes_on_with_a_new_key_where_the_old_one_signed_what_is_kept(
    store: Store, outside: Outside
) -> None:
    await sequenced(store, 5)
    await copy_out(store, outside, ours)
    await check(store, outside)
    await logged(store, 2)
    assert await sequence(store, NEW_KEY, ORIGIN) == 2
    await check(store, outside)
    await copy_out(store, outside, ours)
    assert parse_checkpoint(outside.checkpoint() or "", [NEW_KEY.verify_key]).size == 7
    await check(store, outside)


async def test_a_log_signed_by_another_key_is_refused(store: Store, outside: Outside) -> None:
    await logged(store, 5)
    await sequence(store, generate_signing_key(ORIGIN), ORIGIN)
    with pytest.raises(LogShortened):
        await check(store, outside)


async def test_a_state_that_is_not_its_checkpoint_is_refused(store: Store, database_url: str, outside: Outside) -> None:
    await sequenced(store, 5)
    await _change(database_url, update(tables.log_state).values(size=4))
    with pytest.raises(LogShortened):
        await check(store, outside)


async def test_lost_tiles_are_refused(store: Store, database_url: str, outside: Outside) -> None:
    await sequenced(store, 5)
    await copy_out(store, outside, ours)
    await sequenced(store, 5)
    await _change(database_url, delete(tables.tiles))
    with pytest.raises(LogShortened):
        await check(store, outside)


def _take_the_place_of(folder: Path) -> None:
    """Put a file where the folder must be: root, too, fails to write in it."""
    folder.parent.mkdir()
    folder.write_text("made up")


def _give_back(folder: Path) -> None:
    folder.unlink()


async def _change(url: str, statement: Executable) -> None:
    engine = open_patient(url)
    async with engine.begin() as connection:
        await connection.execute(statement)
    await engine.dispose()
