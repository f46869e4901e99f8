"""The ports to smaller tables: who may be the same, notices, tombstones, letters; ports.py has the others."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from agencies.names import CaseRef, MessageId, PartyId
from broker.case import Case
from broker.records import Alike, Arrival, Channel, Letter, Named, Referred, Sameness
from crypto.blind_index import Token


class People(Protocol):
    """What is known of whether cases are of the same people: tokens, decisions, links, dates; goes with its case."""

    async def keep(self, case: CaseRef, message: MessageId, tokens: Collection[tuple[Named, Token]]) -> None:
        """Keep the tokens of who a referral names; those that are there change nothing."""

    async def alike(self, case: Case, limit: int) -> Sequence[Alike]:
        """Return up to `limit` cases of the same victim, or with a victim who is the other's perpetrator, by tokens.

        Those that agree in more first; none that is one with `case`, or that was decided to be different from it.
        """

    async def crosses(self, one: Case, other: Case) -> bool:
        """Claim that the victim of one is a perpetrator of the other, by their tokens, whatever was decided."""

    async def decide(self, pair: tuple[CaseRef, CaseRef], decision: Sameness, at: datetime) -> None:
        """Record what the coordinator decided of two cases; the last decision counts."""

    async def decided(self, case: Case) -> Mapping[CaseRef, Sameness]:
        """Return what was decided last between this case and others, by their leads."""

    async def link(self, pair: tuple[CaseRef, CaseRef], at: datetime) -> None:
        """Record that two cases are related; again changes nothing."""

    async def linked(self, case: Case) -> Sequence[CaseRef]:
        """Return the cases that this one is linked with, by their leads, sorted."""

    async def referred(self, case: CaseRef, message: MessageId, referred: Referred) -> None:
        """Record a referral; again changes nothing."""

    async def forget(self, case: CaseRef, message: MessageId) -> Referred | None:
        """Forget a referral's tokens and date, which is returned: it was corrected, or taken back from everybody."""

    async def referrals(self, cases: Sequence[CaseRef], limit: int, *, informing: bool = False) -> Sequence[datetime]:
        """Return when these were referred, the latest first; `informing`: for information only, instead of not."""


class Notices(Protocol):
    """Where parties are told that something waits for them, and how that goes."""

    async def all(self) -> Sequence[Channel]:
        """Return every channel, by party."""

    async def of(self, party: PartyId) -> Sequence[Channel]:
        """Return the channels of a party."""

    async def put(self, channel: Channel) -> None:
        """Keep a channel as new; the same address again changes nothing."""

    async def drop(self, party: PartyId, channels: Sequence[str]) -> None:
        """Destroy these channels of a party."""

    async def claim(self, channel: Channel, at: datetime, again_at: datetime) -> bool:
        """Record that a notice goes out at `at`; False if another process was faster, or the address was changed."""

    async def told(self, channel: Channel) -> None:
        """Record that the notice that was claimed got through."""

    async def failed(self, channel: Channel, fault: str, at: datetime, again_at: datetime) -> None:
        """Record that the notice that was claimed failed; it is tried again from `again_at` on."""

    async def seen(self, party: PartyId) -> None:
        """Record that the party has looked: something new may be told."""


class Tombstones(Protocol):
    """What remains of destroyed cases."""

    async def add(self, case_hash: str, note: str, at: datetime) -> None:
        """Keep a tombstone; the same case hash again changes nothing."""

    async def unsettled(self) -> Mapping[str, str]:
        """Return the notes by case hash, oldest first, that are not known to be outside, or not cleared from files."""

    async def newest_at(self) -> datetime | None:
        """Return when the last case was destroyed, or None before the first."""

    async def settle(self, case_hashes: Sequence[str], at: datetime) -> None:
        """Record that these destructions are done, outside the database and in its files too."""

    async def all(self) -> Sequence[str]:
        """Return the tombstone notes, oldest first."""


class Letters(Protocol):
    """The letters of the embedded queue: RabbitMQ's work where there is no RabbitMQ."""

    async def put(self, letters: Sequence[Letter], at: datetime) -> None:
        """Keep letters, to be taken from `at` on; a letter id that is there changes nothing."""

    async def waiting(self, now: datetime, *, dead: bool) -> bool:
        """Whether a letter (a dead one) could be taken."""

    async def take(self, limit: int, holder: str, now: datetime, until: datetime, *, dead: bool) -> Sequence[Arrival]:
        """Let `holder` take up to `limit` letters (dead ones), oldest first; nobody else gets them before `until`."""

    async def bury(self, now: datetime, delivery_limit: int) -> None:
        """Letters that may be taken again and were taken more often than the limit allows are dead letters now."""

    async def settle(self, tags: Sequence[str]) -> None:
        """Remove letters: they are in the mailbox, or recorded as dead."""

    async def give_back(self, tags: Sequence[str], at: datetime) -> None:
        """Letters may be taken again from `at` on."""

    async def let_go(self, holder: str, at: datetime) -> None:
        """Everything that `holder` took may be taken again from `at` on."""
