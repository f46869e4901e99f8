"""Cases, by reference alone: what the coordinator says of who must not learn of one."""

from fastapi import APIRouter

from broker.services.exclude import Change
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


@router.post("/exclusions", status_code=204, openapi_extra=takes(ExclusionsIn))
async def exclude(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Exclude from the case, which beats every grant from this transaction on, or lift an exclusion."""
    sent = request.json(ExclusionsIn)
    await broker.exclude(case, Change(sent.parties, sent.lifted, sent.settled), request.asker())
