"""Opening the store on its two databases."""

import asyncio

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from broker.ports import Store, UnitOfWork
from broker.store.engines import Engines, open_engines, open_patient
from broker.store.transaction import answering
from broker.store.unit import SqlUnit

# FULL rewrites the table: plain VACUUM leaves a header's bytes in its page until something else needs the place.
_VACUUMS = (
    "VACUUM (FULL) headers",
    "VACUUM cases, relations, exclusions, messages, payloads, deliveries, receipts, outbox, letters, submissions",
)


class SqlStore:
    """Where units of work come from; see ports.Store."""

    def __init__(self, url: str, engines: Engines, turn: asyncio.Lock | None) -> None:
        self._url = url
        self._engines = engines
        self._turn = turn

    def unit(self) -> UnitOfWork:
        """Return a unit that may write; on SQLite it is the only one until it ends."""
        return SqlUnit(self._engines.writer, self._turn, writes=True)

    def reader(self) -> UnitOfWork:
        """Return a unit that only reads; nothing is locked in it."""
        return SqlUnit(self._engines.reader, None, writes=False)

    async def compact(self) -> bool:
        """Clear what was deleted from the database's files; False if readers were in the way: ask again later."""
        engine = open_patient(self._url, autocommit=True)
        try:
            with answering():
                async with engine.connect() as connection:
                    return await _clear(connection)
        finally:
            await engine.dispose()

    async def close(self) -> None:
        """Close every connection."""
        await self._engines.dispose()


def open_store(url: str) -> Store:
    """Return the store behind `url`: `postgresql+asyncpg://...`, or `sqlite+aiosqlite:///` and a file.

    Nothing is connected yet. Raises UnsafeSettings for any other database.
    """
    on_sqlite = make_url(url).get_backend_name() == "sqlite"
    return SqlStore(url, open_engines(url), asyncio.Lock() if on_sqlite else None)


async def _clear(connection: AsyncConnection) -> bool:
    if connection.dialect.name == "sqlite":
        # Deleted rows are zeros already (secure_delete); what is left is their older copies in the write-ahead log.
        busy = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).scalar_one()
        return not busy
    for statement in _VACUUMS:
        await connection.execute(text(statement))
    return True
