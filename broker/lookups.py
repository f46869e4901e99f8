"""Which look-ups stand out: asked again and again, and nobody referred. Rule: broker/README.md, "Look-ups"."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from agencies.names import PartyId
from agencies.uk_days import uk_days_between

WITHIN_DAYS = 30


@dataclass(frozen=True, slots=True)
class AgencyLookups:
    """One agency's look-ups, oldest first.

    without_referral  those that no referral within 30 days can have answered; about whom they were nobody here knows
    """

    agency: PartyId
    looked_up: tuple[datetime, ...]
    without_referral: tuple[datetime, ...]

    @property
    def stands_out(self) -> bool:
        """True if two of those without a referral lie within 30 days of each other."""
        return any(uk_days_between(earlier, later) <= WITHIN_DAYS for earlier, later in pairwise(self.without_referral))


def lookups_of(agency: PartyId, looked_up: Sequence[datetime], referred: Sequence[datetime]) -> AgencyLookups:
    """Return an agency's look-ups, judged by when it referred: one referral answers one look-up, whoever it is about.

    Each is answered by the first referral after it that answers no earlier one: as many as can be are answered.
    """
    ordered, left, without = tuple(sorted(looked_up)), deque(sorted(referred)), list[datetime]()
    for at in ordered:
        while left and left[0] < at:
            left.popleft()
        if left and uk_days_between(at, left[0]) <= WITHIN_DAYS:
            left.popleft()
        else:
            without.append(at)
    return AgencyLookups(agency, ordered, tuple(without))
