"""Every entry gets one place in the log, whoever sequences and whenever it commits; on SQLite and on PostgreSQL."""

import asyncio
from functools import partial
from itertools import pairwise

import pytest

from broker.log.sequencer import sequence
from broker.log.tiles import with_tiles
from broker.ports import Store
from crypto.errors import BadProof
from crypto.merkle import leaf_hash, verify_consistency, verify_inclusion
from crypto.tlog import consistency_proof, inclusion_proof, parse_checkpoint
from tests.ports.log_makers import LOG_KEY, ORIGIN, expected, leaves_of, logged, newest, sequenced, shown
from tests.ports.makers import an_entry


async def test_an_idle_log_stays_as_it_is(store: Store) -> None:
    assert await sequence(store, LOG_KEY, ORIGIN) == 0
    signed = await sequenced(store, 3)
    assert await sequence(store, LOG_KEY, ORIGIN) == 0
    assert await newest(store) == signed


async def test_a_round_takes_a_batch_and_signs_the_tree_it_makes(store: Store) -> None:
    await logged(store, 5)
    assert await sequence(store, LOG_KEY, ORIGIN, batch=3) == 3
    assert (await shown(store)).size == 3
    assert await sequence(store, LOG_KEY, ORIGIN, batch=3) == 2
    assert await shown(store) == await expected(store)


@pytest.mark.parametrize("batch", [7, 256, 300])
async def test_the_tree_is_right_across_the_edge_of_a_tile(store: Store, batch: int) -> None:
    await sequenced(store, 250, batch)
    await sequenced(store, 13, batch)
    await sequenced(store, 260, batch)
    assert await shown(store) == await expected(store)


async def test_every_checkpoint_is_proved_to_begin_the_next_one(store: Store) -> None:
    checkpoints = [
        parse_checkpoint(await sequenced(store, count), [LOG_KEY.verify_key]) for count in (1, 3, 255, 2, 60)
    ]
    for old, new in pairwise(checkpoints):
        async with store.reader() as unit:
            proof = await with_tiles(unit.log, partial(consistency_proof, old.size, new.size))
        verify_consistency(old.size, old.root, new.size, new.root, proof)


async def test_an_entry_is_proved_to_be_in_the_log(store: Store) -> None:
    await sequenced(store, 300)
    tree, leaves = await shown(store), await leaves_of(store)
    async with store.reader() as unit:
        proof = await with_tiles(unit.log, lambda read: inclusion_proof(258, tree.size, read))
        with pytest.raises(BadProof):
            await with_tiles(unit.log, lambda read: inclusion_proof(258, 10_000, read))
    verify_inclusion(leaf_hash(leaves[258]), 258, tree.size, proof, tree.root)


async def test_sequencers_at_once_neither_fork_nor_log_an_entry_twice(store: Store) -> None:
    await logged(store, 40)
    counts = await asyncio.gather(*(sequence(store, LOG_KEY, ORIGIN, batch=9) for _ in range(6)))
    while await sequence(store, LOG_KEY, ORIGIN):
        pass
    leaves = await leaves_of(store)
    assert len(leaves) == len(set(leaves)) == 40
    assert await shown(store) == await expected(store)
    assert max(counts) == 9


async def test_entries_written_while_sequencers_run_all_get_their_place(store: Store) -> None:
    writing = asyncio.gather(*(logged(store, 3) for _ in range(10)))

    async def sequence_meanwhile() -> None:
        while not writing.done():
            await sequence(store, LOG_KEY, ORIGIN, batch=4)

    await asyncio.gather(writing, sequence_meanwhile(), sequence_meanwhile())
    await sequenced(store, 0)
    leaves = await leaves_of(store)
    assert len(leaves) == len(set(leaves)) == 30
    assert await shown(store) == await expected(store)


@pytest.mark.servers
async def test_an_entry_that_commits_late_is_not_skipped(postgres_store: Store) -> None:
    store = postgres_store
    late = an_entry()
    async with store.unit() as unit:
        await unit.log.append(late)  # its number comes first, its commit last
        await sequenced(store, 5)
        await unit.commit()
    assert await sequence(store, LOG_KEY, ORIGIN) == 1
    async with store.reader() as unit:
        assert [entry.id for entry in await unit.log.entries(5, 6)] == [late.id]
    assert await shown(store) == await expected(store)
