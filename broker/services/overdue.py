"""Overdue: what is urgent and was not collected within the area's limit; for the coordinator's office alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agencies.names import CaseRef, DeliveryId, PartyId
from broker.case import Case
from broker.kinds.kind import Part
from broker.need_to_know import Act, Asker
from broker.ports import UnitOfWork
from broker.records import Delivery
from broker.services.desk import Desk
from broker.services.looking import permits
from broker.services.ruling import check_asker, question, rule
from broker.services.standing import find_delivery, part_of

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Overdue:
    """One urgent delivery that is still owed: to whom, of which case, accepted when.

    escalated_at  when the coordinator's office was told
    """

    delivery: DeliveryId
    agency: PartyId
    case: CaseRef
    since: datetime
    escalated_at: datetime | None


async def find_overdue(desk: Desk, uow: UnitOfWork, now: datetime) -> Sequence[Overdue]:
    """Return what is overdue, oldest first; not what its recipient may no longer have: nobody owes it that.

    What the office itself holds up is owed all the same: exclusions in words, a closed case's header to make anew.
    In a unit that only reads: it locks nothing.
    """
    limit = timedelta(minutes=desk.settings.urgent_uncollected_minutes)
    found = []
    for delivery in await uow.messages.uncollected(now - limit, now, LIMIT):
        seen = await find_delivery(uow, delivery.id)
        part = None if seen.message is None else part_of(seen.message)
        if part is not None and seen.case is not None and _is_owed(seen.case, delivery.recipient, part, now):
            found.append(_overdue(delivery))
    return found


async def uncollected(desk: Desk, asker: Asker) -> Sequence[Overdue]:
    """Return what is overdue in the cases that this office may look at; each of them is logged as looked at.

    Raises Refused.
    """
    access = question(desk, Act.UNCOLLECTED, asker)
    await check_asker(desk, access)
    async with desk.store.reader() as uow:
        overdue = await find_overdue(desk, uow, desk.now())
    async with desk.store.unit() as uow:
        await rule(desk, uow, access)
        cases = await uow.cases.lock_all(sorted({each.case for each in overdue}))
        # As for a look at each case; what is refused is absent and uncounted.
        view = replace(access, act=Act.VIEW)
        shown = {ref for ref, case in cases.items() if await permits(desk, uow, view, case)}
        await uow.commit()
    desk.logged.ring()
    return [each for each in overdue if each.case in shown]


def _is_owed(case: Case, recipient: PartyId, part: Part, now: datetime) -> bool:
    return case.relation(recipient, now).at_least(part.least)


def _overdue(delivery: Delivery) -> Overdue:
    return Overdue(delivery.id, delivery.recipient, delivery.case, delivery.accepted_at, delivery.escalated_at)
