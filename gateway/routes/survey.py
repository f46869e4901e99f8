"""What the coordinator's office sees over all cases: look-ups by agency, and where something is missing."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from broker.case import Stage
from gateway.deps import Signed, TheBroker

router = APIRouter(prefix="/v1", tags=["cases"])


class AgencyLookupsOut(BaseModel):
    """One agency's look-ups by date, never about whom; `without_referral` are those it referred nobody after."""

    agency: str
    looked_up: list[datetime]
    without_referral: list[datetime]
    stands_out: bool


class LookupsOut(BaseModel):
    """Each agency's look-ups, as long as they are kept."""

    agencies: list[AgencyLookupsOut]


class WaitingOut(BaseModel):
    """A case in which something is missing: `triage`, `exclusions` in words not dealt with, or `idva-service`."""

    case: str
    stage: Stage
    opened_at: datetime
    last_referral_at: datetime | None
    missing: list[str]


class WaitingCasesOut(BaseModel):
    """The cases in which something is missing, at most 500, those first that were referred first."""

    cases: list[WaitingOut]


@router.get("/lookups")
async def lookups(request: Signed, broker: TheBroker) -> LookupsOut:
    """Count look-ups by agency: repeated ones without a referral within 30 days stand out."""
    found = await broker.lookups(request.asker())
    return LookupsOut(
        agencies=[
            AgencyLookupsOut(
                agency=one.agency,
                looked_up=list(one.looked_up),
                without_referral=list(one.without_referral),
                stands_out=one.stands_out,
            )
            for one in found
        ]
    )


@router.get("/cases")
async def waiting(request: Signed, broker: TheBroker) -> WaitingCasesOut:
    """List the cases in which something is missing: no referral drops silently."""
    return WaitingCasesOut(
        cases=[
            WaitingOut(
                case=one.case,
                stage=one.stage,
                opened_at=one.opened_at,
                last_referral_at=one.last_referral_at,
                missing=list(one.missing),
            )
            for one in await broker.waiting(request.asker())
        ]
    )
