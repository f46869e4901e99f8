"""The sandbox's own routes: what is here, every error code provoked on demand, and the clock. Never in production."""

import asyncio
import json
from datetime import timedelta
from threading import Lock
from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import Field, ValidationError

from gateway.deps import Body, TheBroker, parse_json
from gateway.errors import CATALOGUE, RequestRejected
from gateway.made_up import MovableClock
from gateway.routes.documented import takes
from gateway.sandbox.either_clock import Clock, take_either_clock
from gateway.sandbox.guide import Guide
from gateway.sandbox.prepared import NOT_PREPARED, PREPARED, told
from gateway.sandbox.renewal import renew
from gateway.sandbox.stage import Stage

MAX_DAYS: Final = 3_660


class Move(Body):
    """How far the clock is moved."""

    days: Annotated[int, Field(ge=1, le=MAX_DAYS)]


class Readable(JSONResponse):
    """JSON with its members on lines of their own: most who ask here read it in a terminal."""

    def render(self, content: object) -> bytes:
        """Return the body."""
        return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"


def furnish(app: FastAPI, stage: Stage, guide: Guide, clock: MovableClock, machine: Clock) -> None:
    """Add the sandbox's routes to `app`, which then takes requests signed by the `machine`'s clock as well."""
    app.include_router(_about(guide))
    app.include_router(_errors(stage))
    app.include_router(_clock(stage, clock, machine))
    take_either_clock(app, machine)


def _about(guide: Guide) -> APIRouter:
    router = APIRouter(tags=["sandbox"])

    @router.get("/sandbox")
    async def about(request: Request) -> Response:
        """Say what is here: as JSON where that is asked for, else as text."""
        if "application/json" in request.headers.get("accept", ""):
            return Readable(guide.as_dict())
        return PlainTextResponse(guide.text())

    return router


def _errors(stage: Stage) -> APIRouter:
    router = APIRouter(prefix="/sandbox/errors", tags=["sandbox"], default_response_class=Readable)
    turn = Lock()  # cases that copy the database would else slow each other down for nothing

    @router.get("")
    async def errors() -> dict[str, object]:
        """List every error code with its prepared case, or why it has none."""
        return {"errors": [_row(code) for code in CATALOGUE]}

    @router.post("/{code}")
    def provoke(code: str) -> dict[str, object]:
        """Provoke an error code now; answer with what was sent and what came back."""
        if code in NOT_PREPARED:
            return {**_row(code), "provoked": False, "steps": []}
        if code not in PREPARED:
            raise RequestRejected("route-unknown")
        with turn:
            steps = PREPARED[code](stage)
        provoked = steps[-1].received.code == code
        return {**_row(code), "provoked": provoked, "steps": [step.shown() for step in steps]}

    return router


def _clock(stage: Stage, clock: MovableClock, machine: Clock) -> APIRouter:
    router = APIRouter(prefix="/sandbox/clock", tags=["sandbox"], default_response_class=Readable)

    def shown() -> dict[str, object]:
        now = clock()
        return {"now": now, "days_ahead": round((now - machine()) / timedelta(days=1), 3)}

    @router.get("")
    async def tell() -> dict[str, object]:
        """Tell the sandbox's time, and how far it is ahead of this machine's."""
        return shown()

    @router.post("", openapi_extra=takes(Move))
    async def move(request: Request, broker: TheBroker) -> dict[str, object]:
        """Move the clock forwards; what falls due meanwhile is done at once."""
        clock.move(timedelta(days=_parse_move(await request.body()).days))
        broker.desk.clock_moved.ring()
        await asyncio.to_thread(renew, stage)
        return shown()

    return router


def _parse_move(raw: bytes) -> Move:
    parse_json(raw)
    try:
        return Move.model_validate_json(raw)
    except ValidationError:
        raise RequestRejected("json-invalid", "/days") from None


def _row(code: str) -> dict[str, object]:
    row = CATALOGUE[code]
    return {
        "code": code,
        "status": row.status,
        "title": row.title,
        "meaning": row.meaning,
        "prepared": code in PREPARED,
        "case": told(code),
    }
