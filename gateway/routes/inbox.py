"""An agency's inbox: deliveries are leased, with payload and manifest, never with the key."""

import base64
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.deps import Body, Signed, TheBroker
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1/inbox", tags=["inbox"])


class LeaseIn(Body):
    """How many at most, and how long to wait for the first; the area's own setting may shorten the wait."""

    limit: Annotated[int, Field(ge=1, le=100)]
    wait_s: Annotated[int, Field(ge=0, le=60)]


class DeliveryOut(BaseModel):
    """One delivery; `payload` is base64 of the age file without its header."""

    delivery: str
    message: str
    manifest: str
    payload: str
    leased_until: datetime


class NoticeOut(BaseModel):
    """A recalled message that had been opened, or that its sender took back: to be answered with a receipt."""

    delivery: str
    message: str
    manifest: str
    notice: str


class LeasedOut(BaseModel):
    """What was leased; what the agency may not see is absent and uncounted."""

    deliveries: list[DeliveryOut]
    notices: list[NoticeOut]


@router.post("/lease", openapi_extra=takes(LeaseIn))
async def lease(request: Signed, broker: TheBroker) -> LeasedOut:
    """Lease what waits for this agency; comes again when no receipt arrives before the lease ends."""
    sent = request.json(LeaseIn)
    deliveries, notices = [], []
    for leased in await broker.lease(request.asker(), sent.limit, sent.wait_s):
        if leased.notice is not None:
            notices.append(
                NoticeOut(
                    delivery=leased.delivery, message=leased.message, manifest=leased.manifest, notice=leased.notice
                )
            )
            continue
        deliveries.append(
            DeliveryOut(
                delivery=leased.delivery,
                message=leased.message,
                manifest=leased.manifest,
                payload=base64.b64encode(leased.payload).decode("ascii"),
                leased_until=leased.leased_until,
            )
        )
    return LeasedOut(deliveries=deliveries, notices=notices)
