"""Repeats: is a further referral a repeat? From what the coordinator decided and the dates; domain.md, "Referral"."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from agencies.uk_days import uk_day

WITHIN_YEARS = 1


class Because(StrEnum):
    """Why a referral is, or is not, proposed as a repeat; the words that the office is shown."""

    WITHIN_12_MONTHS = "within-12-months"
    FIRST_REFERRAL = "first-referral"
    OTHER_PERSON = "another-victim-or-perpetrator"
    OTHER_AREA = "another-area"
    INFORMATION_ONLY = "information-only"
    OVER_12_MONTHS = "over-12-months"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier referral, and what is decided of it beside the one in question.

    same_people  the same victim, and any of the perpetrators (or who acts for them)
    """

    at: datetime
    same_people: bool = True
    same_area: bool = True
    information_only: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """A proposal to the coordinator, who decides; the broker does nothing by it."""

    proposed: bool
    because: Because


def propose(at: datetime, earlier: Earlier | None, *, information_only: bool = False) -> Repeat:
    """Return whether a referral at `at` is proposed as a repeat of the `earlier` one, None where there is none.

    The first reason against it is the answer.
    """
    if earlier is None:
        return Repeat(False, Because.FIRST_REFERRAL)
    against = (
        (Because.OTHER_PERSON, not earlier.same_people),
        (Because.OTHER_AREA, not earlier.same_area),
        (Because.INFORMATION_ONLY, information_only or earlier.information_only),
        (Because.OVER_12_MONTHS, uk_day(at) > last_day(earlier.at)),
    )
    reason = next((because for because, holds in against if holds), None)
    return Repeat(reason is None, reason or Because.WITHIN_12_MONTHS)


def last_day(last: datetime) -> date:
    """Return the last day of the 12 months after a referral, whole: of 29 February, 28 February."""
    start = uk_day(last)
    try:
        return start.replace(year=start.year + WITHIN_YEARS)
    except ValueError:
        return start.replace(year=start.year + WITHIN_YEARS, day=28)
