"""Same person? Which cases may be, what the coordinator decides of two of them, and two that are one from then on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from agencies.directory import Directory
from agencies.names import CaseRef
from broker.case import Case, Related
from broker.errors import MergeConflict, MergeCrossed, Refused
from broker.groups import leaving, older, outranked, to_split
from broker.need_to_know import NOT_AVAILABLE, Act, Asker
from broker.ports import UnitOfWork
from broker.records import Named, Sameness
from broker.services.closing import check_headers_carry
from broker.services.desk import Desk
from broker.services.holdings import Held, held_by_excluded
from broker.services.looking import check_case, permits, permitted
from broker.services.office import check_somebody_is_left
from broker.services.ruling import question, rejections_logged

SEARCHED, SHOWN = 50, 20  # at once; who is excluded from some of what was found still gets a page

Pair = tuple[CaseRef, CaseRef]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another case that may be of the same people; `decided` if the coordinator has looked at the two before."""

    case: CaseRef
    roles: frozenset[Named]
    decided: Sameness | None


@dataclass(frozen=True, slots=True)
class Merged:
    """The case that leads from now on, and what was released before to whom it excludes.

    outranked  grants that count no more, for the coordinator ended that party's part in the other one later
    """

    lead: CaseRef
    held: Sequence[Held]
    outranked: Sequence[Related]


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

    Raises Refused; MergeConflict if they are one; MergeCrossed if the victim of one is a perpetrator of the other, and
    the last that was decided of them is not that they are the same; ExclusionLeavesNobody if together they exclude the
    whole office; CannotBeNamed if together they name more officers of an agency than a header can carry.
    """
    async with _both(desk, Act.MERGE, pair, asker) as both:
        both.check_apart()
        one, other = both.case, both.other
        await _check_same_side(both)
        excluded = one.excluded | other.excluded
        check_somebody_is_left(desk, both.directory, one.excluded, excluded, "/other")
        whole = replace(one, excluded=excluded, named=one.named | other.named)
        check_headers_carry(whole, whole.named, both.directory, desk.now(), "/other")
        lead, joins = (one, other) if older(one, other) else (other, one)
        await both.uow.cases.merge(lead.lead, joins.lead, desk.now())
        await both.uow.people.decide(pair, Sameness.SAME, desk.now())
        whole = replace(whole, closed=one.closed or other.closed)
        held = await held_by_excluded(desk, both.uow, (*one.refs, *other.refs), whole, both.directory)
        together = await both.uow.cases.get(lead.lead)
    desk.mail.ring()
    return Merged(lead.lead, held, [] if together is None else outranked(together, desk.now()))


async def split(desk: Desk, pair: Pair, asker: Asker) -> CaseRef:
    """Make two cases of one again; return which leaves. It is as it was before, what was merged into it with it.

    What grants and was recorded since stays with the lead; what protects either protects both from now on, and what
    was ended since, and not given again, has ended in both. Raises Refused; MergeConflict.
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


async def _check_same_side(both: _Both) -> None:
    """Return if neither's victim is a perpetrator of the other, or the coordinator said that they are the same.

    One case would give him, or who stands by him, what was said of her.
    """
    if await both.uow.people.crosses(both.case, both.other):
        decided = await both.uow.people.decided(both.case)
        if decided.get(both.other.lead) is not Sameness.SAME:
            raise MergeCrossed("the victim of one is a perpetrator of the other", "/other")
