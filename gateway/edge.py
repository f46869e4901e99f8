"""One request on its way through: its id, the fields that every answer carries, and what the log may say of it."""

from time import perf_counter
from typing import Final

import structlog
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from broker.errors import BrokerError
from crypto.draw import draw_uuid7
from gateway.problems import respond

_LOG: Final = structlog.get_logger()
_FIELDS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000"),
    (b"x-content-type-options", b"nosniff"),
)


class Visit:
    """One request, from its arrival to the last byte of its answer."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._began = perf_counter()
        self._status = 0
        broker = scope["app"].state.broker
        scope.setdefault("state", {})["request_id"] = self._id = draw_uuid7(broker.clock())

    async def send(self, message: Message) -> None:
        """Pass a message of the answer on, its start with the fields that every answer carries."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            fields = [*message["headers"], *_FIELDS, (b"x-request-id", self._id.encode())]
            message = {**message, "headers": fields}
        await self._send(message)

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Log the type of `error`; answer `internal`, or break the connection off where the answer has begun."""
        began = bool(self._status)
        if not began:
            response = respond(Request(self._scope, receive), BrokerError())
            await response(self._scope, receive, self.send)
        _LOG.error("failed", exc_info=error, **self.facts())

    def facts(self) -> dict[str, object]:
        """Return what may be logged of the request: no path, no content, no id of a case, message or officer."""
        state, route = self._scope["state"], self._scope.get("route")
        return {
            "method": self._scope["method"],
            "route": getattr(route, "path", None),
            "status": self._status,
            "code": state.get("code"),
            "agency": state.get("agency"),
            "request_id": self._id,
            "duration_ms": round((perf_counter() - self._began) * 1000, 3),
        }
