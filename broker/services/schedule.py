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
from broker.services.watch import check_clock

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


async def schedule_due(desk: Desk) -> int:
    """Schedule a batch of due cases, each with its log entry in the same commit; return how many.

    A case that is referred between being read and being marked is left alone, and nothing is logged of it.
    Raises ClockUnsafe if there are any and the clock cannot be trusted.
    """
    async with desk.store.unit() as uow:
        years, now = await retention_years(desk, uow), desk.now()
        due = [case.ref for case in await _due(desk, uow, years, BATCH)]
        if not due:
            return 0
        await check_clock(uow, desk.clock(), desk.watch)
        scheduled = await uow.cases.schedule(due, now, may_be_due(now, years))
        for ref in scheduled:
            await uow.log.append(broker_entry(desk, "schedule", ref, f"retention-{years}-years"))
        await uow.commit()
    desk.logged.ring()
    return len(scheduled)


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
