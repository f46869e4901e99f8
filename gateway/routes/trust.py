"""Who takes part: the area's delegations, its register and the revocations, as the signed notes they are."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.deps import Body, Signed, SignedDelegation, SignedRegister, SignedRequest, TheBroker
from gateway.errors import RequestRejected
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1", tags=["trust"])


class AreaOut(BaseModel):
    """What a newcomer needs to check everything else; `root` is to be compared aloud."""

    area: str
    root: str
    delegations: list[str]
    time: datetime


class RegisterOut(BaseModel):
    """The newest register, null before the first, and of each revoked key the revocation that counts."""

    register_: str | None = Field(serialization_alias="register")
    revocations: list[str]


class NoteIn(Body):
    """One signed note."""

    note: str


@router.get("/area")
async def area(broker: TheBroker) -> AreaOut:
    """Name the area, its root key, its delegations and the gateway's time; public."""
    settings, delegations = broker.settings, await broker.delegations()
    return AreaOut(area=settings.area, root=settings.root_vkey, delegations=list(delegations), time=broker.clock())


@router.get("/register")
async def register(request: Signed, broker: TheBroker) -> RegisterOut:
    """Return register and revocations to any active party."""
    _be_active(request)
    notes = await broker.trust_notes()
    return RegisterOut(register_=notes.register, revocations=list(notes.revocations))


@router.post("/register", status_code=204, openapi_extra=takes(NoteIn))
async def accept_register(request: SignedRegister, broker: TheBroker) -> None:
    """Take the next register, signed by the registrar."""
    await broker.accept_register(request.json(NoteIn).note, request.asker())


@router.post("/delegations", status_code=204, openapi_extra=takes(NoteIn))
async def accept_delegation(request: SignedDelegation, broker: TheBroker) -> None:
    """Take the next delegation, signed by the root."""
    await broker.accept_delegation(request.json(NoteIn).note, request.asker())


@router.post("/revocations", status_code=204, openapi_extra=takes(NoteIn))
async def accept_revocation(request: Signed, broker: TheBroker) -> None:
    """Take a revocation, signed by the key's owner or the registrar; it holds from the next transaction on."""
    await broker.accept_revocation(request.json(NoteIn).note, request.asker())


def _be_active(request: SignedRequest) -> None:
    # Every other use case asks need-to-know, which begins with this; the register concerns no case.
    if not request.party.is_active(request.at):
        raise RequestRejected("party-not-active")
