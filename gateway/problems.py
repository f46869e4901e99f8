"""Errors as RFC 9457 problem documents: every refusal and failure that leaves the gateway is made here."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from agencies.notes.text import encode_time
from broker.errors import BrokerError
from broker.need_to_know import NOT_AVAILABLE
from broker.settings import Settings
from gateway.errors import CATALOGUE, EMERGENCY, RequestRejected, code_of

MEDIA_TYPE: Final = "application/problem+json"
SUBMISSION_PATHS: Final = frozenset({"/v1/referrals"})
RETRY_AFTER_S: Final = "30"
_BY_STATUS: Final = {404: "route-unknown", 405: "method-not-allowed"}

SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code", "request_id", "retry", "help"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(CATALOGUE)},
        "request_id": {"type": "string", "format": "uuid"},
        "pointer": {"type": "string"},
        "retry": {"type": "string", "enum": ["no", "same", "later"]},
        "help": {"type": "string"},
        "server_time": {"type": "string", "format": "date-time"},
    },
}
DOCUMENTED: Final[dict[int | str, dict[str, object]]] = {
    "default": {"description": "Refused or failed; see GET /v1/errors", "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
}


def problem(settings: Settings, path: str, error: BrokerError, request_id: str, now: datetime) -> Response:
    """Return the problem document for `error` on `path`; `not-available` is the same bytes whatever the route.

        now  what a stale signature is told as the server's time

    Source: formats.md, section 9.
    """
    code = code_of(error)
    # `not-available` always carries the telephone: it must not differ between submissions and other routes.
    urgent = path in SUBMISSION_PATHS or code == NOT_AVAILABLE
    body = encode_problem(settings, code, request_id, urgent=urgent, pointer=error.pointer)
    if code == "signature-stale":
        body["server_time"] = encode_time(now)
    return Response(_json(body), CATALOGUE[code].status, _fields(settings, code), MEDIA_TYPE)


def encode_problem(
    settings: Settings, code: str, request_id: str, *, urgent: bool, pointer: str | None
) -> dict[str, object]:
    """Return the members of a problem document; `urgent` adds the coordinator's telephone and 999 to the help."""
    meaning = CATALOGUE[code]
    contact = f" Coordinator: {settings.coordinator_telephone}. {EMERGENCY}" if urgent else ""
    return {
        "type": f"https://{settings.area}/errors/{code}",
        "title": meaning.title,
        "status": meaning.status,
        "code": code,
        "request_id": request_id,
        **({} if pointer is None else {"pointer": pointer}),
        "retry": meaning.retry,
        "help": meaning.help + contact,
    }


def answer_with_problems(app: FastAPI) -> None:
    """Make `app` answer every BrokerError, and every path or method it does not know, with a problem document."""
    app.add_exception_handler(BrokerError, _on_broker_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def respond(request: Request, error: BrokerError) -> Response:
    """Return the problem document for `error`; closes the connection where the rest of the body is not wanted."""
    broker = request.app.state.broker
    response = problem(broker.settings, request.url.path, error, request.state.request_id, broker.clock())
    request.state.code = code_of(error)
    # An endless body would otherwise be read and thrown away for as long as the sender likes.
    if response.status_code in {408, 413} or "transfer-encoding" in request.headers:
        response.headers["connection"] = "close"
    return response


async def _on_broker_error(request: Request, error: Exception) -> Response:
    return respond(request, error if isinstance(error, BrokerError) else BrokerError())


async def _on_http_exception(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = respond(request, RequestRejected(_BY_STATUS.get(status, BrokerError.code)))
    allow = (getattr(error, "headers", None) or {}).get("Allow")
    if allow:
        response.headers["allow"] = allow
    return response


def _fields(settings: Settings, code: str) -> Mapping[str, str]:
    status = CATALOGUE[code].status
    if status == 401:
        return {"www-authenticate": f'Signature realm="{settings.area}"'}
    return {"retry-after": RETRY_AFTER_S} if status == 503 else {}


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
