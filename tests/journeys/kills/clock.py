"""A clock in a file: every process of one world reads the same time, and the test moves it forwards."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class FileClock:
    """The clock at `path`: it started at START, runs on, and was moved by what the file says."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def begin(cls, path: Path) -> "FileClock":
        """Start a new clock."""
        path.write_text(json.dumps({"begun": time.time(), "moved_s": 0.0}))
        return cls(path)

    def __call__(self) -> datetime:
        """Return the current time."""
        held = json.loads(self._path.read_text())
        return START + timedelta(seconds=time.time() - held["begun"] + held["moved_s"])

    def move(self, by: timedelta) -> None:
        """Let `by` pass at once."""
        held = json.loads(self._path.read_text())
        held["moved_s"] += by.total_seconds()
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(held))
        draft.rename(self._path)
