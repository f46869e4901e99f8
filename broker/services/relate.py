"""Relate: the coordinator says what part an agency has in a case, or that it has none any more; and looks at a case."""

from dataclasses import dataclass
from datetime import datetime

from agencies.agency import AGENCY_KINDS
from agencies.directory import Directory
from agencies.names import CaseRef, PartyId
from broker.case import Case, LawfulBasis, Related, Relation
from broker.errors import PartyUnknown, Refused
from broker.need_to_know import NOT_AVAILABLE, Access, Act, Asker, basis_for
from broker.services.desk import Desk
from broker.services.looking import check_case, rule_on_case
from broker.services.relations import COMPLIANCE
from broker.services.ruling import check_asker, rejections_logged

_TAKE_PART = frozenset(AGENCY_KINDS) - {COMPLIANCE} | {"chair"}


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

    Raises Refused; PartyUnknown, logged, for who is no agency that can take part in a case.
    """
    access = Access(Act.RELATE, asker, demand_proved=desk.settings.demand_proved)
    directory = await check_asker(desk, access)
    async with rejections_logged(desk, access):
        related = _related(desk, relating, directory)
        await check_case(desk, access, case)
        async with desk.store.unit() as uow:
            found = await rule_on_case(desk, uow, access, case)
            if found is not None:
                await uow.cases.relate(case, related)
            if found is not None and related.relation is Relation.ENDED:
                await uow.cases.unflag(case, related.party)
            await uow.commit()  # a crash after this: asked again, nothing changes but `since`
    desk.logged.ring()
    desk.mail.ring()
    if found is None:
        raise Refused(NOT_AVAILABLE)


async def view(desk: Desk, case: CaseRef, asker: Asker) -> Case:
    """Return the case as the broker holds it: relations, exclusions and dates. Raises Refused."""
    access = Access(Act.VIEW, asker, demand_proved=desk.settings.demand_proved)
    await check_case(desk, access, case)
    async with desk.store.unit() as uow:
        found = await rule_on_case(desk, uow, access, case)
        await uow.commit()
    desk.logged.ring()
    if found is None:
        raise Refused(NOT_AVAILABLE)
    return found


def _related(desk: Desk, relating: Relating, directory: Directory) -> Related:
    party = directory.register.party(relating.party)
    if party is None or party.kind not in _TAKE_PART:
        raise PartyUnknown("neither an agency that can take part in a case nor a chair", "/party")
    basis = relating.basis or basis_for(party.kind)
    return Related(party.id, relating.relation, basis, relating.why, desk.now(), relating.until)
