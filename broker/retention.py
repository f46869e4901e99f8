"""How long a case is kept: from its last referral, by the agreement's period. Rules: broker/README.md, "Retention"."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broker.case import Case


@dataclass(frozen=True, slots=True)
class Periods:
    """How long cases are kept: `years` after their last referral; one that was only looked up, `lookup` after that."""

    years: int
    lookup: timedelta

    def rule(self, case: Case) -> str:
        """Return the word that log and tombstone state for the case."""
        if case.last_referral_at is None:
            return f"lookup-{self.lookup.days}-days"
        return f"retention-{self.years}-years"


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Instants such that every case that is due had its last referral, or was looked up, at or before them."""

    referred: datetime
    looked_up: datetime


def case_due_at(case: Case, periods: Periods) -> datetime:
    """Return the instant from which the case may be scheduled: a look-up is no referral, and one that joins it is."""
    if case.last_referral_at is None:
        return case.opened_at + periods.lookup
    return due_at(case.last_referral_at, periods.years)


def cutoff(now: datetime, periods: Periods) -> Cutoff:
    """Return what may be due at `now`: a little generous, `case_due_at` decides one by one."""
    return Cutoff(may_be_due(now, periods.years), now - periods.lookup)


def due_at(last_referral_at: datetime, years: int) -> datetime:
    """Return the instant from which a case may be scheduled for destruction.

        years  whole years, from the agreement in force

    The same date and time `years` later, in UTC. From any time on 29 February it is the first instant of 1 March
    where that year has no such day: never a day early, and never after a case that was referred later.
    """
    start = last_referral_at.astimezone(UTC)
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return datetime(start.year + years, 3, 1, tzinfo=UTC)


def is_due(last_referral_at: datetime, years: int, now: datetime) -> bool:
    """Claim that the case's period is over."""
    return now >= due_at(last_referral_at, years)


def may_be_due(now: datetime, years: int) -> datetime:
    """Return an instant such that every case that is due had its last referral at or before it.

    A little generous (a leap day); `is_due` decides one by one.
    """
    start = now.astimezone(UTC)
    earlier = start.replace(year=start.year - years, day=min(start.day, 28))
    return earlier + timedelta(days=start.day - min(start.day, 28))


def may_destroy(scheduled_at: datetime | None, grace: timedelta, now: datetime) -> bool:
    """Claim that a case was scheduled and has waited out its grace."""
    return scheduled_at is not None and now >= scheduled_at + grace
