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
    """The file at `path`, mode 0600, with the tables of `schema`, opened when first used; two processes may use it.

    Every method of its heirs raises sqlite3.Error or OSError where the file is damaged, or its disk full.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._opened: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _sql(self) -> sqlite3.Connection:
        if self._opened is None:
            self._path.touch(mode=0o600)
            opened = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            try:
                opened.executescript(_DURABLE + self._schema)
            except sqlite3.Error:
                opened.close()
                raise
            self._opened = opened
        return self._opened

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE: two processes on one folder wait for each other here, and the loser sees the winner's state.
        with self._sql:  # commits at the end, or rolls back
            self._sql.execute("BEGIN IMMEDIATE")
            yield
