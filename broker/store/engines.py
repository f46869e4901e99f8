"""Engines for the two databases, set so that what is committed is on the disk and what is deleted is gone from it."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from broker.errors import UnsafeSettings

ANSWER_WITHIN_S = 5
_READERS = 4
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on the disk before it is answered
    "PRAGMA secure_delete = ON",  # deleted rows are overwritten with zeros
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {ANSWER_WITHIN_S * 1000}",
)


@dataclass(frozen=True, slots=True)
class Engines:
    """Where writing units and reading units get their connections; on PostgreSQL both from one pool."""

    writer: AsyncEngine
    reader: AsyncEngine

    async def dispose(self) -> None:
        """Close every connection."""
        await self.writer.dispose()
        await self.reader.dispose()


def open_engines(url: str) -> Engines:
    """Return the engines for `url`; nothing is connected yet.

    Raises UnsafeSettings for another database or driver, or a SQLite database that is not a file.
    """
    target = make_url(url)
    if target.drivername == "postgresql+asyncpg":
        pool = _postgres(target, pool_size=10, max_overflow=10, pool_timeout=ANSWER_WITHIN_S, pool_pre_ping=True)
        # Who only reads sees one instant, as on SQLite: what is read first and second fits together.
        return Engines(pool, pool.execution_options(isolation_level="REPEATABLE READ"))
    _create_private(target)
    # One connection writes: several would starve each other, and wait in SQLite's busy loop instead of a fair queue.
    writer = _sqlite(target, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
    return Engines(writer, _sqlite(target, "BEGIN", pool_size=_READERS, max_overflow=_READERS))


def open_patient(url: str, *, autocommit: bool = False) -> AsyncEngine:
    """Return an engine for migrations and vacuuming: one connection at a time, without limits on how long it takes.

    autocommit   for statements that run outside any transaction

    Raises UnsafeSettings as open_engines does.
    """
    target = make_url(url)
    if target.drivername != "postgresql+asyncpg":
        _create_private(target)
        return _sqlite(target, None if autocommit else "BEGIN IMMEDIATE", poolclass=NullPool)
    engine = create_async_engine(
        target, poolclass=NullPool, connect_args={"timeout": ANSWER_WITHIN_S}, hide_parameters=True
    )
    return engine.execution_options(isolation_level="AUTOCOMMIT") if autocommit else engine


def _postgres(target: URL, **pool: object) -> AsyncEngine:
    arguments = {
        "timeout": ANSWER_WITHIN_S,
        "command_timeout": ANSWER_WITHIN_S,
        "server_settings": {
            "application_name": "marac-broker",
            "timezone": "UTC",
            "lock_timeout": "5s",
            # A process that froze in a transaction loses it, and with it the locks that everybody else waits for.
            "idle_in_transaction_session_timeout": "15s",
        },
    }
    return create_async_engine(
        target, isolation_level="READ COMMITTED", connect_args=arguments, hide_parameters=True, **pool
    )


def _sqlite(target: URL, begin: str | None, **pool: object) -> AsyncEngine:
    engine = create_async_engine(target, connect_args={"timeout": ANSWER_WITHIN_S}, hide_parameters=True, **pool)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    if begin is not None:
        event.listen(engine.sync_engine, "begin", _begin_with(begin))
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # None: the driver opens no transactions of its own behind ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
    except sqlite3.Error:
        # Closed here, in good order: the pool would only drop it, and its thread would outlive the event loop.
        connection.close()
        raise
    cursor.close()


def _begin_with(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _create_private(target: URL) -> None:
    if target.drivername != "sqlite+aiosqlite" or not target.database or target.database == ":memory:":
        raise UnsafeSettings("the database is postgresql+asyncpg://... or a sqlite+aiosqlite:/// file")
    # Made by us before SQLite makes it: its own umask would let others read it; WAL and index files copy its mode.
    # Only a new file: closing a second descriptor of an open one would drop SQLite's locks on it.
    path = Path(target.database)
    if path.parent.is_dir() and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
