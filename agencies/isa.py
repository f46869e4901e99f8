"""The Information Sharing Agreement as a dated value: who has not signed one in force receives nothing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Isa:
    """One version of the agreement as one party signed it; `text_hash` is that of the agreement's document."""

    version: str
    in_force: datetime
    until: datetime | None
    text_hash: str
    retention_years: int
    purposes: tuple[str, ...]

    def covers(self, at: datetime) -> bool:
        """Whether the agreement is in force at the instant `at`; `until` is no longer part of it."""
        return self.in_force <= at and (self.until is None or at < self.until)
