"""Messages as their sender sees them: one state for the whole message, and taking it back."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from agencies.names import PartyId
from agencies.notes.recall import REASONS
from gateway.deps import Body, Signed, TheBroker, TheMessage
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1/messages/{message}", tags=["messages"])


class RecallIn(Body):
    """From whom the message is taken back (null: from everybody), and why."""

    recipients: list[str] | None
    reason: Annotated[str, Field(pattern=f"^(?:{'|'.join(REASONS)})$")]


class MessageOut(BaseModel):
    """accepted, waiting, collected, dead-lettered or recalled; never by recipient."""

    message: str
    state: str


@router.get("")
async def status(message: TheMessage, request: Signed, broker: TheBroker) -> MessageOut:
    """Tell the sender where the message stands."""
    return MessageOut(message=message, state=await broker.status(message, request.asker()))


@router.post("/recall", openapi_extra=takes(RecallIn))
async def recall(message: TheMessage, request: Signed, broker: TheBroker) -> MessageOut:
    """Take the message back: keys not yet released are gone at once, the others are asked to destroy it."""
    sent = request.json(RecallIn)
    recipients = None if sent.recipients is None else [PartyId(recipient) for recipient in sent.recipients]
    state = await broker.recall(message, recipients, sent.reason, request.asker())
    return MessageOut(message=message, state=state)
