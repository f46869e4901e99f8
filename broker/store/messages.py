"""Messages, payloads, deliveries, headers, receipts and earlier submissions, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    update,
)

from agencies.names import CaseRef, DeliveryId, MessageId, PartyId
from broker.case import Relation
from broker.errors import IdempotencyConflict
from broker.lifecycle import COLLECTED, DESTROYED, ENDINGS, UNCOLLECTED, DeliveryState
from broker.records import Addressed, Delivery, Earlier, Message, Reach
from broker.store import tables
from broker.store.groups import excludes, is_closed, is_pending, names
from broker.store.rows import delivery_of, message_of, row_of_delivery, row_of_message
from broker.store.transaction import AnyRow, Transaction

_UNCOLLECTED = tuple(state.value for state in UNCOLLECTED)
_GRANTING = (Relation.FOR_INFORMATION.value, Relation.ASKED.value, Relation.INVOLVED.value)


class SqlMessages:
    """Messages, their payloads, their deliveries and the headers that wait; see ports.Messages."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, addressed: Sequence[Addressed]) -> None:
        """Add messages with payloads, deliveries, headers and one outbox row a delivery."""
        run = self._transaction.run
        pairs = [pair for one in addressed for pair in one.deliveries]
        await run(tables.messages.insert(), [row_of_message(one.message) for one in addressed])
        await run(tables.payloads.insert(), [{"message": one.message.id, "payload": one.payload} for one in addressed])
        await self._add_deliveries(pairs)

    async def get(self, message: MessageId) -> Message | None:
        """Return a message, or None."""
        row = await self._transaction.row(select(tables.messages).where(tables.messages.c.id == message))
        return None if row is None else message_of(row)

    async def payload(self, message: MessageId) -> bytes | None:
        """Return a message's payload, or None."""
        payloads = tables.payloads.c
        found: bytes | None = await self._transaction.value(select(payloads.payload).where(payloads.message == message))
        return found

    async def glance(self, delivery: DeliveryId) -> Delivery | None:
        """Return a delivery without a lock, or None: to learn which case to lock first."""
        query = select(tables.deliveries).where(tables.deliveries.c.id == delivery)
        found = await self._with_receipts(await self._transaction.rows(query), tables.receipts.c.delivery == delivery)
        return found[0] if found else None

    async def delivery(self, delivery: DeliveryId) -> Delivery | None:
        """Return a delivery, locked until the unit ends, or None."""
        query = self._transaction.locked(select(tables.deliveries).where(tables.deliveries.c.id == delivery))
        found = await self._with_receipts(await self._transaction.rows(query), tables.receipts.c.delivery == delivery)
        return found[0] if found else None

    async def deliveries(self, message: MessageId) -> Sequence[Delivery]:
        """Return a message's deliveries in a fixed order, locked until the unit ends."""
        deliveries = tables.deliveries.c
        # Everyone locks in this one order, so that two units cannot wait for each other.
        query = select(tables.deliveries).where(deliveries.message == message).order_by(deliveries.id)
        rows = await self._transaction.rows(self._transaction.locked(query))
        mine = select(deliveries.id).where(deliveries.message == message)
        return await self._with_receipts(rows, tables.receipts.c.delivery.in_(mine))

    async def held(self, case: CaseRef, recipient: PartyId | None = None) -> Sequence[tuple[Delivery, Message]]:
        """Return a case's deliveries (None: whosever) with their messages, oldest message first; nothing is locked."""
        deliveries, messages = tables.deliveries.c, tables.messages.c
        whose = [deliveries.case == case, *([] if recipient is None else [deliveries.recipient == recipient])]
        rows = await self._transaction.rows(select(tables.deliveries).where(*whose).order_by(deliveries.id))
        mine = select(deliveries.id).where(*whose)
        held = await self._with_receipts(rows, tables.receipts.c.delivery.in_(mine))
        about = select(tables.messages).where(messages.id.in_(select(deliveries.message).where(*whose)))
        by_id = {row.id: message_of(row) for row in await self._transaction.rows(about)}
        pairs = [(delivery, by_id[delivery.message]) for delivery in held]
        return sorted(pairs, key=lambda pair: (pair[1].accepted_at, pair[1].id, pair[0].recipient))

    async def share(self, delivery: Delivery, header: bytes) -> None:
        """Add a delivery of a message that is there, with its header and its outbox row."""
        await self._add_deliveries([(delivery, header)])

    async def rehead(self, delivery: DeliveryId, keys: Sequence[str], header: bytes) -> None:
        """Put another header, made for other keys, in the place of the one that waits; all else stays."""
        headers = tables.headers
        await self._transaction.run(update(headers).where(headers.c.delivery == delivery).values(header=header))
        await self._set(delivery, header_keys=list(keys))

    async def waiting(self, reach: Reach, limit: int, now: datetime) -> Sequence[tuple[DeliveryId, CaseRef]]:
        """Return up to `limit` deliveries within `reach` that wait and are not leased; nothing is locked.

        Urgent ones first, then the oldest; after them those recalled after release whose notice has not been answered,
        though the case excludes its recipient: they come again until they are, and must not keep out what is new.
        """
        deliveries = tables.deliveries.c
        query = (
            select(deliveries.id, deliveries.case)
            .join(tables.cases, tables.cases.c.ref == deliveries.case)
            .where(
                deliveries.recipient == reach.party,
                or_(and_(_waits(), _within(reach)), and_(_is_notice(), _hears(reach))),
            )
            .where(or_(deliveries.leased_until.is_(None), deliveries.leased_until <= now))
            .order_by(*_in_order())
            .limit(limit)
        )
        return [(DeliveryId(row.id), CaseRef(row.case)) for row in await self._transaction.rows(query)]

    async def take(self, deliveries: Sequence[DeliveryId], now: datetime) -> Sequence[tuple[Delivery, Message]]:
        """Return those of the deliveries that still wait, locked, as `waiting` orders them; locked rows are skipped."""
        rows_of = tables.deliveries.c
        query = (
            select(tables.deliveries)
            .where(rows_of.id.in_(deliveries), or_(_waits(), _is_notice()))
            .where(or_(rows_of.leased_until.is_(None), rows_of.leased_until <= now))
            .order_by(*_in_order())
        )
        rows = await self._transaction.rows(self._transaction.locked(query, skip_locked=True))
        messages = await self._transaction.rows(
            select(tables.messages).where(tables.messages.c.id.in_({row.message for row in rows}))
        )
        by_id = {row.id: message_of(row) for row in messages}
        whose = tables.receipts.c.delivery.in_([row.id for row in rows])
        return [(delivery, by_id[delivery.message]) for delivery in await self._with_receipts(rows, whose)]

    async def lease(self, deliveries: Sequence[DeliveryId], until: datetime) -> None:
        """Lease the deliveries until `until`."""
        rows = tables.deliveries.c
        await self._transaction.run(
            update(tables.deliveries)
            .where(rows.id.in_(deliveries))
            .values(leased_until=until, leases=rows.leases + 1, withheld=None)
        )

    async def withhold(self, delivery: DeliveryId, rule: str, until: datetime) -> None:
        """Note the rule that withheld the delivery from a lease, and ask it again only after `until`."""
        await self._set(delivery, withheld=rule, leased_until=until)

    async def header(self, delivery: DeliveryId) -> bytes | None:
        """Return the header that waits for the delivery, or None if it is gone."""
        headers = tables.headers.c
        found: bytes | None = await self._transaction.value(select(headers.header).where(headers.delivery == delivery))
        return found

    async def payloads(self, messages: Sequence[MessageId]) -> Mapping[MessageId, bytes]:
        """Return the payloads of those messages that have one: all at once in memory."""
        rows = await self._transaction.rows(select(tables.payloads).where(tables.payloads.c.message.in_(messages)))
        return {MessageId(row.message): row.payload for row in rows}

    async def headers(self, deliveries: Sequence[DeliveryId]) -> Mapping[DeliveryId, bytes]:
        """Return the headers that wait for those of the deliveries that have one."""
        rows = await self._transaction.rows(select(tables.headers).where(tables.headers.c.delivery.in_(deliveries)))
        return {DeliveryId(row.delivery): row.header for row in rows}

    async def release(self, delivery: DeliveryId, at: datetime) -> None:
        """Record that the header was released (first time only; later releases keep the first time)."""
        await self.release_all([delivery], at)

    async def release_all(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Record that these headers were released, as `release` does."""
        rows = tables.deliveries.c
        first = update(tables.deliveries).where(rows.id.in_(deliveries), rows.released_at.is_(None))
        await self._transaction.run(first.values(released_at=at))

    async def receipt(self, delivery: DeliveryId, state: str, note: str, at: datetime) -> None:
        """Keep a receipt note; `collected`, or `destroyed` without it, moves the delivery to collected."""
        row = {"delivery": delivery, "state": state, "note": note, "at": at}
        await self._transaction.run(tables.receipts.insert(), [row])
        if state in {COLLECTED, DESTROYED}:
            rows = tables.deliveries.c
            before = (DeliveryState.ACCEPTED.value, DeliveryState.WAITING.value)
            await self._transaction.run(
                update(tables.deliveries)
                .where(rows.id == delivery, rows.state.in_(before))
                .values(state=DeliveryState.COLLECTED.value)
            )

    async def released(self, cases: Sequence[CaseRef]) -> Sequence[Delivery]:
        """Return the deliveries of these cases whose header was released, in order.

        Not those that were taken back, unless that has not been answered yet.
        """
        rows_of = tables.deliveries.c
        is_owed = or_(rows_of.recalled_at.is_(None), _is_notice())
        such = (rows_of.case.in_(cases), rows_of.released_at.is_not(None), is_owed)
        query = select(tables.deliveries).where(*such).order_by(rows_of.message, rows_of.id)
        whose = tables.receipts.c.delivery.in_(select(rows_of.id).where(*such))
        return await self._with_receipts(await self._transaction.rows(query), whose)

    async def recall(self, notices: Mapping[DeliveryId, str | None], at: datetime) -> None:
        """Recall deliveries: their headers are deleted; the notice (None where never released) is kept."""
        run = self._transaction.run
        ids = sorted(notices)
        changed = {"state": DeliveryState.RECALLED.value, "recalled_at": at, "leased_until": None, "withheld": None}
        await run(
            update(tables.deliveries)
            .where(tables.deliveries.c.id == bindparam("delivery"))
            .values(**changed, recall_notice=bindparam("notice")),
            [{"delivery": one, "notice": notices[one]} for one in ids],
        )
        await run(delete(tables.headers).where(tables.headers.c.delivery.in_(ids)))
        await run(delete(tables.outbox).where(tables.outbox.c.delivery.in_(ids)))

    async def uncollected(self, accepted_before: datetime, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return urgent deliveries accepted by then that nobody has collected or recalled, oldest first.

        Not those whose recipient the case excludes now, or has no part in any more.
        """
        deliveries = tables.deliveries.c
        query = (
            select(tables.deliveries)
            .where(deliveries.urgent.is_(True), deliveries.state.in_(_UNCOLLECTED))
            .where(deliveries.accepted_at <= accepted_before, _takes_part(now))
            .order_by(deliveries.accepted_at, deliveries.id)
            .limit(limit)
        )
        return [delivery_of(row, ()) for row in await self._transaction.rows(query)]

    async def escalated(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Record that the coordinator's office was told of them."""
        await self._transaction.run(
            update(tables.deliveries).where(tables.deliveries.c.id.in_(deliveries)).values(escalated_at=at)
        )

    async def first_of(self, kind: str, since: datetime) -> Sequence[Message]:
        """Return the first document of each submission of a kind accepted since then, corrections left out."""
        rows, older = tables.messages.c, tables.messages.alias()
        corrects = exists().where(older.c.superseded_by == rows.id)
        query = select(tables.messages).where(rows.document == kind, rows.accepted_at >= since, ~corrects)
        return [message_of(row) for row in await self._transaction.rows(query.order_by(rows.accepted_at, rows.id))]

    async def parts(self, message: Message) -> Sequence[Message]:
        """Return the messages of the same submission, this one among them."""
        rows = tables.messages.c
        query = select(tables.messages).where(rows.case == message.case, rows.submission == message.submission)
        return [message_of(row) for row in await self._transaction.rows(query.order_by(rows.id))]

    async def history(self, message: MessageId) -> Sequence[Delivery]:
        """Return the deliveries of the message and of every version before it, in order; nothing is locked."""
        deliveries = tables.deliveries.c
        versions = deliveries.message.in_(await self._versions(message))
        rows = await self._transaction.rows(select(tables.deliveries).where(versions).order_by(deliveries.id))
        mine = select(deliveries.id).where(versions)
        return await self._with_receipts(rows, tables.receipts.c.delivery.in_(mine))

    async def supersede(self, message: MessageId, by: MessageId, kept: Sequence[PartyId]) -> None:
        """Record that `by` corrects the message: its headers are deleted, but for the recipients `kept`."""
        run, rows, recalled = self._transaction.run, tables.deliveries.c, DeliveryState.RECALLED.value
        await run(update(tables.messages).where(tables.messages.c.id == message).values(superseded_by=by))
        which = and_(rows.message == message, rows.recipient.not_in(kept), rows.state != recalled)
        # Locked in the order of their ids, as everywhere.
        query = self._transaction.locked(select(rows.id).where(which).order_by(rows.id))
        ids = [row.id for row in await self._transaction.rows(query)]
        changed = {"state": DeliveryState.SUPERSEDED.value, "leased_until": None, "withheld": None}
        await run(update(tables.deliveries).where(rows.id.in_(ids)).values(**changed))
        await run(delete(tables.headers).where(tables.headers.c.delivery.in_(ids)))
        await run(delete(tables.outbox).where(tables.outbox.c.delivery.in_(ids)))

    async def earlier(self, sender: PartyId, idempotency: str) -> Earlier | None:
        """Return what an earlier submission of `sender` with this idempotency id was answered, or None."""
        rows = tables.submissions.c
        row = await self._transaction.row(
            select(rows.case, rows.note_hash, rows.manifests).where(
                rows.sender == sender, rows.idempotency == idempotency
            )
        )
        return None if row is None else Earlier(CaseRef(row.case), row.note_hash, tuple(row.manifests))

    async def remember(self, sender: PartyId, idempotency: str, earlier: Earlier) -> None:
        """Keep a submission's answer; goes with its case. A duplicate raises IdempotencyConflict."""
        row = {
            "sender": sender,
            "idempotency": idempotency,
            "case": earlier.case,
            "note_hash": earlier.note_hash,
            "manifests": list(earlier.manifests),
        }
        insert = self._transaction.upsert(tables.submissions).values(row)
        # Where another unit is about to keep the same id, this waits for it to end, and then sees it.
        if await self._transaction.run(insert.on_conflict_do_nothing()) == 0:
            raise IdempotencyConflict("this idempotency id was used before")

    async def _versions(self, message: MessageId) -> Sequence[MessageId]:
        """Return the message and what it corrected, and what that did, the newest first."""
        rows, found = tables.messages.c, [message]
        while earlier := await self._transaction.row(select(rows.id).where(rows.superseded_by == found[-1])):
            found.append(MessageId(earlier.id))
        return found

    async def _add_deliveries(self, pairs: Sequence[tuple[Delivery, bytes]]) -> None:
        run = self._transaction.run
        await run(tables.deliveries.insert(), [row_of_delivery(delivery) for delivery, _ in pairs])
        await run(tables.headers.insert(), [{"delivery": delivery.id, "header": header} for delivery, header in pairs])
        await run(tables.outbox.insert(), [{"delivery": delivery.id} for delivery, _ in pairs])

    async def _set(self, delivery: DeliveryId, **values: object) -> None:
        await self._transaction.run(
            update(tables.deliveries).where(tables.deliveries.c.id == delivery).values(**values)
        )

    async def _with_receipts(self, rows: Sequence[AnyRow], whose: "ColumnElement[bool]") -> list[Delivery]:
        states: dict[str, list[str]] = {row.id: [] for row in rows}
        receipts = tables.receipts.c
        # Asked even where there is no delivery: how long an answer takes must not tell whether there is one.
        query = select(receipts.delivery, receipts.state).where(whose).order_by(receipts.number)
        for found in await self._transaction.rows(query):
            states[found.delivery].append(found.state)
        return [delivery_of(row, states[row.id]) for row in rows]


def _waits() -> "ColumnElement[bool]":
    return tables.deliveries.c.state == DeliveryState.WAITING.value


def _in_order() -> "tuple[ColumnElement[Any], ...]":
    deliveries = tables.deliveries.c
    is_recalled = deliveries.state == DeliveryState.RECALLED.value
    return (is_recalled, deliveries.urgent.desc(), deliveries.accepted_at, deliveries.id)


def _is_notice() -> "ColumnElement[bool]":
    deliveries, receipts = tables.deliveries.c, tables.receipts.c
    answered = exists().where(receipts.delivery == deliveries.id, receipts.state.in_(ENDINGS))
    return and_(deliveries.state == DeliveryState.RECALLED.value, deliveries.recall_notice.is_not(None), ~answered)


def _takes_part(now: datetime) -> "ColumnElement[bool]":
    """Claim that the recipient has some part in the case, a flag being one: which part it must be, the case says."""
    deliveries, relations, exclusions = tables.deliveries.c, tables.relations.c, tables.exclusions.c
    flags = tables.flags.c
    own, member = tables.cases.alias("own"), tables.cases.alias("member")
    in_group = and_(own.c.ref == deliveries.case, member.c.lead == own.c.lead)  # whichever of the merged cases says so
    excluded = exists().where(in_group, exclusions.case == member.c.ref, exclusions.excluded == deliveries.recipient)
    related = exists().where(
        in_group,
        relations.case == member.c.ref,
        relations.party == deliveries.recipient,
        relations.relation.in_(_GRANTING),
        or_(relations.until.is_(None), relations.until > now),
    )
    flagged = exists().where(
        in_group, flags.case == member.c.ref, flags.party == deliveries.recipient, flags.until > now
    )
    return and_(~excluded, or_(related, flagged))


def _within(reach: Reach) -> "ColumnElement[bool]":
    excluded = excludes((reach.party, *reach.readers))
    if reach.whole:
        return ~excluded
    return and_(~excluded, or_(~is_closed(), names(reach.proved)), ~is_pending())


def _hears(reach: Reach) -> "ColumnElement[bool]":
    """Claim that who asks may hear of a recall: a colleague, who may, must not find it withheld by their asking."""
    is_kept_out = excludes(reach.hearers)
    if reach.whole:
        return ~is_kept_out
    return and_(~is_kept_out, or_(~is_closed(), _is_all_for(reach.keys), _is_for_any(reach.held)))


def _is_all_for(keys: Sequence[str]) -> "ColumnElement[bool]":
    """Claim that the header is made for none but these keys."""
    counts = [case((_is_for(key), 1), else_=0) for key in keys]
    return func.json_array_length(tables.deliveries.c.header_keys) == sum(counts, literal(0))


def _is_for_any(keys: Sequence[str]) -> "ColumnElement[bool]":
    return or_(false(), *(_is_for(key) for key in keys))


def _is_for(key: str) -> "ColumnElement[bool]":
    # In the text of the list, which both databases have: a fingerprint is of one length, and quoted.
    return cast(tables.deliveries.c.header_keys, Text).contains(f'"{key}"', autoescape=True)
