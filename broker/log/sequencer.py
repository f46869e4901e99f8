"""The sequencer: gives entries their place in the log and signs the new checkpoint."""

from collections.abc import Mapping, Sequence

from broker.log.tiles import with_tiles
from broker.ports import Log, Store
from broker.records import LoggedEntry, LogState
from crypto.keys import SigningKey
from crypto.merkle import leaf_hash
from crypto.tlog import Checkpoint, overlay, root_of, sign_checkpoint, tiles_after

TileKey = tuple[int, int]


async def sequence(store: Store, log_key: SigningKey, origin: str, batch: int = 256) -> int:
    """Give up to `batch` entries their place in the log; return how many, 0 also where another was faster.

    Indexes, tiles and the signed checkpoint are committed together. Raises StoreUnavailable.
    """
    # Looked at with a reader first: an idle log must not take the writer's turn.
    async with store.reader() as unit:
        if not await unit.log.unsequenced(1):
            return 0
    async with store.unit() as unit:
        # The state first, the entries after it. The other way round another sequencer could commit in between: the
        # swap would succeed on its state and log its entries a second time.
        old = await unit.log.state()
        entries = await unit.log.unsequenced(batch)
        if not entries:
            return 0
        tiles, tree = await _grow(unit.log, old.size, entries, origin)
        new = LogState(tree.size, sign_checkpoint(tree, log_key))
        if not await unit.log.advance(old, new, tiles):
            # The loser's checkpoint was signed, but leaves this function nowhere: no fork is ever shown.
            return 0
        await unit.log.index([entry.id for entry in entries], old.size)
        # A crash before this line leaves the log as it was; after it, only the copy outside the database is old.
        await unit.commit()
    return len(entries)


async def _grow(
    log: Log, old_size: int, entries: Sequence[LoggedEntry], origin: str
) -> tuple[Mapping[TileKey, bytes], Checkpoint]:
    hashes = [leaf_hash(entry.leaf) for entry in entries]
    size = old_size + len(hashes)
    tiles = await with_tiles(log, lambda read: tiles_after(old_size, hashes, read))
    root = await with_tiles(log, lambda read: root_of(size, overlay(tiles, read)))
    return tiles, Checkpoint(origin, size, root)
