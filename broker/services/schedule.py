"""Schedule destruction: cases whose period is over are named, logged, and wait out their grace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agencies.names import CaseRef
from broker.case import Case
from broker.errors import StoreUnavailable
from broker.ports import UnitOfWork
from broker.retention import Periods, case_due_at, cutoff
from broker.services.desk import Desk
from broker.services.ruling import broker_entry
from broker.services.watch import NO, TOLERANCE, Yes, check_clock, check_share

BATCH = 100


@dataclass(frozen=True, slots=True)
class Due:
    """A case that is due, or scheduled already; personal data, for the coordinator's office and the operator's run."""

    case: CaseRef
    opened_at: datetime
    last_referral_at: datetime | None  # None: only looked up
    due_at: datetime
    scheduled_at: datetime | None


async def preview(desk: Desk, limit: int = BATCH) -> Sequence[Due]:
    """Return what is due now or scheduled, the oldest first; nothing is changed."""
    async with desk.store.reader() as uow:
        periods = await periods_of(desk, uow)
        scheduled = await uow.cases.scheduled(desk.now(), limit)
        due = await _due(desk, uow, periods, limit)
    return [
        Due(case.ref, case.opened_at, case.last_referral_at, case_due_at(case, periods), case.scheduled_at)
        for case in (*scheduled, *due)
    ]


async def schedule_due(desk: Desk, yes: Yes = NO) -> int:
    """Schedule a batch of due cases, each with its log entry in the same commit; return how many.

        yes  what an operator answers for

    A case that is referred between being read and being marked is left alone, and nothing is logged of it.
    Raises ClockUnsafe if there are any and the clock cannot be trusted, TooMuchDue if there are too many.
    """
    while await _take_back_ahead(desk, yes):
        pass
    async with desk.store.unit() as uow:
        periods, now = await periods_of(desk, uow), desk.now()
        due = {case.ref: case for case in await _due(desk, uow, periods, BATCH)}
        if not due:
            return 0
        await check_clock(uow, desk.clock(), desk.watch, yes)
        before = cutoff(now, periods)
        check_share(await uow.cases.count_due(before), await uow.cases.count(), desk.settings.due_at_once_percent, yes)
        scheduled = await uow.cases.schedule(list(due), now, before)
        rules = {ref: periods.rule(case) for case in due.values() for ref in case.refs}
        for ref in scheduled:
            await uow.log.append(broker_entry(desk, "schedule", ref, rules[ref]))
        await uow.commit()
    desk.logged.ring()
    return len(scheduled)


async def unschedule(desk: Desk, uow: UnitOfWork, case: Case, periods: Periods) -> None:
    """Take back and log, in this unit, a schedule that should not be; the case is locked."""
    await uow.cases.unschedule(case.ref)
    await uow.log.append(broker_entry(desk, "unschedule", case.ref, periods.rule(case)))


async def _take_back_ahead(desk: Desk, yes: Yes) -> int:
    """Take back a batch of what a clock that ran ahead has scheduled: its grace, too, was counted by that clock."""
    async with desk.store.unit() as uow:
        latest = desk.now() + TOLERANCE
        ahead = await uow.cases.scheduled_after(latest, BATCH)
        if not ahead:
            return 0
        await check_clock(uow, desk.clock(), desk.watch, yes)
        periods = await periods_of(desk, uow)
        held = await uow.cases.lock_all(ahead)
        for case in held.values():
            if case is not None and case.scheduled_at is not None and case.scheduled_at > latest:
                await unschedule(desk, uow, case, periods)
        await uow.commit()
    desk.logged.ring()
    return len(ahead)


async def periods_of(desk: Desk, uow: UnitOfWork) -> Periods:
    """Return the period of the area's agreement, and by its settings that of cases that were only looked up.

    The coordinator's office carries the agreement, whether or not it has lapsed.
    Raises StoreUnavailable if there is no agreement at all: then nothing is ever destroyed by a guess.
    """
    directory = await desk.directories.current(uow)
    office = next((member for member in directory.register.participants() if member.kind == "coordinator"), None)
    if office is None or office.isa is None:
        raise StoreUnavailable("the register holds no agreement of the area")
    return Periods(office.isa.retention_years, desk.settings.lookups_kept)


async def _due(desk: Desk, uow: UnitOfWork, periods: Periods, limit: int) -> list[Case]:
    now = desk.now()
    candidates = await uow.cases.due(cutoff(now, periods), limit)
    return [case for case in candidates if case_due_at(case, periods) <= now]
