"""What reaches the log: names, keys, case references, ids and content cannot, whichever way they are logged."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.logs import ALLOWED_KEYS, configure_logs

NAME = "Alex Invented"
CASE = "CAM-7Q4X9-K2M8T-5"
MESSAGE = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"
OFFICER = "marac.cambridgeshire.example/officer/7f3k2m9q"
KEY = "AGE-SECRET-KEY-PQ-1QQQQQQQQQQQQQQ"
SIGNKEY = "marac-signing-key marac.cambridgeshire.example/gateway c2VjcmV0"
SECRETS = (NAME, "Alex", CASE, MESSAGE[:8], OFFICER, KEY, SIGNKEY)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_logged_by_template_code_and_agency(log: io.StringIO) -> None:
    facts = {
        "method": "POST",
        "route": "/v1/deliveries/{delivery}/header",
        "status": 404,
        "code": "not-available",
        "agency": "marac.cambridgeshire.example/agency/housing",
        "request_id": MESSAGE,
        "duration_ms": 1.25,
        "rule": "N12",
    }
    structlog.get_logger().info("request", **facts)
    (line,) = lines(log)
    assert {key: line[key] for key in facts} == facts
    assert line["event"] == "request"


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_secret_passes_under_any_allowed_key(log: io.StringIO, secret: str) -> None:
    structlog.get_logger().info("request", **dict.fromkeys(ALLOWED_KEYS - {"event"}, secret))
    structlog.get_logger().info(secret)
    assert secret not in log.getvalue()


@pytest.mark.parametrize("key", ["case", "message", "officer", "body", "note", "url", "path", "query", "exception"])
def test_other_keys_do_not_reach_the_log(log: io.StringIO, key: str) -> None:
    structlog.get_logger().info("request", **{key: "word"})
    assert key not in lines(log)[0]


def test_an_exception_leaves_its_type_and_nothing_else(log: io.StringIO) -> None:
    def refuse(victim: str) -> None:
        raise ValueError(f"{victim} {CASE} {KEY}")

    try:
        refuse(NAME)
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
        structlog.get_logger().exception("failed")
        structlog.get_logger().exception(f"failed for {NAME}", stack_info=True)
        logging.getLogger("sqlalchemy.engine").exception("INSERT INTO cases VALUES (%s)", CASE)
    text = log.getvalue()
    assert [line.get("error_type") for line in lines(log)] == ["ValueError"] * 4
    assert not [secret for secret in (NAME, CASE, KEY, "Traceback", "INSERT", "victim") if secret in text]


def test_libraries_are_reduced_to_their_name(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("GET /v1/messages/%s", MESSAGE)
    logging.getLogger("uvicorn.access").info("GET /v1/messages/%s", MESSAGE)
    logging.getLogger(NAME).error("made up")
    first, second = lines(log)
    assert (first["event"], first["library"]) == ("library", "uvicorn")
    assert "library" not in second
    assert MESSAGE not in log.getvalue()
