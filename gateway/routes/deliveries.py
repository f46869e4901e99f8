"""One delivery: its header at the moment someone opens it, and the agency's signed receipt."""

import base64

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.deps import Signed, TheBroker, TheDelivery
from gateway.routes.documented import takes
from gateway.routes.trust import NoteIn

router = APIRouter(prefix="/v1/deliveries/{delivery}", tags=["deliveries"])


class HeaderOut(BaseModel):
    """The age header in base64, and the audit entry that its release made."""

    header: str
    entry: str


@router.post("/header")
async def header(delivery: TheDelivery, request: Signed, broker: TheBroker) -> HeaderOut:
    """Release the header to the reader in marac-officer, for marac-purpose; the entry is committed first."""
    released = await broker.open(delivery, request.asker())
    return HeaderOut(header=base64.b64encode(released.header).decode("ascii"), entry=released.entry)


@router.post("/receipt", status_code=204, openapi_extra=takes(NoteIn))
async def receipt(delivery: TheDelivery, request: Signed, broker: TheBroker) -> None:
    """Keep the agency's receipt note."""
    await broker.receipt(delivery, request.json(NoteIn).note, request.asker())
