"""A small SQLite file of the kit's folder: what returned from a transaction survives a power cut."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

# synchronous FULL and a rollback journal: what returned from a commit survives a power cut.
_DURABLE: Final = """
PRAGMA journal_mode = DELETE;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
"""


class Database:
    """The file at `path`, mode 0600, with the tables of `schema`; two processes may have it open."""

    def __init__(self, path: Path, schema: str) -> None:
        path.touch(mode=0o600)
        self._sql = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._sql.executescript(_DURABLE + schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._sql.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE: two processes on one folder wait for each other here, and the loser sees the winner's state.
        with self._sql:  # commits at the end, or rolls back
            self._sql.execute("BEGIN IMMEDIATE")
            yield
