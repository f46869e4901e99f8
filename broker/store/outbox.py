"""The outbox, in SQL: what is committed and not yet in the recipients' mailboxes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, literal, select, update

from agencies.names import DeliveryId, PartyId
from broker.lifecycle import DeliveryState
from broker.records import Letter
from broker.store import tables
from broker.store.transaction import Transaction
from crypto.draw import draw_bytes

# Above this the queue carries the delivery's id alone: RabbitMQ keeps bodies in memory.
LARGEST_BODY_BYTES = 256 * 1024
_ACCEPTED = DeliveryState.ACCEPTED.value
_UNDERWAY = (_ACCEPTED, DeliveryState.DEAD_LETTERED.value)


class SqlOutbox:
    """What is committed and not yet in the recipients' mailboxes; see ports.Outbox."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def take(self, limit: int) -> Sequence[Letter]:
        """Return the letters to publish, urgent ones first, locked, skipping locked rows; each take draws new ids."""
        outbox, deliveries, messages = tables.outbox.c, tables.deliveries.c, tables.messages.c
        small = messages.payload_length <= LARGEST_BODY_BYTES
        body = case((small, tables.payloads.c.payload), else_=literal(b"")).label("body")
        query = (
            select(deliveries.id, deliveries.recipient, body)
            .select_from(tables.outbox)
            .join(tables.deliveries, outbox.delivery == deliveries.id)
            .join(tables.messages, deliveries.message == messages.id)
            .join(tables.payloads, tables.payloads.c.message == messages.id)
            .order_by(deliveries.urgent.desc(), outbox.number)
            .limit(limit)
        )
        rows = await self._transaction.rows(self._transaction.locked(query, of=tables.outbox, skip_locked=True))
        return [
            Letter(
                id=draw_bytes(16).hex(), delivery=DeliveryId(row.id), recipient=PartyId(row.recipient), body=row.body
            )
            for row in rows
        ]

    async def sent(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Remove the outbox rows of published deliveries and record when they were published."""
        await self._update(tables.deliveries.c.id.in_(deliveries), published_at=at)
        await self._transaction.run(delete(tables.outbox).where(tables.outbox.c.delivery.in_(deliveries)))

    async def arrived(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Mark deliveries available in the mailbox; repeats and unknown ids change nothing.

        One that was dead-lettered before has arrived after all.
        """
        await self._update(_in_state(_UNDERWAY, deliveries), state=DeliveryState.WAITING.value, available_at=at)

    async def dead(self, deliveries: Sequence[DeliveryId]) -> None:
        """Mark deliveries dead-lettered, unless they arrived, were collected or recalled meanwhile."""
        await self._update(_in_state((_ACCEPTED,), deliveries), state=DeliveryState.DEAD_LETTERED.value)

    async def republish(self, published_before: datetime, limit: int) -> int:
        """Put deliveries that were published before then and never arrived in the outbox again; return how many.

        A dead-lettered one too: what the queue gave up on is still owed to its recipient, and everything is here.
        """
        deliveries, outbox = tables.deliveries.c, tables.outbox.c
        lost = (
            select(deliveries.id)
            .where(deliveries.state.in_(_UNDERWAY), deliveries.published_at < published_before)
            .where(deliveries.id.not_in(select(outbox.delivery)))
            .order_by(deliveries.published_at)
            .limit(limit)
        )
        insert = self._transaction.upsert(tables.outbox).from_select(["delivery"], lost)
        return await self._transaction.run(insert.on_conflict_do_nothing())

    async def _update(self, which: ColumnElement[bool], **values: object) -> None:
        # Deliveries before outbox rows, and in the order of their ids, as everywhere: so that this and a recall of the
        # same message cannot wait for each other.
        ids = tables.deliveries.c.id
        await self._transaction.rows(self._transaction.locked(select(ids).where(which).order_by(ids)))
        await self._transaction.run(update(tables.deliveries).where(which).values(**values))


def _in_state(states: Sequence[str], deliveries: Sequence[DeliveryId]) -> ColumnElement[bool]:
    rows = tables.deliveries.c
    return and_(rows.id.in_(deliveries), rows.state.in_(states))
