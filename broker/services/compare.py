"""Same person? Which cases may be, what the coordinator decides of two of them, and two that are one from then on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agencies.directory import Directory
from agencies.names import CaseRef, MessageId, OfficerId, PartyId, coordinator_of
from broker.case import Case
from broker.errors import MergeConflict, Refused
from broker.groups import leaving, older, to_split
from broker.lifecycle import DESTROYED
from broker.need_to_know import NOT_AVAILABLE, Act, Asker
from broker.ports import UnitOfWork
from broker.records import Named, Sameness
from broker.services.desk import Desk
from broker.services.looking import check_case, permits, permitted
from broker.services.office import check_somebody_is_left
from broker.services.ruling import question, rejections_logged
from broker.services.standing import officers_of

SEARCHED, SHOWN = 50, 20  # at once; who is excluded from some of what was found still gets a page

Pair = tuple[CaseRef, CaseRef]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another case that may be of the same people; `decided` if the coordinator has looked at the two before."""

    case: CaseRef
    roles: frozenset[Named]
    decided: Sameness | None


@dataclass(frozen=True, slots=True)
class Held:
    """A released header that its recipient would not be given any more: `excluded` is who, it or an officer of it."""

    message: MessageId
    recipient: PartyId
    excluded: PartyId | OfficerId


@dataclass(frozen=True, slots=True)
class Merged:
    """The case that leads from now on, and what was released before to whom the other case excludes."""

    lead: CaseRef
    held: Sequence[Held]


async def proposals(desk: Desk, case: CaseRef, asker: Asker) -> Sequence[Proposal]:
    """Return the cases that may be of the same people, the likeliest first; none that excludes the asker.

    What is looked at is logged for each of them. Raises Refused.
    """
    access = question(desk, Act.PROPOSALS, asker)
    await check_case(desk, access, case)
    async with desk.store.unit() as uow:
        seen = await uow.cases.get(case)
        alike = [] if seen is None else await uow.people.alike(seen, SEARCHED)
        held = await uow.cases.lock_all([case, *(one.case for one in alike)])
        is_permitted = await permits(desk, uow, access, held[case])
        decided = {} if seen is None else await uow.people.decided(seen)
        found: list[Proposal] = []
        for one in alike if is_permitted else ():
            if len(found) < SHOWN and await permits(desk, uow, access, held[one.case]):
                found.append(Proposal(one.case, one.roles, decided.get(one.case)))
        await uow.commit()
    desk.logged.ring()
    if not is_permitted:
        raise Refused(NOT_AVAILABLE)
    return found


async def decide_sameness(desk: Desk, pair: Pair, decision: Sameness, asker: Asker) -> None:
    """Record the decision; of two that are `different` neither is proposed to the other again.

    Raises Refused; MergeConflict if they are one case.
    """
    async with _both(desk, Act.SAMENESS, pair, asker) as both:
        both.check_apart()
        await both.uow.people.decide(pair, decision, desk.now())


async def link(desk: Desk, pair: Pair, asker: Asker) -> None:
    """Record that two cases are related, and not one: no right follows from it. Raises as decide_sameness does."""
    async with _both(desk, Act.LINK, pair, asker) as both:
        both.check_apart()
        await both.uow.people.link(pair, desk.now())


async def merge(desk: Desk, pair: Pair, asker: Asker) -> Merged:
    """Make two cases one, led by the older; messages keep their references.

    Raises Refused; MergeConflict if they are one; ExclusionLeavesNobody if together they exclude the whole office.
    """
    async with _both(desk, Act.MERGE, pair, asker) as both:
        both.check_apart()
        one, other = both.case, both.other
        check_somebody_is_left(desk, both.directory, one.excluded, one.excluded | other.excluded, "/other")
        lead, joins = (one, other) if older(one, other) else (other, one)
        await both.uow.cases.merge(lead.lead, joins.lead, desk.now())
        await both.uow.people.decide(pair, Sameness.SAME, desk.now())
        held = [*await _held(desk, both, one, other), *await _held(desk, both, other, one)]
    desk.mail.ring()
    return Merged(lead.lead, held)


async def split(desk: Desk, pair: Pair, asker: Asker) -> CaseRef:
    """Make two cases of one again; return which leaves. It is as it was before, what was merged into it with it.

    What was recorded since stays with the lead, and what protects with both. Raises Refused; MergeConflict.
    """
    async with _both(desk, Act.SPLIT, pair, asker) as both:
        case = both.case
        if case.lead != both.other.lead or case.ref == both.other.ref:
            raise MergeConflict("these are not merged", "/other")
        leaves = to_split(case.ref, both.other.ref, case.merged)
        await both.uow.cases.split(leaves, leaving(leaves, case.merged))
        await both.uow.people.decide(pair, Sameness.UNSURE, desk.now())
    desk.mail.ring()
    return leaves


@dataclass(frozen=True, slots=True)
class _Both:
    """Two cases, locked, both of which need-to-know lets the asker compare."""

    uow: UnitOfWork
    case: Case
    other: Case
    directory: Directory

    def check_apart(self) -> None:
        """Return if they are two. Raises MergeConflict."""
        if self.case.lead == self.other.lead:
            raise MergeConflict("these are one case already", "/other")


@asynccontextmanager
async def _both(desk: Desk, act: Act, pair: Pair, asker: Asker) -> AsyncIterator[_Both]:
    """Yield the two cases, as `permitted` does; done twice, it is a decision repeated, or MergeConflict, logged."""
    access = question(desk, act, asker)
    async with rejections_logged(desk, access), permitted(desk, access, *pair) as may:
        case, other = may.cases
        yield _Both(may.uow, case, other, await desk.directories.current(may.uow))


async def _held(desk: Desk, both: _Both, case: Case, other: Case) -> list[Held]:
    """Return what was released of `case` to whom the `other` one excludes, or any of whose officers it does.

    Not what the office holds itself: it decides about the rest.
    """
    newly = other.excluded - case.excluded
    found = []
    for delivery in await both.uow.messages.released(case.refs):
        theirs = {delivery.recipient, *officers_of(delivery.recipient, both.directory)}
        if delivery.recipient != coordinator_of(desk.area) and DESTROYED not in delivery.receipts:
            found += [Held(delivery.message, delivery.recipient, one) for one in sorted(newly & theirs)]
    return found
