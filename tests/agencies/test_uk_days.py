"""The United Kingdom's calendar: summer time begins and ends on the last Sundays of March and October, at 01:00 UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from agencies.uk_days import start_of_uk_day, uk_day, uk_days_between

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 29, 23, 30, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2024, 3, 31, 23, tzinfo=UTC), date(2024, 4, 1)),  # the last day of March is a Sunday
        (datetime(2026, 6, 10, 23, tzinfo=timezone(-timedelta(hours=5))), date(2026, 6, 11)),
    ],
)
def test_an_instant_is_of_the_day_that_the_wall_calendar_shows(at: datetime, day: date) -> None:
    assert uk_day(at) == day


@pytest.mark.parametrize("day", [date(2026, 1, 15), date(2026, 3, 29), date(2026, 3, 30), date(2026, 10, 25)])
def test_a_day_starts_with_its_first_instant(day: date) -> None:
    start = start_of_uk_day(day)
    assert (uk_day(start - SECOND), uk_day(start)) == (day - timedelta(days=1), day)


def test_days_between_are_midnights_and_not_hours() -> None:
    late = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
    assert uk_days_between(late, late + timedelta(minutes=1)) == 1
    assert uk_days_between(late, late + timedelta(hours=24)) == 1
    assert uk_days_between(late, late) == 0
