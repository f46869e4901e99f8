"""Days as the calendar in the United Kingdom has them: the rule book counts in days, and its offices work by that one.

By rule and not by a table of time zones: the machine may have none, or an old one.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_HOUR: Final = timedelta(hours=1)
_MARCH, _OCTOBER, _LAST = 3, 10, 31


def uk_day(at: datetime) -> date:
    """Return the day that it is in the United Kingdom at this instant.

    Source: Summer Time Act 1972, as amended in 2002: from 01:00 UTC on the last Sunday of March to that of October.
    """
    utc = at.astimezone(UTC)
    is_summer = _turns(utc.year, _MARCH) <= utc < _turns(utc.year, _OCTOBER)
    return (utc + _HOUR if is_summer else utc).date()


def uk_days_between(earlier: datetime, later: datetime) -> int:
    """Return how many midnights lie between two instants: none on the same day."""
    return (uk_day(later) - uk_day(earlier)).days


def start_of_uk_day(day: date) -> datetime:
    """Return the first instant of a day in the United Kingdom."""
    midnight = datetime.combine(day, time(), UTC)
    return midnight - _HOUR if uk_day(midnight - _HOUR) == day else midnight


def _turns(year: int, month: int) -> datetime:
    last = datetime(year, month, _LAST, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)
