"""Same person? By references alone: which cases may be of the same people, and what the coordinator decides of two."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from broker.records import Sameness
from broker.services.compare import Pair
from gateway.deps import Body, Signed, SignedRequest, TheBroker, TheCase, the_case
from gateway.routes.cases import HeldOut, RelationOut
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1/cases/{case}", tags=["cases"])


class OtherIn(Body):
    """The other one of two cases."""

    other: str


class SamenessIn(Body):
    """Whether the people of the two cases are the same, as the coordinator decided having opened both."""

    other: str
    decision: Annotated[str, Field(pattern=f"^(?:{'|'.join(Sameness)})$")]


class ProposalOut(BaseModel):
    """A case that may be of the same people: whose tokens are the same, and what was decided of the two before."""

    case: str
    roles: list[str]
    decided: str | None


class ProposalsOut(BaseModel):
    """Cases that may be of the same people, the likeliest first; a proposal proves nothing."""

    proposals: list[ProposalOut]


class MergedOut(BaseModel):
    """The case that leads from now on, what may have to be taken back, and which parts an end in the other outranks."""

    lead: str
    held: list[HeldOut]
    outranked: list[RelationOut]


class SplitOut(BaseModel):
    """The case that is one by itself again."""

    left: str


@router.get("/proposals")
async def proposals(case: TheCase, request: Signed, broker: TheBroker) -> ProposalsOut:
    """Propose cases of the same victim, or whose victim is the other's perpetrator."""
    found = await broker.proposals(case, request.asker())
    return ProposalsOut(
        proposals=[
            ProposalOut(
                case=one.case, roles=sorted(one.roles), decided=None if one.decided is None else one.decided.value
            )
            for one in found
        ]
    )


@router.post("/sameness", status_code=204, openapi_extra=takes(SamenessIn))
async def decide(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Record whether two cases are of the same people; `different` are not proposed again."""
    sent = request.json(SamenessIn)
    await broker.decide_sameness((case, the_case(sent.other)), Sameness(sent.decision), request.asker())


@router.post("/links", status_code=204, openapi_extra=takes(OtherIn))
async def link(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Record that two cases are related, and not one; no right follows from it."""
    await broker.link(_pair(case, request), request.asker())


@router.post("/merge", openapi_extra=takes(OtherIn))
async def merge(case: TheCase, request: Signed, broker: TheBroker) -> MergedOut:
    """Make two cases one from this transaction on, led by the older; messages keep their references."""
    merged = await broker.merge(_pair(case, request), request.asker())
    held, outranked = HeldOut.of(merged.held), RelationOut.of(merged.outranked)
    return MergedOut(lead=merged.lead, held=held, outranked=outranked)


@router.post("/split", openapi_extra=takes(OtherIn))
async def split(case: TheCase, request: Signed, broker: TheBroker) -> SplitOut:
    """Make two cases of one again, as they were before they were merged."""
    return SplitOut(left=await broker.split(_pair(case, request), request.asker()))


def _pair(case: TheCase, request: SignedRequest) -> Pair:
    return case, the_case(request.json(OtherIn).other)
