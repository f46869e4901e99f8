"""The unit of work: one transaction with its repositories, rolled back unless it was committed."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from broker.errors import StoreUnavailable
from broker.ports import Cases, Log, Messages, Outbox, Trust
from broker.repositories import Letters, Notices, People, Tombstones
from broker.store.cases import SqlCases
from broker.store.letters import SqlLetters
from broker.store.log import SqlLog
from broker.store.messages import SqlMessages
from broker.store.notices import SqlNotices
from broker.store.outbox import SqlOutbox
from broker.store.people import SqlPeople
from broker.store.tombstones import SqlTombstones
from broker.store.transaction import Transaction, answering
from broker.store.trust import SqlTrust


class SqlUnit:
    """One transaction; see ports.UnitOfWork.

    turn   who may write next, on SQLite: asyncio's lock serves waiting tasks in the order they came
    """

    cases: Cases
    people: People
    messages: Messages
    outbox: Outbox
    log: Log
    trust: Trust
    tombstones: Tombstones
    letters: Letters
    notices: Notices

    def __init__(self, engine: AsyncEngine, turn: asyncio.Lock | None, *, writes: bool) -> None:
        self._engine = engine
        self._turn = turn
        self._writes = writes
        self._held = AsyncExitStack()
        self._answers = False

    async def __aenter__(self) -> "SqlUnit":
        async with AsyncExitStack() as held:
            if self._turn is not None:
                await held.enter_async_context(self._turn)
            with answering():
                self._connection = await self._engine.connect()
                held.push_async_callback(self._leave)
                await self._connection.begin()
            self._answers = True
            self._open_repositories(Transaction(self._connection, writes=self._writes))
            self._held = held.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and let the next unit in."""
        self._answers = not isinstance(error, StoreUnavailable)
        # Shielded: a task cancelled twice must still give its connection and its turn back.
        await asyncio.shield(self._held.aclose())

    async def commit(self) -> None:
        """Make everything in this unit durable, at once."""
        with answering():
            await self._connection.commit()

    async def now(self) -> datetime:
        """Return the database's clock; on SQLite that is this machine's."""
        transaction = Transaction(self._connection, writes=False)
        if transaction.dialect == "postgresql":
            # Not now(): that is when the transaction began, and a unit may have waited for a lock since.
            moment: datetime = await transaction.value(select(func.clock_timestamp()))
            return moment.astimezone(UTC)
        stamp: str = await transaction.value(select(text("strftime('%Y-%m-%dT%H:%M:%f', 'now')")))
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC)

    def _open_repositories(self, transaction: Transaction) -> None:
        self.cases = SqlCases(transaction)
        self.people = SqlPeople(transaction)
        self.messages = SqlMessages(transaction)
        self.outbox = SqlOutbox(transaction)
        self.log = SqlLog(transaction)
        self.trust = SqlTrust(transaction)
        self.tombstones = SqlTombstones(transaction)
        self.letters = SqlLetters(transaction)
        self.notices = SqlNotices(transaction)

    async def _leave(self) -> None:
        if self._answers:
            try:
                with answering():
                    await self._connection.close()
                return
            except StoreUnavailable:
                # The database went away: it rolls back by itself what has lost its connection.
                pass
        # A connection that does not answer is dropped: asking it to roll back would only wait once more.
        if not self._connection.closed:  # it is, where closing it failed half way: the pool has dropped it then
            await self._connection.invalidate()
            await self._connection.close()
