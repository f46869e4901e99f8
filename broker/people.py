"""The port to what is known of whether cases are of the same people; ports.py has the others."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from agencies.names import CaseRef
from broker.case import Case
from broker.records import Alike, Named, Sameness
from crypto.blind_index import Token


class People(Protocol):
    """What is known of whether cases are of the same people: tokens, decisions, links, dates; goes with its case."""

    async def keep(self, case: CaseRef, tokens: Collection[tuple[Named, Token]]) -> None:
        """Keep the tokens of who a referral names; those that are there change nothing."""

    async def alike(self, case: Case, limit: int) -> Sequence[Alike]:
        """Return up to `limit` cases of the same victim, or with a victim who is the other's perpetrator, by tokens.

        Those that agree in more first; none that is one with `case`, or that was decided to be different from it.
        """

    async def decide(self, pair: tuple[CaseRef, CaseRef], decision: Sameness, at: datetime) -> None:
        """Record what the coordinator decided of two cases; the last decision counts."""

    async def decided(self, case: Case) -> Mapping[CaseRef, Sameness]:
        """Return what was decided last between this case and others, by their leads."""

    async def link(self, pair: tuple[CaseRef, CaseRef], at: datetime) -> None:
        """Record that two cases are related; again changes nothing."""

    async def linked(self, case: Case) -> Sequence[CaseRef]:
        """Return the cases that this one is linked with, by their leads, sorted."""

    async def referred(self, case: CaseRef, at: datetime) -> None:
        """Record a referral that is not for information only."""

    async def referrals(self, cases: Sequence[CaseRef], limit: int) -> Sequence[datetime]:
        """Return when these were referred, the latest first."""
