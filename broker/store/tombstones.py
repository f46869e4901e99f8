"""What remains of destroyed cases, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from broker.store import tables
from broker.store.transaction import Transaction


class SqlTombstones:
    """Signed tombstones; see ports.Tombstones."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, case_hash: str, note: str, at: datetime) -> None:
        """Keep a tombstone; the same case hash again changes nothing."""
        insert = self._transaction.upsert(tables.tombstones).values(case_hash=case_hash, note=note, at=at)
        await self._transaction.run(insert.on_conflict_do_nothing(index_elements=["case_hash"]))

    async def all(self) -> Sequence[str]:
        """Return the tombstone notes, oldest first."""
        query = select(tables.tombstones.c.note).order_by(tables.tombstones.c.number)
        return [row.note for row in await self._transaction.rows(query)]
