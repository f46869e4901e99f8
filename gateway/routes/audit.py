"""The audit log and the tombstones, for who checks them."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from gateway.deps import Signed, TheBroker

router = APIRouter(prefix="/v1", tags=["audit"])

JSON_LINES = "application/jsonl"


class TombstonesOut(BaseModel):
    """What remains of destroyed cases: signed notes, oldest first."""

    tombstones: list[str]


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"description": "The log, one JSON object a line", "content": {JSON_LINES: {}}}},
)
async def export(request: Signed, broker: TheBroker) -> StreamingResponse:
    """Stream the whole log with its salts, to be verified offline."""
    lines = await broker.export_log(request.asker())  # refused before the answer begins
    return StreamingResponse(lines, media_type=JSON_LINES)


@router.get("/tombstones")
async def tombstones(request: Signed, broker: TheBroker) -> TombstonesOut:
    """List the tombstones."""
    return TombstonesOut(tombstones=list(await broker.tombstones(request.asker())))
