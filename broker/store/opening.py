"""Opening the store on its two databases."""

import asyncio

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from broker.ports import Store, UnitOfWork
from broker.store import tables
from broker.store.engines import Engines, open_engines, open_patient
from broker.store.tables import belonging_to_cases
from broker.store.transaction import answering
from broker.store.unit import SqlUnit

# How long VACUUM waits for a table that others use, and lets whoever comes after wait with it; then it gives way.
_GIVE_WAY_AFTER_MS = 500
_LOCK_NOT_AVAILABLE = "55P03"
# FULL rewrites the table: plain VACUUM leaves a header's bytes in its page until something else needs the place.
# Not the log's tables, nor those of who takes part: a case's end deletes nothing in them.
_TO_VACUUM = [table for table in (*belonging_to_cases(), tables.letters, tables.notices) if table is not tables.headers]
_VACUUMS = (f"VACUUM {', '.join(table.name for table in _TO_VACUUM)}", "VACUUM (FULL) headers")
_LOOKS, _LOOK_AGAIN_S = 40, 0.05
# A transaction that began before the deletion, also the server's own analysis, keeps what was deleted in the files; one
# that begins after this question sees the deletion.
_STILL_SEEN = """
SELECT EXISTS (SELECT FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) > 0)
"""
# FULL shuts everybody else out for as long as it takes: 0.7 to 1.4 s for 20,000 headers (32 MiB), 3.7 s for 80,000.
# A larger table is rewritten only in a quiet time, such as the night: who comes meanwhile may be told to come again.
_IS_CONVENIENT = """
    SELECT pg_total_relation_size('headers') <= 32 * 1024 * 1024 OR NOT EXISTS (
        SELECT FROM deliveries WHERE greatest(accepted_at, released_at) > now() - interval '10 minutes'
    )
"""


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
        """Return a unit that only reads, all of it as of one instant; nothing is locked in it."""
        return SqlUnit(self._engines.reader, None, writes=False)

    async def compact(self) -> bool:
        """Clear what was deleted from the database's files; False if others were in the way: ask again later."""
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


async def _is_seen_by_nobody(connection: AsyncConnection) -> bool:
    """Claim that no transaction is left that began before the deletion; the gateway's own end within moments."""
    for _ in range(_LOOKS):
        if not (await connection.execute(text(_STILL_SEEN))).scalar_one():
            return True
        await asyncio.sleep(_LOOK_AGAIN_S)
    return False


async def _clear(connection: AsyncConnection) -> bool:
    if connection.dialect.name == "sqlite":
        # Deleted rows are zeros already (secure_delete); what is left is their older copies in the write-ahead log.
        busy = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).scalar_one()
        return not busy
    if not (await connection.execute(text(_IS_CONVENIENT))).scalar_one():
        return False
    if not await _is_seen_by_nobody(connection):
        return False
    try:
        await connection.execute(text(f"SET lock_timeout = {_GIVE_WAY_AFTER_MS}"))
        for statement in _VACUUMS:
            await connection.execute(text(statement))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        return False
    return True
