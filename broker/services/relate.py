"""Relate: the coordinator says what part an agency has in a case, or that it has none any more; and looks at a case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agencies.agency import TAKING_PART
from agencies.directory import Directory
from agencies.names import CaseRef, PartyId
from broker.case import Case, LawfulBasis, Related, Relation, is_of_part3
from broker.errors import BasisNotAllowed, PartyUnknown, Refused
from broker.groups import outranked
from broker.need_to_know import NOT_AVAILABLE, Act, Asker, basis_for
from broker.ports import UnitOfWork
from broker.repeats import Earlier, Repeat, propose
from broker.services.desk import Desk
from broker.services.holdings import Held, held_by_excluded
from broker.services.looking import check_case, permits, permitted
from broker.services.ruling import check_asker, question, rejections_logged

_TAKE_PART = TAKING_PART | {"chair"}


@dataclass(frozen=True, slots=True)
class Relating:
    """One agency's part in a case from now on: in the words of agencies/taking_part.py, on what basis, until when.

    basis  None for that of the agency's kind
    """

    party: PartyId
    relation: Relation
    why: str
    basis: LawfulBasis | None = None
    until: datetime | None = None


async def relate(desk: Desk, case: CaseRef, relating: Relating, asker: Asker) -> None:
    """Record the relation; it holds for every release from this commit on. What is excluded stays so.

    Raises Refused; PartyUnknown, logged, for who is no agency that can take part in a case; BasisNotAllowed for part 3
    where the party is no competent authority.
    """
    access = question(desk, Act.RELATE, asker)
    directory = await check_asker(desk, access)
    async with rejections_logged(desk, access):
        related = _related(desk, relating, directory)
        async with permitted(desk, access, case) as may:  # repeated, nothing changes but `since`
            await may.uow.cases.relate(case, related)
            if related.relation is Relation.ENDED:
                await may.uow.cases.unflag(case, related.party)
    desk.mail.ring()


@dataclass(frozen=True, slots=True)
class View:
    """A case as the broker holds it, for the office alone.

    held       what was released, and not taken back, to whom the case excludes now, or was, and nobody may hear of it
    links      cases that it is related with, and not one; none that may not be viewed by who asks
    repeat     whether its newest referral is proposed as a repeat; None before the first
    outranked  grants that do not count, for the coordinator ended that party's part later in a case that is one with it
    """

    case: Case
    held: Sequence[Held]
    links: Sequence[CaseRef]
    repeat: Repeat | None
    outranked: Sequence[Related]


async def view(desk: Desk, case: CaseRef, asker: Asker) -> View:
    """Return the case as the broker holds it: relations, exclusions, dates and what is decided. Raises Refused.

    Each linked case is asked about too, and logged: one that may not be viewed is neither named nor counted.
    """
    access = question(desk, Act.VIEW, asker)
    await check_case(desk, access, case)
    async with desk.store.unit() as uow:
        seen = await uow.cases.get(case)
        links = [] if seen is None else await uow.people.linked(seen)
        held = await uow.cases.lock_all([case, *links])
        found = held[case]
        viewed = None
        if await permits(desk, uow, access, found) and found is not None:
            others = [one for ref in links if (one := held[ref]) is not None]
            shown = [one for one in others if await permits(desk, uow, access, one)]
            viewed = await _viewed(desk, uow, found, shown)
        await uow.commit()
    desk.logged.ring()
    if viewed is None:
        raise Refused(NOT_AVAILABLE)
    return viewed


async def _viewed(desk: Desk, uow: UnitOfWork, case: Case, linked: Sequence[Case]) -> View:
    held = await held_by_excluded(desk, uow, case.refs, case, await desk.directories.current(uow))
    repeat = await _repeat(uow, case, linked)
    return View(case, held, [one.ref for one in linked], repeat, outranked(case, desk.now()))


async def _repeat(uow: UnitOfWork, case: Case, linked: Sequence[Case]) -> Repeat | None:
    """Return whether the newest referral is a repeat of the last one before it that was more than information.

    All that are one case have the same victim and a perpetrator in common: the coordinator said so. All are of this
    area: what another one heard, no broker of this one has.
    """
    referred = await uow.people.referrals(case.refs, 2)
    informed = await uow.people.referrals(case.refs, 1, informing=True)
    newest = max((*referred, *informed), default=None)
    if newest is None:
        return None
    informs = newest not in referred
    before = [Earlier(at) for at in (referred if informs else referred[1:])]
    before += [Earlier(at, information_only=True) for at in informed if not informs]
    if not before:
        related = await uow.people.referrals([ref for one in linked for ref in one.refs], 1)
        before = [Earlier(at, same_people=False) for at in related if at < newest]
    return propose(newest, before[0] if before else None, information_only=informs)


def _related(desk: Desk, relating: Relating, directory: Directory) -> Related:
    party = directory.register.party(relating.party)
    if party is None or party.kind not in _TAKE_PART:
        raise PartyUnknown("neither an agency that can take part in a case nor a chair", "/party")
    basis = relating.basis or basis_for(party.kind)
    if is_of_part3(basis) and not is_of_part3(basis_for(party.kind)):
        raise BasisNotAllowed("not a competent authority", "/basis")
    return Related(party.id, relating.relation, basis, relating.why, desk.now(), relating.until)
