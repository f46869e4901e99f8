"""What remains of destroyed cases, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from broker.store import tables
from broker.store.transaction import Transaction


class SqlTombstones:
    """Signed tombstones; see repositories.Tombstones."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, case_hash: str, note: str, at: datetime) -> None:
        """Keep a tombstone; the same case hash again changes nothing."""
        insert = self._transaction.upsert(tables.tombstones).values(case_hash=case_hash, note=note, at=at)
        await self._transaction.run(insert.on_conflict_do_nothing(index_elements=["case_hash"]))

    async def unsettled(self) -> Mapping[str, str]:
        """Return the notes by case hash, oldest first, that are not known to be outside, or not cleared from files."""
        tombstones = tables.tombstones.c
        query = select(tombstones.case_hash, tombstones.note).where(tombstones.settled_at.is_(None))
        rows = await self._transaction.rows(query.order_by(tombstones.number))
        return {row.case_hash: row.note for row in rows}

    async def newest_at(self) -> datetime | None:
        """Return when the last case was destroyed, or None before the first."""
        tombstones = tables.tombstones.c
        newest: datetime | None = await self._transaction.value(
            select(tombstones.at).order_by(tombstones.number.desc()).limit(1)
        )
        return newest

    async def settle(self, case_hashes: Sequence[str], at: datetime) -> None:
        """Record that these destructions are done, outside the database and in its files too."""
        settled = update(tables.tombstones).where(tables.tombstones.c.case_hash.in_(case_hashes))
        await self._transaction.run(settled.values(settled_at=at))

    async def all(self) -> Sequence[str]:
        """Return the tombstone notes, oldest first."""
        query = select(tables.tombstones.c.note).order_by(tables.tombstones.c.number)
        return [row.note for row in await self._transaction.rows(query)]
