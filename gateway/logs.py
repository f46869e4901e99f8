"""The gateway's log: JSON lines through an allow-list of keys and of the values each may have; all else is dropped."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from crypto.errors import CryptoError
from gateway.errors import CATALOGUE

EVENTS: Final = (
    "starting", "working", "listening", "stopping", "request", "failed", "disconnected", "library",
    "loop_failed", "letter_discarded", "destruction_stopped", "notice_failed",
)  # fmt: skip
"""Every event there is. A message in free words cannot be logged: it could hold a name."""

_WORDS: Final = r"[a-z]{1,20}(?:-[a-z]{1,20}){0,5}"
_KEYS: Final[Mapping[str, re.Pattern[str]]] = {
    key: re.compile(pattern)
    for key, pattern in {
        "event": "|".join(EVENTS),
        "level": _WORDS,
        "timestamp": r"[0-9T:.-]+Z",
        "code": "|".join((*CATALOGUE, *(kind.__name__ for kind in CryptoError.__subclasses__()))),
        "loop": _WORDS,
        "status": r"[1-5][0-9]{2}",
        "method": r"[A-Z]{3,7}",
        "route": r"(?:/(?:v1|\{[a-z]+\}|[a-z-]+(?:\.json)?))+",  # the template, never the path that was asked for
        "request_id": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "duration_ms": r"[0-9]{1,9}(?:\.[0-9]{1,3})?",
        "agency": r"[a-z0-9.-]{3,200}/(?:agency|office)/[a-z0-9-]{1,40}",
        "rule": r"N[0-9]{1,2}",
        "queue": r"embedded|rabbitmq",
        "database": r"sqlite|postgresql",
        "port": r"[0-9]{1,5}",
        "library": r"uvicorn|sqlalchemy|aio_pika|aiormq|asyncpg|aiosqlite|alembic|asyncio",
        "error_type": r"[A-Z][A-Za-z]{2,60}",
    }.items()
}
ALLOWED_KEYS: Final = frozenset(_KEYS)


def configure_logs(stream: TextIO) -> None:
    """Send this process's log to `stream`; what libraries log is reduced to their name and the type of the error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_error,
            keep_allowed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)


def name_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put the type of an exception in the place of the exception: its words and its traceback could hold content."""
    event.pop("error_type", None)
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error_type"] = type(error).__name__
    return event


def keep_allowed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return the entries whose key is in the allow-list and whose value has the form that the key demands."""
    return {key: value for key, value in event.items() if key in _KEYS and _KEYS[key].fullmatch(str(value))}


class _Libraries(logging.Handler):
    """Takes what libraries log; their messages quote statements, addresses and values, so only their name stays."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, "library", library=record.name.partition(".")[0], exc_info=record.exc_info
        )
