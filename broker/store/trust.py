"""Delegations, registers, revocations and spent nonces, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Table, delete, func, select

from broker.errors import RegisterConflict
from broker.store import tables
from broker.store.transaction import Transaction
from crypto.note import hash_text, text_of


class SqlTrust:
    """Signed notes as received, verified by whoever reads them; see ports.Trust."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self) -> None:
        """Wait for other units that called this: the first delegation's row, which never changes, is locked."""
        first = tables.delegations.c
        await self._transaction.rows(self._transaction.locked(select(first.number).order_by(first.number).limit(1)))

    async def version(self) -> tuple[int, int, int]:
        """Return (newest delegation's number, newest register's number, count of revocations); 0 where none."""
        newest = [
            select(func.coalesce(func.max(tables.delegations.c.number), 0)).scalar_subquery(),
            select(func.coalesce(func.max(tables.registers.c.number), 0)).scalar_subquery(),
            select(func.count()).select_from(tables.revocations).scalar_subquery(),
        ]
        found = await self._transaction.rows(select(*newest))
        delegation, register, revocations = tuple(found[0])
        return int(delegation), int(register), int(revocations)

    async def delegations(self) -> Sequence[str]:
        """Return the delegation notes, oldest first."""
        return await self._notes(tables.delegations.c.note, tables.delegations.c.number)

    async def add_delegation(self, number: int, note: str) -> None:
        """Keep a delegation. A number that is there raises RegisterConflict."""
        await self._add_numbered(tables.delegations, {"number": number, "note": note})

    async def register(self) -> str | None:
        """Return the newest register note, or None."""
        registers = tables.registers.c
        newest: str | None = await self._transaction.value(
            select(registers.note).order_by(registers.number.desc()).limit(1)
        )
        return newest

    async def add_register(self, number: int, note: str, at: datetime) -> None:
        """Keep a register. A number that is there raises RegisterConflict."""
        await self._add_numbered(tables.registers, {"number": number, "note": note, "at": at})

    async def revocations(self) -> Sequence[str]:
        """Return the revocation notes, oldest first."""
        return await self._notes(tables.revocations.c.note, tables.revocations.c.number)

    async def add_revocation(self, key: str, note: str, at: datetime) -> None:
        """Keep a revocation beside those of the same key; the same note again changes nothing.

        Raises Malformed if it is not a note.
        """
        # By its text, not by its key: a revocation that came first must not keep out one that holds earlier.
        row = {"key": key, "hash": hash_text(text_of(note)), "note": note, "at": at}
        insert = self._transaction.upsert(tables.revocations).values(row)
        await self._transaction.run(insert.on_conflict_do_nothing(index_elements=["hash"]))

    async def spend_nonce(self, keyid: str, nonce: str, expires: datetime) -> bool:
        """Record a request's nonce; False if it was spent before."""
        insert = self._transaction.upsert(tables.nonces).values(keyid=keyid, nonce=nonce, expires=expires)
        return await self._transaction.run(insert.on_conflict_do_nothing()) == 1

    async def sweep_nonces(self, now: datetime) -> int:
        """Forget the nonces that expired before `now`; return how many."""
        return await self._transaction.run(delete(tables.nonces).where(tables.nonces.c.expires < now))

    async def _notes(self, note: Column[str], order: Column[int]) -> Sequence[str]:
        return [row.note for row in await self._transaction.rows(select(note).order_by(order))]

    async def _add_numbered(self, table: Table, row: dict[str, object]) -> None:
        insert = self._transaction.upsert(table).values(row)
        if await self._transaction.run(insert.on_conflict_do_nothing()) == 0:
            raise RegisterConflict("there is one with this number already")
