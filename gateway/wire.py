"""HTTP/1.1 on the wire, within limits: what is no HTTP, or has a head too large, is answered as a problem too."""

import asyncio
import json
from http import HTTPStatus
from typing import Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from crypto.draw import draw_uuid7
from gateway.errors import CATALOGUE
from gateway.problems import MEDIA_TYPE, encode_problem

MAX_HEAD_BYTES: Final = 32_768
HEAD_WITHIN_S: Final = 10
LINGER_S: Final = 30
_CODE: Final = "request-malformed"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself collects fields without end, for ever, and takes trailers for fields.

    head_within_s how long a head may take, from the connection or from the answer before
    _in_head      True from a request's first byte to the end of its head
    _head_bytes   of the fields that are complete; _open_bytes of reads that did not complete the head
    _too_late     ends a connection whose next head is not complete by then; None while a request is answered
    """

    head_within_s: float = HEAD_WITHIN_S
    _in_head = True
    _head_bytes = 0
    _open_bytes = 0
    _too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._expect_nothing()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Expect the next head, if it is not there already and answered next."""
        answered_next = bool(self.pipeline)
        super().on_response_complete()
        if not answered_next and not self.transport.is_closing():
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Take what was read; a head that goes on for too long ends the connection."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._open_bytes += len(data)
            if self._open_bytes > MAX_HEAD_BYTES:
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """Start counting anew for each request of a connection."""
        super().on_message_begin()
        self._in_head, self._head_bytes, self._open_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the target."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field of the head; what trails a chunked body is no field, and would not be signed."""
        self._count(name, b": ", value, b"\r\n")
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._in_head = False
        self._expect_nothing()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's own words are not for the caller
        """Answer `request-malformed` and close the connection."""
        broker = self.app.state.broker
        members = encode_problem(broker.settings, _CODE, draw_uuid7(broker.clock()), urgent=False, pointer=None)
        body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
        status = HTTPStatus(CATALOGUE[_CODE].status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _expect_head(self) -> None:
        self._expect_nothing()
        self._too_late = self.loop.call_later(self.head_within_s, self._end)

    def _end(self) -> None:
        # What still waits to be read is waited for, though not for ever.
        self.transport.close()
        self._too_late = self.loop.call_later(LINGER_S, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _count(self, *parts: bytes) -> None:
        self._head_bytes += sum(len(part) for part in parts)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise httptools.HttpParserError("the head of the request is too large")
