"""Build the broker from its settings: the one place where rules, store, queue, log and keys meet."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from agencies.agency import Party
from agencies.directory import Directory
from agencies.names import CaseRef, DeliveryId, MessageId, PartyId
from broker.errors import LogShortened, StoreUnavailable, UnsafeSettings
from broker.log.outside import Outside, copy_out
from broker.log.sequencer import sequence
from broker.log.startup import check_log
from broker.lookups import AgencyLookups
from broker.need_to_know import Access, Act, Asker
from broker.notices import open_couriers
from broker.ports import Courier, Queue, Store, UnitOfWork
from broker.queues import open_queue
from broker.records import Sameness
from broker.services import (
    addresses,
    closing,
    compare,
    exclude,
    export,
    flags,
    holdings,
    lease,
    mailbox,
    notify,
    overdue,
    pack,
    purge,
    recall,
    receipt,
    relate,
    relay,
    release,
    schedule,
    share,
    steward,
    submit,
    survey,
)
from broker.services import status as status_
from broker.services.desk import Clock, Desk, Directories
from broker.services.lease import Leased
from broker.services.reading import Request
from broker.services.relate import View
from broker.services.release import Released
from broker.services.ruling import check_asker
from broker.services.steward import TrustNotes
from broker.services.watch import NO, Watch, Yes, check_clock, steady_s
from broker.settings import Settings
from broker.store import is_current, open_store
from crypto.blind_index import IndexKey
from crypto.keys import SigningKey, VerifyKey
from crypto.note import hash_text
from crypto.selftest import check_primitives

SWEEP_BATCH = 500


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """The secret keys that a running broker holds; never logged, shown or stored by it."""

    gateway: SigningKey = field(repr=False)
    log: SigningKey = field(repr=False)
    index: IndexKey = field(repr=False)


class Broker:
    """Every use case of one area, ready to be called; made by `build_broker`."""

    def __init__(self, desk: Desk, queue: Queue, couriers: Mapping[str, Courier], log_key: SigningKey) -> None:
        self._desk = desk
        self._queue = queue
        self._couriers = couriers
        self._log_key = log_key
        self._outside = Outside(desk.settings.outside)

    @property
    def settings(self) -> Settings:
        """The area's settings."""
        return self._desk.settings

    @property
    def store(self) -> Store:
        """Where units of work come from."""
        return self._desk.store

    @property
    def desk(self) -> Desk:
        """The surroundings of the use cases."""
        return self._desk

    def clock(self) -> datetime:
        """Return the current time."""
        return self._desk.clock()

    async def directory(self) -> Directory:
        """Return the directory as of now."""
        async with self.store.reader() as uow:
            return await self._desk.directories.current(uow)

    async def spend_nonces(self, nonces: Sequence[tuple[str, str, datetime]]) -> bool:
        """Record a request's nonces, durably before the request has any effect; False if one was spent before.

            nonces  for each signature its key's id, its nonce, and when the nonce may be forgotten

        A nonce's hash is kept: the sender chose its 22 characters, and they could spell anything.
        """
        async with self.store.unit() as uow:
            spent = [(keyid, hash_text(nonce), expires) for keyid, nonce, expires in nonces]
            fresh = [await uow.trust.spend_nonce(*one) for one in spent]
            await uow.commit()
        return all(fresh)

    async def submit(self, request: Request, asker: Asker) -> Sequence[str]:
        """See services/submit.py."""
        return await submit.submit(self._desk, request, asker)

    async def lease(self, asker: Asker, limit: int, wait_s: float) -> Sequence[Leased]:
        """See services/lease.py."""
        return await lease.lease(self._desk, asker, limit, min(wait_s, self.settings.long_poll_s))

    async def open(self, delivery: DeliveryId, asker: Asker) -> Released:
        """See services/release.py."""
        return await release.release(self._desk, delivery, asker)

    async def receipt(self, delivery: DeliveryId, note: str, asker: Asker) -> None:
        """See services/receipt.py."""
        await receipt.receipt(self._desk, delivery, note, asker)

    async def status(self, message: MessageId, asker: Asker) -> str:
        """See services/status.py."""
        return await status_.status(self._desk, message, asker)

    async def recall(self, message: MessageId, recipients: Sequence[PartyId] | None, reason: str, asker: Asker) -> str:
        """See services/recall.py."""
        return await recall.recall(self._desk, message, recipients, reason, asker)

    async def exclude(self, case: CaseRef, change: exclude.Change, asker: Asker) -> None:
        """See services/exclude.py."""
        await exclude.exclude(self._desk, case, change, asker)

    async def relate(self, case: CaseRef, relating: relate.Relating, asker: Asker) -> None:
        """See services/relate.py."""
        await relate.relate(self._desk, case, relating, asker)

    async def close_case(self, case: CaseRef, asker: Asker) -> None:
        """See services/closing.py."""
        await closing.close(self._desk, case, asker)

    async def name(self, case: CaseRef, naming: closing.Naming, asker: Asker) -> None:
        """See services/closing.py."""
        await closing.name(self._desk, case, naming, asker)

    async def view(self, case: CaseRef, asker: Asker) -> View:
        """See services/relate.py."""
        return await relate.view(self._desk, case, asker)

    async def set_addresses(self, wanted: Mapping[str, str | None], asker: Asker) -> None:
        """See services/addresses.py."""
        await addresses.set_addresses(self._desk, wanted, asker)

    async def addresses(self, asker: Asker) -> addresses.Addresses:
        """See services/addresses.py."""
        return await addresses.addresses(self._desk, asker)

    async def uncollected(self, asker: Asker) -> Sequence[overdue.Overdue]:
        """See services/overdue.py."""
        return await overdue.uncollected(self._desk, asker)

    async def lookups(self, asker: Asker) -> Sequence[AgencyLookups]:
        """See services/survey.py."""
        return await survey.lookups(self._desk, asker)

    async def waiting(self, asker: Asker) -> Sequence[survey.Waiting]:
        """See services/survey.py."""
        return await survey.waiting(self._desk, asker)

    async def share(self, case: CaseRef, sharing: share.Sharing, asker: Asker) -> DeliveryId:
        """See services/share.py."""
        return await share.share(self._desk, case, sharing, asker)

    async def holdings(self, case: CaseRef, asker: Asker) -> Sequence[holdings.Holding]:
        """See services/holdings.py."""
        return await holdings.holdings(self._desk, case, asker)

    async def pack(self, case: CaseRef, asker: Asker) -> AsyncIterator[bytes]:
        """See services/pack.py."""
        return await pack.open_pack(self._desk, case, asker)

    async def proposals(self, case: CaseRef, asker: Asker) -> Sequence[compare.Proposal]:
        """See services/compare.py."""
        return await compare.proposals(self._desk, case, asker)

    async def decide_sameness(self, pair: compare.Pair, decision: Sameness, asker: Asker) -> None:
        """See services/compare.py."""
        await compare.decide_sameness(self._desk, pair, decision, asker)

    async def link(self, pair: compare.Pair, asker: Asker) -> None:
        """See services/compare.py."""
        await compare.link(self._desk, pair, asker)

    async def merge(self, pair: compare.Pair, asker: Asker) -> compare.Merged:
        """See services/compare.py."""
        return await compare.merge(self._desk, pair, asker)

    async def split(self, pair: compare.Pair, asker: Asker) -> CaseRef:
        """See services/compare.py."""
        return await compare.split(self._desk, pair, asker)

    async def delegations(self) -> Sequence[str]:
        """Return the delegation notes, oldest first: all that a newcomer needs, and no more is read for it."""
        async with self.store.reader() as uow:
            return await uow.trust.delegations()

    async def check(self, act: Act, asker: Asker) -> None:
        """Return if nothing about the asker alone keeps it from `act`. Raises Refused, logged; see ruling.py."""
        await check_asker(self._desk, Access(act, asker, demand_proved=self.settings.demand_proved))

    async def trust_notes(self) -> TrustNotes:
        """See services/steward.py."""
        return await steward.trust_notes(self._desk)

    async def accept_delegation(self, note: str, asker: Asker) -> None:
        """See services/steward.py."""
        await steward.accept_delegation(self._desk, note, asker)

    async def accept_register(self, note: str, asker: Asker) -> None:
        """See services/steward.py."""
        await steward.accept_register(self._desk, note, asker)

    async def accept_revocation(self, note: str, asker: Asker) -> None:
        """See services/steward.py."""
        await steward.accept_revocation(self._desk, note, asker)

    async def enter(self, notes: Sequence[str]) -> Directory:
        """See services/steward.py."""
        return await steward.enter(self._desk, notes)

    async def tombstones(self, asker: Asker) -> Sequence[str]:
        """See services/steward.py."""
        return await steward.tombstones(self._desk, asker)

    async def export_log(self, asker: Asker) -> AsyncIterator[str]:
        """See services/export.py."""
        return await export.open_export(self._desk, asker)

    async def preview_retention(self) -> Sequence[schedule.Due]:
        """See services/schedule.py."""
        return await schedule.preview(self._desk)

    async def schedule_due(self, yes: Yes = NO) -> int:
        """See services/schedule.py."""
        return await schedule.schedule_due(self._desk, yes)

    async def purge_due(self, yes: Yes = NO) -> int:
        """See services/purge.py."""
        return await purge.purge_due(self._desk, self._outside.add_tombstones, yes)

    async def lapse_flags(self) -> int:
        """See services/flags.py."""
        return await flags.lapse_flags(self._desk)

    async def relay(self) -> int:
        """See services/relay.py."""
        return await relay.relay(self._desk, self._queue)

    async def republish(self) -> int:
        """See services/relay.py."""
        return await relay.republish(self._desk)

    async def fill_mailbox(self, timeout_s: float) -> int:
        """See services/mailbox.py."""
        return await mailbox.fill_mailbox(self._desk, self._queue, timeout_s)

    async def notify(self) -> int:
        """See services/notify.py."""
        return await notify.notify(self._desk, self._couriers)

    async def bury_dead_letters(self) -> int:
        """See services/mailbox.py."""
        return await mailbox.bury_dead_letters(self._desk, self._queue)

    async def sequence(self) -> int:
        """Give entries that wait their place in the log, and keep the new checkpoint outside; see log/sequencer.py."""
        count = await sequence(self.store, self._log_key, self._desk.log_origin)
        # Each time: a process that died after its commit, or could not write, left an older checkpoint outside.
        await copy_out(self.store, self._outside, lambda uow: _log_keys(self._desk, uow))
        return count

    async def declare_queues(self) -> None:
        """Make sure that every agency and office has its queue."""
        register = (await self.directory()).register
        await self._queue.declare([member.id for member in register.participants() if isinstance(member, Party)])

    async def sweep(self) -> int:
        """Forget spent nonces that have expired, and entries whose time after their case is over; return how many.

        Raises ClockUnsafe if there are such entries and the clock cannot be trusted; they stay then.
        """
        now = self.clock()
        async with self.store.unit() as uow:
            nonces = await uow.trust.sweep_nonces(now)
            await uow.commit()
        async with self.store.unit() as uow:
            entries = await uow.log.sweep(now, SWEEP_BATCH)
            if entries:
                await check_clock(uow, self.clock(), self._desk.watch)
            await uow.commit()
        return nonces + entries

    async def ready(self) -> None:
        """Return if the database answers, on a new connection, with this version's tables and an area in it.

        Raises StoreUnavailable.
        """
        if not await is_current(self.settings.database):
            raise StoreUnavailable("the database's tables are not those of this version: run `marac migrate`")
        await self.directory()

    async def close(self) -> None:
        """Let go of queue and database."""
        await self._queue.close()
        await self.store.close()


async def build_broker(
    settings: Settings, clock: Clock, keys: ServiceKeys, *, clock_is_injected: bool = False
) -> Broker:
    """Return a broker that is fit to serve.

        clock_is_injected  True for the demo and tests, whose clock is moved and agrees with no other: then it is not
                           measured before destruction. No setting and no command says so.

    Raises SelfTestFailed; StoreUnavailable; UnsafeSettings for keys that were not delegated; LogShortened if the
    database's log or tombstones lag behind what is kept outside it: then an older database was put in its place.
    """
    check_primitives()
    store = open_store(settings.database)
    async with AsyncExitStack() as undo:
        undo.push_async_callback(store.close)
        watch = None if clock_is_injected else Watch(clock(), steady_s())
        desk = Desk(settings, store, clock, keys.gateway, keys.index, Directories(settings), watch)
        queue = open_queue(settings.amqp_url, store, clock, settings.delivery_limit)
        broker = Broker(desk, queue, open_couriers(settings, keys.gateway, clock), keys.log)
        await broker.ready()
        await _check_keys(broker, keys)
        await _reconcile(desk, Outside(settings.outside))
        undo.pop_all()
    return broker


async def _check_keys(broker: Broker, keys: ServiceKeys) -> None:
    latest = (await broker.directory()).area.latest
    # Expired is not checked: an area whose yearly delegation is late goes on taking referrals, and is told.
    if (keys.gateway.verify_key, keys.log.verify_key) != (latest.gateway, latest.log):
        raise UnsafeSettings(
            "the gateway's and the log's keys are not those that the root delegated last: put the files of those in the"
            " place of gateway.signkey and log.signkey"
        )
    if keys.index.area != broker.settings.area:
        raise UnsafeSettings("the index key is another area's: put this area's in the place of people.indexkey")


async def _log_keys(desk: Desk, uow: UnitOfWork) -> Sequence[VerifyKey]:
    """Return every key that the log ever signed with, as this unit sees the delegations."""
    return (await desk.directories.current(uow)).area.every_log_key()


async def _reconcile(desk: Desk, outside: Outside) -> None:
    # Outside first: another process may add to both meanwhile, to the database before the files.
    checkpoint, kept = outside.checkpoint(), outside.tombstones()
    async with desk.store.reader() as uow:
        await check_log(uow.log, checkpoint, await _log_keys(desk, uow), desk.log_origin)
        inside = await uow.tombstones.all()
    if not set(kept) <= set(inside):
        raise LogShortened("a tombstone is kept outside that this database does not know: it is an older copy")
    if not set(inside) <= set(kept):  # the process died right after it committed a destruction, or another outlived it
        outside.add_tombstones(inside)
