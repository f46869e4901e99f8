"""Notices, without content: where a party is told that something waits; and what is urgent and not collected."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from broker.records import EMAIL, WEBHOOK, Channel
from broker.services.overdue import Overdue
from gateway.deps import Body, Signed, TheBroker
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1", tags=["notices"])


class NoticesIn(Body):
    """Where this party is told: a role mailbox, a webhook; null for neither, which destroys the address held."""

    email: str | None
    webhook: str | None


class ChannelOut(BaseModel):
    """One channel; `fault` says why nothing gets through: address, unreachable, insecure, refused."""

    address: str
    since: datetime
    failing_since: datetime | None
    fault: str | None


class FailingOut(BaseModel):
    """A party that is not reached; its address is its own business."""

    party: str
    channel: str
    failing_since: datetime | None
    fault: str | None


class NoticesOut(BaseModel):
    """This party's own channels; for the coordinator's office and deputies also whose notices fail."""

    email: ChannelOut | None
    webhook: ChannelOut | None
    failing: list[FailingOut]


class UncollectedOut(BaseModel):
    """An urgent delivery that its recipient has not collected."""

    agency: str
    case: str
    since: datetime


class UncollectedListOut(BaseModel):
    """Urgent deliveries that were not collected within the area's limit, oldest first."""

    uncollected: list[UncollectedOut]


@router.put("/notices", status_code=204, openapi_extra=takes(NoticesIn))
async def set_notices(request: Signed, broker: TheBroker) -> None:
    """Set where this party is told that something waits for it, in the place of what was set."""
    sent = request.json(NoticesIn)
    await broker.set_addresses({EMAIL: sent.email, WEBHOOK: sent.webhook}, request.asker())


@router.get("/notices")
async def notices(request: Signed, broker: TheBroker) -> NoticesOut:
    """Show where this party is told, and whether it gets through."""
    found = await broker.addresses(request.asker())
    return NoticesOut(
        email=_shown(found.own, EMAIL),
        webhook=_shown(found.own, WEBHOOK),
        failing=[
            FailingOut(party=each.party, channel=each.channel, failing_since=each.failing_since, fault=each.fault)
            for each in found.failing
        ],
    )


@router.get("/uncollected")
async def uncollected(request: Signed, broker: TheBroker) -> UncollectedListOut:
    """List what is urgent and was not collected within the area's limit."""
    return UncollectedListOut(uncollected=[_listed(each) for each in await broker.uncollected(request.asker())])


def _shown(channels: Sequence[Channel], name: str) -> ChannelOut | None:
    for each in channels:
        if each.channel == name:
            return ChannelOut(
                address=each.address, since=each.since, failing_since=each.failing_since, fault=each.fault
            )
    return None


def _listed(overdue: Overdue) -> UncollectedOut:
    return UncollectedOut(agency=overdue.agency, case=overdue.case, since=overdue.since)
