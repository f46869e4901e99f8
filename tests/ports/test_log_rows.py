"""The log's rows: entries, state, tiles and their destruction; on SQLite and on PostgreSQL."""

import asyncio
import json

from agencies.notes.leaf import leaf
from broker.ports import Store
from broker.records import LogState
from tests.ports.makers import HOUSING, a_ref, after, an_entry

START = LogState(0, None)


async def test_an_entry_rests_with_its_salt_and_the_leaf_that_commits_to_both(store: Store) -> None:
    entry = an_entry(a_ref())
    async with store.unit() as unit:
        await unit.log.append(entry)
        [logged] = await unit.log.unsequenced(9)
    assert (logged.id, logged.index, logged.encoded) == (entry.id, None, entry.encode())
    assert logged.encoded is not None
    assert logged.salt is not None
    assert logged.leaf == leaf(logged.encoded, logged.salt)


async def test_entries_wait_in_order_until_they_are_indexed(store: Store) -> None:
    entries = [an_entry() for _ in range(5)]
    async with store.unit() as unit:
        for entry in entries:
            await unit.log.append(entry)
        assert [one.id for one in await unit.log.unsequenced(3)] == [entry.id for entry in entries[:3]]
        await unit.log.index([entry.id for entry in entries[:3]], 0)
        assert [one.id for one in await unit.log.unsequenced(9)] == [entry.id for entry in entries[3:]]
        await unit.log.index([entry.id for entry in entries[3:]], 3)
        assert [(one.id, one.index) for one in await unit.log.entries(1, 4)] == [
            (entry.id, index) for index, entry in enumerate(entries) if 1 <= index < 4
        ]


async def test_many_entries_come_in_order_page_by_page(store: Store) -> None:
    entries = [an_entry() for _ in range(1003)]
    async with store.unit() as unit:
        for entry in entries:
            await unit.log.append(entry)
        await unit.log.index([entry.id for entry in entries], 0)
        assert [one.index for one in await unit.log.entries(0, 5000)] == list(range(1003))


async def test_the_state_moves_only_from_what_it_is(store: Store) -> None:
    one, two = LogState(1, "checkpoint one"), LogState(2, "checkpoint two")
    async with store.unit() as unit:
        assert await unit.log.state() == START
        assert await unit.log.advance(START, one, {(0, 0): b"one"})
        assert not await unit.log.advance(START, two, {(0, 0): b"two"})
        assert (await unit.log.state(), await unit.log.tile(0, 0)) == (one, b"one")
        assert await unit.log.advance(one, two, {(0, 0): b"one and two", (1, 0): b"above"})
        assert await unit.log.tile(0, 0) == b"one and two"
        assert await unit.log.tile(1, 0) == b"above"
        assert await unit.log.tile(1, 1) is None


async def test_of_two_that_advance_the_log_at_once_one_wins(store: Store) -> None:
    async def advance(name: str) -> bool:
        async with store.unit() as unit:
            old = await unit.log.state()
            await asyncio.sleep(0)
            won = old == START and await unit.log.advance(START, LogState(1, name), {(0, 0): name.encode()})
            if won:
                await unit.commit()
            return won

    names = ["one", "two", "three"]
    outcomes = await asyncio.gather(*(advance(name) for name in names))
    assert sorted(outcomes) == [False, False, True]
    winner = names[outcomes.index(True)]
    async with store.reader() as unit:
        assert await unit.log.state() == LogState(1, winner)
        assert await unit.log.tile(0, 0) == winner.encode()


async def test_the_newest_entry_of_an_event_is_found(store: Store) -> None:
    ref = a_ref()
    first, second = an_entry(ref, "schedule"), an_entry(ref, "schedule")
    async with store.unit() as unit:
        for entry in (first, second, an_entry(ref, "submit"), an_entry(a_ref(), "schedule")):
            await unit.log.append(entry)
        found = await unit.log.entry_of(ref, "schedule")
        assert await unit.log.entry_of(ref, "purge") is None
    assert found is not None
    assert found.id == second.id


async def test_expired_entries_lose_all_but_their_leaf(store: Store) -> None:
    gone, stays = a_ref(), a_ref()
    entries = [an_entry(gone), an_entry(stays), an_entry(gone)]
    async with store.unit() as unit:
        for entry in entries:
            await unit.log.append(entry)
        leaves = [one.leaf for one in await unit.log.unsequenced(9)]
        await unit.log.index([entry.id for entry in entries[:2]], 0)
        await unit.log.expire(gone, after(days=365), [HOUSING])
        assert await unit.log.sweep(after(days=364), 9) == 0
        # The third is not in the log yet: what witnesses cannot see yet is not destroyed.
        assert await unit.log.sweep(after(days=365), 9) == 1
        assert (await unit.log.entries(0, 1))[0].withheld_from == frozenset()
        emptied, kept = await unit.log.entries(0, 2)
        assert (emptied.encoded, emptied.salt, emptied.leaf) == (None, None, leaves[0])
        assert kept.encoded is not None
        assert json.loads(kept.encoded)["case"] == stays
        await unit.log.index([entries[2].id], 2)
        assert await unit.log.sweep(after(days=365), 9) == 1
        assert await unit.log.entry_of(gone, "submit") is None
