"""Which look-ups stand out: asked again and again, and nobody referred. Rule: broker/README.md, "Look-ups"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from agencies.names import PartyId

WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class AgencyLookups:
    """One agency's look-ups, oldest first.

    without_referral  those after which it referred nobody within 30 days; whom it asked about, nobody here can know
    """

    agency: PartyId
    looked_up: tuple[datetime, ...]
    without_referral: tuple[datetime, ...]

    @property
    def stands_out(self) -> bool:
        """True if two of those without a referral lie within 30 days of each other."""
        return any(later - earlier <= WITHIN for earlier, later in pairwise(self.without_referral))


def lookups_of(agency: PartyId, looked_up: Sequence[datetime], referred: Sequence[datetime]) -> AgencyLookups:
    """Return an agency's look-ups, judged by when it referred, whomever and in whatever case."""
    ordered = tuple(sorted(looked_up))
    without = tuple(at for at in ordered if not any(at <= one <= at + WITHIN for one in referred))
    return AgencyLookups(agency, ordered, without)
