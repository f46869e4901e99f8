"""Cases, by reference alone: what the coordinator says of who must not learn of one."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from agencies.names import PartyId
from broker.case import Case, LawfulBasis, Relation
from broker.services.exclude import Change
from broker.services.relate import RELATIONS, WHYS, Relating
from gateway.deps import Body, Signed, TheBroker, TheCase
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1/cases/{case}", tags=["cases"])


class ExclusionsIn(Body):
    """Parties and officers to exclude; `settled` once the people excluded by name have been dealt with.

    lifted  whose exclusion ends; who is in `parties` too stays excluded
    """

    parties: list[str]
    settled: bool
    lifted: tuple[str, ...] = ()  # may be left out: kits from before it do


class RelationIn(Body):
    """What part an agency has in the case from now on; without a basis, that of its kind."""

    party: str
    relation: Annotated[str, Field(pattern=f"^(?:{'|'.join(RELATIONS)})$")]
    why: Annotated[str, Field(pattern=f"^(?:{'|'.join(WHYS)})$")]
    basis: Annotated[str, Field(pattern=f"^(?:{'|'.join(re.escape(each) for each in LawfulBasis)})$")] | None = None


class RelationOut(BaseModel):
    """One party's part in the case; `relation` as recorded, which `until` may have ended."""

    party: str
    relation: str
    basis: str
    why: str
    since: datetime
    until: datetime | None


class CaseOut(BaseModel):
    """A case as the broker holds it: never a name, never content."""

    case: str
    opened_at: datetime
    last_referral_at: datetime
    closed: bool
    exclusions_pending: bool
    destruction_scheduled_at: datetime | None
    relations: list[RelationOut]
    excluded: list[str]


@router.get("")
async def view(case: TheCase, request: Signed, broker: TheBroker) -> CaseOut:
    """Show who takes part in the case, and who is kept out."""
    return _shown(await broker.view(case, request.asker()))


@router.post("/relations", status_code=204, openapi_extra=takes(RelationIn))
async def relate(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Record what part an agency has in the case: it holds for every release from this transaction on."""
    sent = request.json(RelationIn)
    basis = None if sent.basis is None else LawfulBasis(sent.basis)
    relating = Relating(PartyId(sent.party), Relation(sent.relation), sent.why, basis)
    await broker.relate(case, relating, request.asker())


@router.post("/exclusions", status_code=204, openapi_extra=takes(ExclusionsIn))
async def exclude(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Exclude from the case, which beats every grant from this transaction on, or lift an exclusion."""
    sent = request.json(ExclusionsIn)
    await broker.exclude(case, Change(sent.parties, sent.lifted, sent.settled), request.asker())


def _shown(case: Case) -> CaseOut:
    relations = [
        RelationOut(
            party=one.party,
            relation=one.relation.value,
            basis=one.basis.value,
            why=one.why,
            since=one.since,
            until=one.until,
        )
        for one in sorted(case.related.values(), key=lambda one: one.party)
    ]
    return CaseOut(
        case=case.ref,
        opened_at=case.opened_at,
        last_referral_at=case.last_referral_at,
        closed=case.closed,
        exclusions_pending=case.exclusions_pending,
        destruction_scheduled_at=case.scheduled_at,
        relations=relations,
        excluded=sorted(case.excluded),
    )
