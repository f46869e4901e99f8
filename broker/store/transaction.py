"""One open transaction: statements in, rows out, and never a driver's own error."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import Executable, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection

from broker.errors import BrokerError, StoreUnavailable

AnyRow = Row[Any]
_OWN_MISTAKES = (ProgrammingError, DataError)
_NO_RIGHT = "42501"
# What PostgreSQL says to an operator's mistake, by its SQLSTATE; the words that come with it name users and tables.
_FACTS = {
    "28000": "the database refuses this user or password",
    "28P01": "the database refuses this user or password",
    "3D000": "there is no database of this name",
    _NO_RIGHT: "the database's user has not the right to do this",
}
# While it connects, SQLAlchemy lets the drivers' errors through as they are; a TimeoutError is an OSError.
_NO_ANSWER = (DBAPIError, NoConnectionFree, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error)


class Transaction:
    """What the repositories of one unit share: its connection, and whether it may write (`writes`)."""

    def __init__(self, connection: AsyncConnection, *, writes: bool) -> None:
        self._connection = connection
        self.writes = writes
        self.dialect = connection.dialect.name

    async def run(self, statement: Executable, rows: Sequence[Mapping[str, object]] | None = None) -> int:
        """Execute `statement`, once for each of `rows` where given; return how many rows it touched (-1: unknown).

        No rows given as an empty sequence: nothing is executed.
        """
        if rows is not None and not rows:
            return 0
        with answering():
            return (await self._connection.execute(statement, rows)).rowcount

    async def rows(self, statement: Executable, values: Mapping[str, object] | None = None) -> Sequence[AnyRow]:
        """Return all rows of `statement`; `values` are those of its parameters."""
        with answering():
            return (await self._connection.execute(statement, values)).all()

    async def row(self, statement: Executable) -> AnyRow | None:
        """Return the first row of `statement`, or None."""
        with answering():
            return (await self._connection.execute(statement)).first()

    async def value(self, statement: Executable) -> Any:
        """Return the first column of the first row, or None."""
        found = await self.row(statement)
        return None if found is None else found[0]

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Yield what gives up all locks that were taken since; SQLite has none, and a reading unit takes none."""
        if not self.writes or self.dialect != "postgresql":
            yield _nothing
            return
        with answering():
            savepoint = await self._connection.begin_nested()
        yield savepoint.rollback
        if savepoint.is_active:
            with answering():
                await savepoint.commit()

    def locked(self, query: Select[Any], of: Table | None = None, *, skip_locked: bool = False) -> Select[Any]:
        """Return `query` with its rows (those of table `of`) locked until the unit ends.

        A reading unit locks nothing. SQLite has no row locks: there the writing unit is alone from its first line.
        """
        return query.with_for_update(of=of, skip_locked=skip_locked) if self.writes else query

    def upsert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """Return an insert into `table` that can say what happens on a conflict, in this database's dialect."""
        return postgresql.insert(table) if self.dialect == "postgresql" else sqlite.insert(table)


@contextmanager
def answering() -> Iterator[None]:
    """What runs inside raises StoreUnavailable where the database does not answer, never a driver's error.

    Driver messages quote rows: they are dropped, only the error's class is told.
    """
    try:
        yield
    except IntegrityError as error:
        # Conflicts a caller may cause are met before they become an error; what is left is a fault of ours.
        raise BrokerError(f"the database refused a row ({_name(error)})") from None
    except _OWN_MISTAKES as error:
        if _state(error) != _NO_RIGHT:
            raise
        raise StoreUnavailable(_FACTS[_NO_RIGHT]) from None
    except _NO_ANSWER as error:
        fact = _FACTS.get(_state(error), f"the database does not answer ({_name(error)})")
        raise StoreUnavailable(fact) from None


async def _nothing() -> None:
    pass


def _state(error: Exception) -> str:
    return str(getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", ""))


def _name(error: Exception) -> str:
    return type(error.orig if isinstance(error, DBAPIError) and error.orig else error).__name__
