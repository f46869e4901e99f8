"""A made-up log: its key, its entries, and the tree that they should make."""

from collections.abc import Sequence

from broker.log.sequencer import sequence
from broker.ports import Store
from crypto.keys import SigningKey, generate_signing_key
from crypto.merkle import leaf_hash, root_from_leaves
from crypto.tlog import Checkpoint, parse_checkpoint
from tests.ports.makers import AREA, an_entry

ORIGIN = f"{AREA}/log"
LOG_KEY: SigningKey = generate_signing_key(ORIGIN)


async def logged(store: Store, count: int) -> None:
    """`count` more entries wait to be sequenced."""
    async with store.unit() as unit:
        for _ in range(count):
            await unit.log.append(an_entry())
        await unit.commit()


async def sequenced(store: Store, count: int, batch: int = 256) -> str:
    """`count` more entries are in the log; return its newest checkpoint."""
    await logged(store, count)
    while await sequence(store, LOG_KEY, ORIGIN, batch):
        pass
    return await newest(store)


async def newest(store: Store) -> str:
    """Return the newest signed checkpoint in the database."""
    async with store.reader() as unit:
        signed = (await unit.log.state()).checkpoint
    assert signed is not None
    return signed


async def leaves_of(store: Store) -> Sequence[bytes]:
    """Return the leaves in the log's order."""
    async with store.reader() as unit:
        size = (await unit.log.state()).size
        return [entry.leaf for entry in await unit.log.entries(0, size)]


async def expected(store: Store) -> Checkpoint:
    """Return the checkpoint that the entries' own order asks for, computed without a tile."""
    leaves = await leaves_of(store)
    return Checkpoint(ORIGIN, len(leaves), root_from_leaves([leaf_hash(leaf) for leaf in leaves]))


async def shown(store: Store) -> Checkpoint:
    """Return what the newest checkpoint says."""
    return parse_checkpoint(await newest(store), [LOG_KEY.verify_key])
