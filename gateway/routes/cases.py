"""Cases, by reference alone: what the coordinator says of who must not learn of one."""

from fastapi import APIRouter

from gateway.deps import Body, Signed, TheBroker, TheCase
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1/cases/{case}", tags=["cases"])


class ExclusionsIn(Body):
    """Parties and officers to exclude; `settled` once the people excluded by name have been dealt with."""

    parties: list[str]
    settled: bool


@router.post("/exclusions", status_code=204, openapi_extra=takes(ExclusionsIn))
async def exclude(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Exclude from the case; beats every grant from this transaction on."""
    sent = request.json(ExclusionsIn)
    await broker.exclude(case, sent.parties, settled=sent.settled, asker=request.asker())
