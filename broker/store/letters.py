"""The embedded queue's letters, in SQL: delivery ids on their way; payloads stay where they are."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, exists, select, update

from agencies.names import DeliveryId, PartyId
from broker.records import Arrival, Letter
from broker.store import tables
from broker.store.transaction import Transaction


class SqlLetters:
    """The letters of the embedded queue; see repositories.Letters."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, letters: Sequence[Letter], at: datetime) -> None:
        """Keep letters, to be taken from `at` on; a letter id that is there changes nothing."""
        rows = [
            {
                "id": letter.id,
                "delivery": letter.delivery,
                "recipient": letter.recipient,
                "visible_at": at,
                "takings": 0,
                "holder": None,
                "dead": False,
            }
            for letter in letters
        ]
        await self._transaction.run(self._transaction.upsert(tables.letters).on_conflict_do_nothing(), rows)

    async def waiting(self, now: datetime, *, dead: bool) -> bool:
        """Whether a letter (a dead one) could be taken."""
        letters = tables.letters.c
        there = exists().where(letters.dead.is_(dead), letters.visible_at <= now)
        return bool(await self._transaction.value(select(there)))

    async def take(self, limit: int, holder: str, now: datetime, until: datetime, *, dead: bool) -> Sequence[Arrival]:
        """Let `holder` take up to `limit` letters (dead ones), oldest first; nobody else gets them before `until`."""
        letters = tables.letters.c
        query = (
            select(letters.id, letters.delivery, letters.recipient)
            .where(letters.dead.is_(dead), letters.visible_at <= now)
            .order_by(letters.visible_at, letters.id)
            .limit(limit)
        )
        rows = await self._transaction.rows(self._transaction.locked(query, skip_locked=True))
        await self._transaction.run(
            update(tables.letters)
            .where(letters.id.in_([row.id for row in rows]))
            .values(visible_at=until, holder=holder, takings=letters.takings + 1)
        )
        return [Arrival(DeliveryId(row.delivery), PartyId(row.recipient), row.id) for row in rows]

    async def bury(self, now: datetime, delivery_limit: int) -> None:
        """Letters that may be taken again and were taken more often than the limit allows are dead letters now."""
        letters = tables.letters.c
        worn = and_(letters.dead.is_(False), letters.visible_at <= now, letters.takings > delivery_limit)
        await self._transaction.run(update(tables.letters).where(worn).values(dead=True, holder=None))

    async def settle(self, tags: Sequence[str]) -> None:
        """Remove letters: they are in the mailbox, or recorded as dead."""
        await self._transaction.run(delete(tables.letters).where(tables.letters.c.id.in_(tags)))

    async def give_back(self, tags: Sequence[str], at: datetime) -> None:
        """Letters may be taken again from `at` on."""
        await self._transaction.run(
            update(tables.letters).where(tables.letters.c.id.in_(tags)).values(visible_at=at, holder=None)
        )

    async def let_go(self, holder: str, at: datetime) -> None:
        """Everything that `holder` took may be taken again from `at` on."""
        await self._transaction.run(
            update(tables.letters).where(tables.letters.c.holder == holder).values(visible_at=at, holder=None)
        )
