"""Repeats, row by row of the rule in domain.md, "Referral" (source documents 000 and 002)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from broker.repeats import Because, Earlier, last_day, propose

LAST = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
LAST_DAY, END = datetime(2027, 3, 1, 16, 0, tzinfo=UTC), datetime(2027, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)

# (rule, source, the earlier referral, when the further one comes, for information only, what is proposed)
ROWS = [
    ("a further incident within 12 months", "002", Earlier(LAST), LAST + timedelta(days=90), False, "within-12-months"),
    ("on the last day of the 12 months", "002", Earlier(LAST), LAST_DAY, False, "within-12-months"),
    ("at its end", "002", Earlier(LAST), END - SECOND, False, "within-12-months"),
    ("more than 12 months ago", "002", Earlier(LAST), END, False, "over-12-months"),
    ("referred again at once", "000", Earlier(LAST), LAST, False, "within-12-months"),
    ("no earlier referral", "002", None, LAST, False, "first-referral"),
    (
        "another perpetrator, or another victim",
        "002",
        Earlier(LAST, same_people=False),
        LAST + timedelta(days=90),
        False,
        "another-victim-or-perpetrator",
    ),
    ("heard in another area", "002", Earlier(LAST, same_area=False), LAST, False, "another-area"),
    (
        "the earlier one for information only",
        "002",
        Earlier(LAST, information_only=True),
        LAST,
        False,
        "information-only",
    ),
    ("this one for information only", "002", Earlier(LAST), LAST, True, "information-only"),
]


@pytest.mark.parametrize(("rule", "source", "earlier", "at", "information_only", "because"), ROWS)
def test_each_row_of_the_rule_about_repeats(
    rule: str, source: str, earlier: Earlier | None, at: datetime, information_only: bool, because: str
) -> None:
    repeat = propose(at, earlier, information_only=information_only)
    assert (repeat.proposed, repeat.because) == (because == "within-12-months", because), f"{rule} [{source}]"


def test_every_reason_has_its_row() -> None:
    assert {row[-1] for row in ROWS} == set(Because)


def test_the_year_after_a_leap_day_ends_on_28_february() -> None:
    assert last_day(datetime(2028, 2, 29, 9, tzinfo=UTC)) == date(2029, 2, 28)


def test_the_days_are_those_of_the_calendar_in_the_united_kingdom() -> None:
    last = Earlier(datetime(2026, 6, 10, 23, 30, tzinfo=UTC))  # the 11th there
    assert propose(datetime(2027, 6, 11, 22, 59, 59, tzinfo=UTC), last).proposed
    assert not propose(datetime(2027, 6, 11, 23, tzinfo=UTC), last).proposed
