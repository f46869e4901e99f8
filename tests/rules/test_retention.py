"""How long a case is kept: leap days, the clock's changes, every month's end, and the grace before destruction."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from agencies.names import CaseRef
from broker.case import Case
from broker.retention import Periods, case_due_at, cutoff, due_at, is_due, may_be_due, may_destroy

SECOND = timedelta(seconds=1)
SUMMER_TIME, WINTER_TIME = timezone(timedelta(hours=1)), UTC  # as in the United Kingdom
EVERY_MONTH_END = [
    datetime(year, month, monthrange(year, month)[1], 23, 59, 59, tzinfo=UTC)
    for year in (2023, 2024, 2026)
    for month in range(1, 13)
]


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_referral_at", "years", "due"),
    [
        (utc(2026, 11, 22, 9, 30), 7, utc(2033, 11, 22, 9, 30)),
        (utc(2020, 2, 29, 10), 7, utc(2027, 3, 1)),  # 2027 has no such day
        (utc(2020, 2, 29, 10), 8, utc(2028, 2, 29, 10)),  # 2028 has
        (utc(2096, 2, 29, 23, 59), 4, utc(2100, 3, 1)),  # 2100 is no leap year
        (utc(2021, 2, 28, 10), 7, utc(2028, 2, 28, 10)),  # the day before a leap day is not one
        (utc(2021, 3, 1), 7, utc(2028, 3, 1)),
        (utc(2026, 11, 22, 9, 30), 0, utc(2026, 11, 22, 9, 30)),
    ],
)
def test_a_case_is_due_on_the_same_date_years_later(last_referral_at: datetime, years: int, due: datetime) -> None:
    assert due_at(last_referral_at, years) == due


@pytest.mark.parametrize("last_referral_at", EVERY_MONTH_END, ids=lambda at: f"{at:%Y-%m-%d}")
@pytest.mark.parametrize("years", [1, 6, 7, 8])
def test_every_month_end_stays_the_end_of_its_month_and_29_february_becomes_1_march(
    last_referral_at: datetime, years: int
) -> None:
    due = due_at(last_referral_at, years)
    if (last_referral_at.month, last_referral_at.day) == (2, 29) and years != 8:
        assert due == utc(last_referral_at.year + years, 3, 1)
    else:
        assert due == last_referral_at.replace(year=last_referral_at.year + years)


@pytest.mark.parametrize(
    ("said", "in_utc"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=WINTER_TIME), utc(2033, 3, 29, 0, 59)),  # a minute before summer time
        (datetime(2026, 3, 29, 2, 0, tzinfo=SUMMER_TIME), utc(2033, 3, 29, 1, 0)),  # the minute it begins
        (datetime(2026, 10, 25, 1, 30, tzinfo=SUMMER_TIME), utc(2033, 10, 25, 0, 30)),  # the hour that comes twice
        (datetime(2026, 10, 25, 1, 30, tzinfo=WINTER_TIME), utc(2033, 10, 25, 1, 30)),
        (datetime(2024, 3, 1, 0, 30, tzinfo=SUMMER_TIME), utc(2031, 3, 1)),  # still 29 February in UTC
        (datetime(2024, 2, 29, 23, 30, tzinfo=timezone(-timedelta(hours=1))), utc(2031, 3, 1, 0, 30)),
    ],
)
def test_the_period_is_counted_in_utc_whatever_the_clock_on_the_wall(said: datetime, in_utc: datetime) -> None:
    assert due_at(said, 7) == in_utc


def test_a_case_is_due_at_the_instant_and_not_a_second_before() -> None:
    last = utc(2026, 11, 22, 9, 30)
    due = due_at(last, 7)
    assert not is_due(last, 7, due - SECOND)
    assert is_due(last, 7, due)


@pytest.mark.parametrize("last_referral_at", EVERY_MONTH_END, ids=lambda at: f"{at:%Y-%m-%d}")
def test_no_case_that_is_due_is_missed_when_they_are_looked_for(last_referral_at: datetime) -> None:
    for after in (timedelta(), SECOND, timedelta(days=1), timedelta(days=400)):
        now = due_at(last_referral_at, 7) + after
        assert last_referral_at <= may_be_due(now, 7)


def test_a_case_is_destroyed_only_after_it_was_scheduled_and_its_grace_is_over() -> None:
    scheduled, grace = utc(2033, 11, 22), timedelta(days=7)
    assert not may_destroy(None, grace, utc(2099, 1, 1))
    assert not may_destroy(scheduled, grace, scheduled + grace - SECOND)
    assert may_destroy(scheduled, grace, scheduled + grace)


PERIODS = Periods(7, timedelta(days=372))


def test_a_case_that_was_only_looked_up_is_due_by_its_opening_until_a_referral_joins_it() -> None:
    looked_up = Case(CaseRef("CAM-7Q4X9-K2M8T-5"), utc(2026, 11, 22, 9, 30), None)
    referred = replace(looked_up, last_referral_at=utc(2027, 1, 1))
    assert case_due_at(looked_up, PERIODS) == utc(2027, 11, 29, 9, 30)
    assert case_due_at(referred, PERIODS) == utc(2034, 1, 1)
    assert [PERIODS.rule(case) for case in (looked_up, referred)] == ["lookup-372-days", "retention-7-years"]


def test_whatever_is_due_is_within_the_cutoff() -> None:
    looked_up = Case(CaseRef("CAM-7Q4X9-K2M8T-5"), utc(2026, 11, 22), None)
    due = case_due_at(looked_up, PERIODS)
    assert looked_up.opened_at <= cutoff(due, PERIODS).looked_up
    assert looked_up.opened_at > cutoff(due - SECOND, PERIODS).looked_up
    assert cutoff(due, PERIODS).referred == may_be_due(due, 7)
