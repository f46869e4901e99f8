"""The Protocols between the broker's rules and the world; records.py has what crosses them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from agencies.names import CaseRef, DeliveryId, EntryId, MessageId, OfficerId, PartyId
from broker.audit import Entry
from broker.case import Case, Flag, Related
from broker.records import (
    Addressed,
    Arrival,
    Delivery,
    Destroyed,
    Earlier,
    Letter,
    LoggedEntry,
    LogState,
    Message,
    Reach,
)
from broker.repositories import Letters, Notices, People, Tombstones
from broker.retention import Cutoff


class Cases(Protocol):
    """The cases of the area. Of merged ones each reference stands for all: one lock, one value, one destruction.

    What protects any of them (exclusions, closed, unsettled) protects all, and after a split each; what grants
    (relations) is written to the lead, what takes a grant away to each.
    """

    async def lock(self, ref: CaseRef) -> Case | None:
        """Return the case with its lead's row locked until the unit ends (PostgreSQL `FOR UPDATE`), or None."""

    async def lock_all(self, refs: Sequence[CaseRef]) -> Mapping[CaseRef, Case | None]:
        """Return the cases by reference, or None, all locked in the one order that everybody locks in."""

    async def get(self, ref: CaseRef) -> Case | None:
        """Return the case without a lock, or None."""

    async def add(self, case: Case) -> None:
        """Add a new case with its relations and exclusions."""

    async def restart(self, ref: CaseRef, at: datetime) -> None:
        """Restart the retention clock at `at` and take back any scheduling of destruction."""

    async def redate(self, ref: CaseRef) -> None:
        """Let the clock run from the last referral that stands; where none stands any more it runs on: never early."""

    async def close(self, ref: CaseRef) -> None:
        """Close the case: honour-based abuse."""

    async def name(self, ref: CaseRef, officers: Sequence[OfficerId]) -> None:
        """Add officers who may have what the case holds once it is closed; who is named stays so."""

    async def unname(self, ref: CaseRef, officers: Sequence[OfficerId]) -> None:
        """Take their naming back; for who is not named nothing changes."""

    async def exclude(self, ref: CaseRef, excluded: Sequence[PartyId | OfficerId]) -> None:
        """Add exclusions of this very reference; what it is one with is kept from them too."""

    async def lift(self, ref: CaseRef, parties: Sequence[PartyId | OfficerId]) -> None:
        """Take this very reference's exclusions back; for whom it does not exclude nothing changes."""

    async def unsettle(self, ref: CaseRef, messages: Sequence[MessageId]) -> None:
        """Record that these messages exclude people in words: all but the coordinator wait until each is settled."""

    async def settle(self, ref: CaseRef, messages: Sequence[MessageId]) -> None:
        """Record that the coordinator has dealt with whom these messages exclude in words; with nobody else's."""

    async def relate(self, ref: CaseRef, related: Related) -> None:
        """Add or replace a party's relation to the case; of merged ones the lead's, and in each what groups.py says."""

    async def flag(self, ref: CaseRef, flags: Sequence[Flag]) -> None:
        """Set agencies' flags, or put them in the place of those that they have."""

    async def unflag(self, ref: CaseRef, party: PartyId) -> None:
        """Take an agency's flag back; where it has none nothing changes."""

    async def flags_over(self, at: datetime, limit: int) -> Sequence[CaseRef]:
        """Return, by id, cases with flags that have run out by `at` and whose end is not recorded."""

    async def lapse(self, ref: CaseRef, at: datetime) -> bool:
        """Record the end of the case's flags that have run out by `at`; False if that was recorded before."""

    async def untriaged(self, before: datetime, limit: int) -> Sequence[Case]:
        """Return cases referred before `before`, for information too, with no triage since, oldest first."""

    async def unserved(self, services: Sequence[PartyId], limit: int) -> Sequence[Case]:
        """Return cases whose newest referral none of these services has, oldest first."""

    async def triaged(self, message: MessageId, at: datetime, corrects: MessageId | None, *, ends: bool) -> None:
        """Record a triage; one that `corrects` another is as old as that one: it says nothing of what came between."""

    async def pending(self, limit: int) -> Sequence[Case]:
        """Return cases with people excluded in words that nobody has dealt with, oldest first."""

    async def due(self, before: Cutoff, limit: int) -> Sequence[Case]:
        """Return cases not yet scheduled that were last referred, or else looked up, by `before`, oldest first."""

    async def schedule(self, refs: Sequence[CaseRef], at: datetime, before: Cutoff) -> Sequence[CaseRef]:
        """Schedule destruction at `at` of those that are not scheduled and, still, not referred after `before`.

        Return which, with all that are one with them: what a referral changed since is not among them.
        """

    async def unschedule(self, ref: CaseRef) -> None:
        """Take the scheduling of a case's destruction back."""

    async def scheduled(self, before: datetime, limit: int) -> Sequence[Case]:
        """Return cases scheduled at or before `before`, oldest first."""

    async def scheduled_after(self, at: datetime, limit: int) -> Sequence[CaseRef]:
        """Return cases scheduled after `at`."""

    async def count_due(self, before: Cutoff) -> int:
        """Return how many cases `due` would return, without a limit."""

    async def count_scheduled(self, before: datetime) -> int:
        """Return how many cases `scheduled` would return, without a limit."""

    async def merge(self, into: CaseRef, lead: CaseRef, at: datetime) -> None:
        """Make the cases that `lead` leads one with those that `into` leads; both are locked."""

    async def split(self, ref: CaseRef, leaving: Collection[CaseRef]) -> None:
        """Take a case out of those that it was merged with; `leaving` go with it, which were merged into it before.

        What protects any of them protects each from now on: what was written while they were one relied on it.
        """

    async def destroy(self, ref: CaseRef) -> Destroyed:
        """Delete everything under this one reference but its access entries; return what went. The lead goes last."""

    async def excluding(self, excluded: Sequence[str]) -> frozenset[CaseRef]:
        """Return the cases that exclude any of these agencies or officers."""

    async def count(self) -> int:
        """Return how many cases there are; what is one counts once."""


class Messages(Protocol):
    """Messages, their payloads, their deliveries and the headers that wait."""

    async def add(self, addressed: Sequence[Addressed]) -> None:
        """Add messages with payloads, deliveries, headers and one outbox row a delivery."""

    async def get(self, message: MessageId) -> Message | None:
        """Return a message, or None."""

    async def payload(self, message: MessageId) -> bytes | None:
        """Return a message's payload, or None."""

    async def glance(self, delivery: DeliveryId) -> Delivery | None:
        """Return a delivery without a lock, or None: to learn which case to lock first."""

    async def delivery(self, delivery: DeliveryId) -> Delivery | None:
        """Return a delivery, locked until the unit ends, or None."""

    async def deliveries(self, message: MessageId) -> Sequence[Delivery]:
        """Return a message's deliveries, locked until the unit ends."""

    async def held(self, case: CaseRef, recipient: PartyId | None = None) -> Sequence[tuple[Delivery, Message]]:
        """Return a case's deliveries (None: whosever) with their messages, oldest message first; nothing is locked."""

    async def share(self, delivery: Delivery, header: bytes) -> None:
        """Add a delivery of a message that is there, with its header and its outbox row."""

    async def rehead(self, delivery: DeliveryId, keys: Sequence[str], header: bytes) -> None:
        """Put another header, made for other keys, in the place of the one that waits; all else stays."""

    async def waiting(self, reach: Reach, limit: int, now: datetime) -> Sequence[tuple[DeliveryId, CaseRef]]:
        """Return up to `limit` deliveries within `reach` that wait and are not leased; nothing is locked.

        Urgent ones first, then the oldest; last those recalled after release whose notice has not been answered: they
        are leased as notices to who may hear of them, though the case excludes their recipient.
        """

    async def take(self, deliveries: Sequence[DeliveryId], now: datetime) -> Sequence[tuple[Delivery, Message]]:
        """Return those of the deliveries that still wait, locked, as `waiting` orders them; locked rows are skipped."""

    async def lease(self, deliveries: Sequence[DeliveryId], until: datetime) -> None:
        """Lease the deliveries until `until`."""

    async def withhold(self, delivery: DeliveryId, rule: str, until: datetime) -> None:
        """Note the rule that withheld the delivery from a lease, and ask it again only after `until`."""

    async def header(self, delivery: DeliveryId) -> bytes | None:
        """Return the header that waits for the delivery, or None if it is gone."""

    async def payloads(self, messages: Sequence[MessageId]) -> Mapping[MessageId, bytes]:
        """Return the payloads of those messages that have one: all at once in memory."""

    async def headers(self, deliveries: Sequence[DeliveryId]) -> Mapping[DeliveryId, bytes]:
        """Return the headers that wait for those of the deliveries that have one."""

    async def release_all(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Record that these headers were released, as `release` does."""

    async def release(self, delivery: DeliveryId, at: datetime) -> None:
        """Record that the header was released (first time only; later releases keep the first time)."""

    async def receipt(self, delivery: DeliveryId, state: str, note: str, at: datetime) -> None:
        """Keep a receipt note; `collected`, or `destroyed` without it, moves the delivery to collected."""

    async def released(self, cases: Sequence[CaseRef]) -> Sequence[Delivery]:
        """Return these cases' released deliveries, in order; of what was taken back those that are not answered."""

    async def recall(self, notices: Mapping[DeliveryId, str | None], at: datetime) -> None:
        """Recall deliveries: their headers are deleted; the notice (None where never released) is kept."""

    async def uncollected(self, accepted_before: datetime, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return urgent deliveries accepted by then that nobody has collected or recalled, oldest first.

        Not those whose recipient the case excludes now, or has no part in any more.
        """

    async def escalated(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Record that the coordinator's office was told of them."""

    async def first_of(self, kind: str, since: datetime) -> Sequence[Message]:
        """Return the first document of each submission of a kind accepted since then, corrections left out."""

    async def parts(self, message: Message) -> Sequence[Message]:
        """Return the messages of the same submission, this one among them."""

    async def history(self, message: MessageId) -> Sequence[Delivery]:
        """Return the deliveries of the message and of every version before it, in order; nothing is locked."""

    async def supersede(self, message: MessageId, by: MessageId, kept: Sequence[PartyId]) -> None:
        """Record that `by` corrects the message: its headers are deleted, but for the recipients `kept`.

        What was recalled stays so.
        """

    async def earlier(self, sender: PartyId, idempotency: str) -> Earlier | None:
        """Return what an earlier submission of `sender` with this idempotency id was answered, or None."""

    async def remember(self, sender: PartyId, idempotency: str, earlier: Earlier) -> None:
        """Keep a submission's answer; goes with its case. A duplicate raises IdempotencyConflict."""


class Outbox(Protocol):
    """What is committed and not yet in the recipients' mailboxes."""

    async def take(self, limit: int) -> Sequence[Letter]:
        """Return the letters to publish, urgent ones first, locked, skipping locked rows; each take draws new ids."""

    async def sent(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Remove the outbox rows of published deliveries and record when they were published."""

    async def arrived(self, deliveries: Sequence[DeliveryId], at: datetime) -> None:
        """Mark deliveries available in the mailbox; repeats and unknown ids change nothing."""

    async def dead(self, deliveries: Sequence[DeliveryId]) -> None:
        """Mark deliveries dead-lettered, unless they arrived, were collected or recalled meanwhile."""

    async def republish(self, published_before: datetime, limit: int) -> int:
        """Put deliveries published before then that never arrived, dead-lettered ones too, in the outbox again."""


class Log(Protocol):
    """The audit log: entries in the transaction of their effect, leaves in tiles."""

    async def append(self, *entries: Entry) -> None:
        """Append entries, each with a fresh salt and its leaf; they get their index from the sequencer."""

    async def unsequenced(self, limit: int) -> Sequence[LoggedEntry]:
        """Return the oldest entries without an index."""

    async def state(self) -> LogState:
        """Return the log's state row."""

    async def tile(self, level: int, index: int) -> bytes | None:
        """Return a hash tile as last written (full or partial), or None."""

    async def advance(self, old: LogState, new: LogState, tiles: Mapping[tuple[int, int], bytes]) -> bool:
        """Compare and swap the state row from `old` to `new` and write `tiles`; False if another was faster."""

    async def index(self, entries: Sequence[EntryId], first: int) -> None:
        """Give the entries the indexes `first`, `first + 1`, ..."""

    async def entries(self, first: int, end: int) -> Sequence[LoggedEntry]:
        """Return the sequenced entries with first <= index < end, in order."""

    async def expire(self, case: CaseRef, at: datetime, withheld_from: Sequence[str]) -> None:
        """Set when the entries about a destroyed case are to be destroyed in their turn, and who may not see them."""

    async def newest_at(self) -> datetime | None:
        """Return when the newest entry was made, or None before the first; known also once it is destroyed."""

    async def sweep(self, now: datetime, limit: int) -> int:
        """Destroy entry and salt (the leaf stays) of sequenced entries whose time has come; return how many."""

    async def entry_of(self, case: CaseRef, event: str) -> LoggedEntry | None:
        """Return the newest entry of this event about the case, or None."""


class Trust(Protocol):
    """Delegations, registers and revocations as received: signed notes, verified by whoever reads them."""

    async def lock(self) -> None:
        """Let no other unit that calls this go on before this one ends: what is judged now is what will be held."""

    async def version(self) -> tuple[int, int, int]:
        """Return (newest delegation's number, newest register's number, count of revocations): cheap."""

    async def delegations(self) -> Sequence[str]:
        """Return the delegation notes, oldest first."""

    async def add_delegation(self, number: int, note: str) -> None:
        """Keep a delegation. A number that is there raises RegisterConflict."""

    async def register(self) -> str | None:
        """Return the newest register note, or None."""

    async def add_register(self, number: int, note: str, at: datetime) -> None:
        """Keep a register. A number that is there raises RegisterConflict."""

    async def revocations(self) -> Sequence[str]:
        """Return the revocation notes, oldest first."""

    async def add_revocation(self, key: str, note: str, at: datetime) -> None:
        """Keep a revocation, also of a key that has one: the earliest counts. The same note again changes nothing."""

    async def spend_nonce(self, keyid: str, nonce: str, expires: datetime) -> bool:
        """Record a request's nonce; False if it was spent before."""

    async def sweep_nonces(self, now: datetime) -> int:
        """Forget the nonces that expired before `now`; return how many."""


class UnitOfWork(AbstractAsyncContextManager["UnitOfWork"], Protocol):
    """One transaction: rolled back on exit unless `commit` was reached."""

    cases: Cases
    people: People
    messages: Messages
    outbox: Outbox
    log: Log
    trust: Trust
    tombstones: Tombstones
    letters: Letters
    notices: Notices

    async def commit(self) -> None:
        """Make everything in this unit durable, at once."""

    async def now(self) -> datetime:
        """Return the database's clock; on SQLite that is this machine's."""


class Store(Protocol):
    """Where units of work come from. A database that does not answer raises StoreUnavailable."""

    def unit(self) -> UnitOfWork:
        """Return a unit that may write (SQLite: `BEGIN IMMEDIATE` on the one writer)."""

    def reader(self) -> UnitOfWork:
        """Return a unit that only reads, all of it as of one instant; nothing is locked in it."""

    async def compact(self) -> bool:
        """Clear what was deleted from the database's files (after a purge); False if readers were in the way."""

    async def close(self) -> None:
        """Close every connection."""


class Queue(Protocol):
    """The way of letters from outbox to mailbox: one durable queue a recipient. May repeat, never loses."""

    async def declare(self, recipients: Sequence[PartyId]) -> None:
        """Make sure that each recipient has its queue and its dead-letter queue."""

    async def publish(self, letters: Sequence[Letter]) -> Sequence[DeliveryId]:
        """Publish letters and return those whose arrival in a durable queue is confirmed; the rest is not lost."""

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Arrival]:
        """Return up to `limit` letters from any recipient's queue, waiting up to `timeout_s` for the first."""

    async def settle(self, arrivals: Sequence[Arrival]) -> None:
        """Acknowledge letters: they are in the mailbox, durably."""

    async def refuse(self, arrivals: Sequence[Arrival]) -> None:
        """Give letters back; one that was given back more than the delivery limit is dead-lettered."""

    async def dead(self, limit: int) -> Sequence[Arrival]:
        """Return letters from the dead-letter queues, to be settled once recorded."""

    async def close(self) -> None:
        """Let go of the connection; what was not settled comes again."""


class Courier(Protocol):
    """Carries the one notice there is, "something to collect", to an address of one channel."""

    async def send(self, address: str) -> None:
        """Return once the other side has taken the notice. Raises NoticeNotDelivered."""
