"""Laws of retention: never early, in order, and nothing that is due is missed."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from broker.retention import due_at, is_due, may_be_due, may_destroy
from tests.laws.strategies import periods, referral_times


def calendar(at: datetime, years: int = 0) -> tuple[int, ...]:
    """Return the date and time as they stand in the calendar, `years` later; 29 February in any year."""
    return (at.year + years, *at.timetuple()[1:6], at.microsecond)


@given(referral_times, periods)
def test_a_case_is_never_due_before_the_same_date_and_time(last: datetime, years: int) -> None:
    assert calendar(due_at(last, years)) >= calendar(last, years)
    assert due_at(last, years) - last >= timedelta(days=365 * years)


@given(referral_times, periods)
def test_a_case_is_due_within_a_day_of_that_date(last: datetime, years: int) -> None:
    assert due_at(last, years) - last <= timedelta(days=365 * years + years // 4 + 1)


@given(referral_times, referral_times, periods)
def test_a_later_referral_is_never_due_earlier(one: datetime, other: datetime, years: int) -> None:
    first, last = sorted((one, other))
    assert due_at(first, years) <= due_at(last, years)


@given(referral_times, st.timedeltas(timedelta(), timedelta(days=3)), periods)
def test_a_referral_shortly_after_is_never_due_earlier(last: datetime, later: timedelta, years: int) -> None:
    assert due_at(last, years) <= due_at(last + later, years)


@given(referral_times, periods, periods)
def test_a_longer_period_is_never_over_earlier(last: datetime, one: int, other: int) -> None:
    assert due_at(last, min(one, other)) <= due_at(last, max(one, other))


@given(referral_times, periods, st.integers(-12, 14))
def test_the_time_zone_in_which_an_instant_is_written_changes_nothing(last: datetime, years: int, hours: int) -> None:
    assert due_at(last.astimezone(timezone(timedelta(hours=hours))), years) == due_at(last, years)
    assert due_at(last, years).tzinfo is UTC


@given(referral_times, st.timedeltas(timedelta(days=-3), timedelta(days=3)), periods)
def test_whatever_is_due_is_found(last: datetime, around: timedelta, years: int) -> None:
    now = due_at(last, years) + around
    assert is_due(last, years, now) == (around >= timedelta())
    if is_due(last, years, now):
        assert last <= may_be_due(now, years)


@given(referral_times, periods)
def test_what_is_looked_at_and_not_yet_due_is_at_most_a_day_away(now: datetime, years: int) -> None:
    assert due_at(may_be_due(now, years), years) - now <= timedelta(days=1)


@given(st.none() | referral_times, st.timedeltas(timedelta(), timedelta(days=60)), referral_times)
def test_nothing_is_destroyed_that_was_not_scheduled_a_grace_ago(
    scheduled: datetime | None, grace: timedelta, now: datetime
) -> None:
    assert may_destroy(scheduled, grace, now) == (scheduled is not None and now - scheduled >= grace)
