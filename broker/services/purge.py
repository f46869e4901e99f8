"""Purge: destroy a scheduled case in one transaction, and leave a signed tombstone inside and outside the database."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from agencies.names import CaseRef
from agencies.notes.tombstone import Tombstone, case_commitment
from broker.case import Case
from broker.kinds.table import KINDS
from broker.ports import UnitOfWork
from broker.records import Destroyed
from broker.retention import Periods, case_due_at, may_destroy
from broker.services.desk import Desk
from broker.services.ruling import broker_entry
from broker.services.schedule import periods_of, unschedule
from broker.services.watch import NO, Yes, check_clock, check_share
from crypto import note as signed_note
from crypto.draw import draw_salt

BATCH = 20

AddTombstones = Callable[[Sequence[str]], None]


async def purge_due(desk: Desk, add_tombstones: AddTombstones, yes: Yes = NO) -> int:
    """Destroy a batch of cases whose grace is over and return how many are gone.

        add_tombstones  appends notes to the file outside the database and returns once they are on the disk
        yes             what an operator answers for

    One transaction a case, so that a run that is stopped anywhere has destroyed whole cases only. What it left
    undone of the last of them, or what failed, the next run does.
    Raises ClockUnsafe if there are any and the clock cannot be trusted, TooMuchDue if there are too many.
    """
    await _settle(desk, add_tombstones)  # what an earlier run left is done, whatever is due now
    before, percent = desk.now() - desk.settings.purge_grace, desk.settings.due_at_once_percent
    async with desk.store.reader() as uow:
        scheduled = await uow.cases.scheduled(before, BATCH)
        if scheduled:
            await check_clock(uow, desk.clock(), desk.watch, yes)
            check_share(await uow.cases.count_scheduled(before), await uow.cases.count(), percent, yes)
    destroyed = [case.ref for case in scheduled if await _destroy(desk, case.ref)]
    # A crash here leaves tombstones in the database alone, and deleted rows in its files.
    await _settle(desk, add_tombstones)
    if destroyed:
        desk.logged.ring()
    return len(destroyed)


async def _settle(desk: Desk, add_tombstones: AddTombstones) -> None:
    """Tombstones are outside, and what was deleted is out of free pages and write-ahead log; else the next run's."""
    async with desk.store.reader() as uow:
        unsettled = await uow.tombstones.unsettled()
    if not unsettled:
        return
    add_tombstones(list(unsettled.values()))
    if await desk.store.compact():
        # A crash before this commit only clears the files once more.
        async with desk.store.unit() as uow:
            await uow.tombstones.settle(list(unsettled), desk.now())
            await uow.commit()


async def _destroy(desk: Desk, ref: CaseRef) -> bool:
    async with desk.store.unit() as uow:
        case = await uow.cases.lock(ref)
        periods = await periods_of(desk, uow)
        # Asked again under the lock: a referral that came meanwhile has restarted the clock.
        if case is None or not may_destroy(case.scheduled_at, desk.settings.purge_grace, desk.now()):
            return False
        if desk.now() < case_due_at(case, periods):
            # Its period was lengthened: it no longer stands before those that are due.
            await unschedule(desk, uow, case, periods)
            await uow.commit()
            desk.logged.ring()
            return False
        scheduled = {one: await uow.log.entry_of(one, "schedule") for one in case.refs}
        indexes = {
            one: entry.index for one, entry in scheduled.items() if entry is not None and entry.index is not None
        }
        if len(indexes) < len(case.refs):
            return False  # not yet in the log that outsiders can check: the next run finds it there
        for one in reversed(case.refs):  # what is one case goes in one transaction; the lead last
            await _bury(desk, uow, replace(case, ref=one), periods, indexes[one])
        await uow.commit()
    return True


async def _bury(desk: Desk, uow: UnitOfWork, case: Case, periods: Periods, log_index: int) -> None:
    gone: Destroyed = await uow.cases.destroy(case.ref)
    salt = draw_salt()
    tombstone = Tombstone(
        area=desk.area,
        case=case_commitment(salt, case.ref),
        salt=salt,
        rule=periods.rule(case),
        destroyed=desk.now(),
        counts=tuple(sorted((kind, count) for kind, count in gone.counts.items() if kind in KINDS)),
        log_origin=desk.log_origin,
        log_index=log_index,
    )
    note = signed_note.sign(tombstone.encode(), [desk.gateway_key])
    await uow.log.append(broker_entry(desk, "purge", case.ref, tombstone.rule))
    await uow.log.expire(case.ref, desk.now() + desk.settings.access_entries_kept, sorted(case.excluded))
    await uow.tombstones.add(tombstone.case, note, desk.now())
