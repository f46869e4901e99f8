"""Where parties are told that something waits for them, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update

from agencies.names import PartyId
from broker.records import Channel
from broker.store import tables
from broker.store.transaction import AnyRow, Transaction

_ROWS = tables.notices.c


class SqlNotices:
    """Channels by party, and how notices go; see repositories.Notices."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def all(self) -> Sequence[Channel]:
        """Return every channel, by party."""
        query = select(tables.notices).order_by(_ROWS.party, _ROWS.channel)
        return [_channel(row) for row in await self._transaction.rows(query)]

    async def of(self, party: PartyId) -> Sequence[Channel]:
        """Return the channels of a party."""
        query = select(tables.notices).where(_ROWS.party == party).order_by(_ROWS.channel)
        return [_channel(row) for row in await self._transaction.rows(query)]

    async def put(self, channel: Channel) -> None:
        """Keep a channel as new; the same address again changes nothing."""
        row = {
            "party": channel.party,
            "channel": channel.channel,
            "address": channel.address,
            "since": channel.since,
            "told_at": None,
            "unseen": False,
            "again_at": None,
            "failures": 0,
            "failing_since": None,
            "fault": None,
        }
        insert = self._transaction.upsert(tables.notices).values(row)
        await self._transaction.run(
            insert.on_conflict_do_update(
                index_elements=["party", "channel"], set_=row, where=_ROWS.address != channel.address
            )
        )

    async def drop(self, party: PartyId, channels: Sequence[str]) -> None:
        """Destroy these channels of a party."""
        gone = delete(tables.notices).where(_ROWS.party == party, _ROWS.channel.in_(channels))
        await self._transaction.run(gone)

    async def claim(self, channel: Channel, at: datetime, again_at: datetime) -> bool:
        """Record that a notice goes out at `at`; False if another process was faster, or the address was changed."""
        # As it was read, or nothing is done: of two workers one sends.
        unchanged = (
            _ROWS.told_at.is_not_distinct_from(channel.told_at),
            _ROWS.again_at.is_not_distinct_from(channel.again_at),
        )
        claimed = update(tables.notices).where(_is(channel), *unchanged)
        return await self._transaction.run(claimed.values(told_at=at, unseen=True, again_at=again_at)) == 1

    async def told(self, channel: Channel) -> None:
        """Record that the notice that was claimed got through."""
        done = update(tables.notices).where(_is(channel))
        await self._transaction.run(done.values(again_at=None, failures=0, failing_since=None, fault=None))

    async def failed(self, channel: Channel, fault: str, at: datetime, again_at: datetime) -> None:
        """Record that the notice that was claimed failed; it is tried again from `again_at` on."""
        failing = update(tables.notices).where(_is(channel))
        since = channel.failing_since or at
        await self._transaction.run(
            failing.values(failures=channel.failures + 1, failing_since=since, fault=fault, again_at=again_at)
        )

    async def seen(self, party: PartyId) -> None:
        """Record that the party has looked: something new may be told."""
        # Only what changes: a kit that waits looks every second, and writes nothing by it.
        looked = update(tables.notices).where(_ROWS.party == party, _ROWS.unseen.is_(True))
        await self._transaction.run(looked.values(unseen=False))


def _is(channel: Channel) -> "ColumnElement[bool]":
    return and_(_ROWS.party == channel.party, _ROWS.channel == channel.channel, _ROWS.address == channel.address)


def _channel(row: AnyRow) -> Channel:
    return Channel(
        party=PartyId(row.party),
        channel=row.channel,
        address=row.address,
        since=row.since,
        told_at=row.told_at,
        unseen=row.unseen,
        again_at=row.again_at,
        failures=row.failures,
        failing_since=row.failing_since,
        fault=row.fault,
    )
