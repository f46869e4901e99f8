"""Schedule destruction: cases whose period is over are named, logged, and wait out their grace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agencies.names import CaseRef
from broker.case import Case
from broker.errors import StoreUnavailable
from broker.ports import UnitOfWork
from broker.retention import due_at, is_due, may_be_due
from broker.services.desk import Desk
from broker.services.ruling import broker_entry
from broker.services.watch import NO, TOLERANCE, Yes, check_clock, check_share

BATCH = 100


@dataclass(frozen=True, slots=True)
class Due:
    """A case that is due, or scheduled already; personal data, for the coordinator's office and the operator's run."""

    case: CaseRef
    last_referral_at: datetime
    due_at: datetime
    scheduled_at: datetime | None


async def preview(desk: Desk, limit: int = BATCH) -> Sequence[Due]:
    """Return what is due now or scheduled, the oldest first; nothing is changed."""
    async with desk.store.reader() as uow:
        years = await retention_years(desk, uow)
        scheduled = await uow.cases.scheduled(desk.now(), limit)
        due = await _due(desk, uow, years, limit)
    return [
        Due(case.ref, case.last_referral_at, due_at(case.last_referral_at, years), case.scheduled_at)
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
        years, now = await retention_years(desk, uow), desk.now()
        due = [case.ref for case in await _due(desk, uow, years, BATCH)]
        if not due:
            return 0
        await check_clock(uow, desk.clock(), desk.watch, yes)
        before = may_be_due(now, years)
        check_share(await uow.cases.count_due(before), await uow.cases.count(), desk.settings.due_at_once_percent, yes)
        scheduled = await uow.cases.schedule(due, now, before)
        for ref in scheduled:
            await uow.log.append(broker_entry(desk, "schedule", ref, f"retention-{years}-years"))
        await uow.commit()
    desk.logged.ring()
    return len(scheduled)


async def unschedule(desk: Desk, uow: UnitOfWork, ref: CaseRef, years: int) -> None:
    """Take back and log, in this unit, a schedule that should not be; the case is locked."""
    await uow.cases.unschedule(ref)
    await uow.log.append(broker_entry(desk, "unschedule", ref, f"retention-{years}-years"))


async def _take_back_ahead(desk: Desk, yes: Yes) -> int:
    """Take back a batch of what a clock that ran ahead has scheduled: its grace, too, was counted by that clock."""
    async with desk.store.unit() as uow:
        latest = desk.now() + TOLERANCE
        ahead = await uow.cases.scheduled_after(latest, BATCH)
        if not ahead:
            return 0
        await check_clock(uow, desk.clock(), desk.watch, yes)
        years = await retention_years(desk, uow)
        for ref in ahead:
            case = await uow.cases.lock(ref)
            if case is not None and case.scheduled_at is not None and case.scheduled_at > latest:
                await unschedule(desk, uow, ref, years)
        await uow.commit()
    desk.logged.ring()
    return len(ahead)


async def retention_years(desk: Desk, uow: UnitOfWork) -> int:
    """Return the period of the area's agreement; the coordinator's office carries it, whether or not it has lapsed.

    Raises StoreUnavailable if there is no agreement at all: then nothing is ever destroyed by a guess.
    """
    directory = await desk.directories.current(uow)
    office = next((member for member in directory.register.participants() if member.kind == "coordinator"), None)
    if office is None or office.isa is None:
        raise StoreUnavailable("the register holds no agreement of the area")
    return office.isa.retention_years


async def _due(desk: Desk, uow: UnitOfWork, years: int, limit: int) -> list[Case]:
    now = desk.now()
    candidates = await uow.cases.due(may_be_due(now, years), limit)
    return [case for case in candidates if is_due(case.last_referral_at, years, now)]
