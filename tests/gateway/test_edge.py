"""What nobody foresaw, and what the log says of it: over a real connection, with the log that production writes."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from fastapi.responses import StreamingResponse

from agencies.notes.manifest import parse_manifest
from crypto import note
from gateway.app import create_app
from gateway.logs import configure_logs
from gateway.serve import running
from tests.agencies.made_area import AREA, HOUSING, IDVA, OFFICER, fixed_key
from tests.gateway.house import House, a_house, a_submission, as_post
from tests.gateway.signing import Draft, Signer, post, signed_by

NAME = "Alex Invented"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


@pytest.fixture
async def failing(tmp_path: Path) -> AsyncIterator[House]:
    """A gateway with two routes that fail with a name in their hands: at once, and in the middle of an answer."""
    async with a_house(tmp_path) as house:
        app = create_app(house.broker, run_worker=False)

        async def fail() -> None:
            raise RuntimeError(NAME)

        async def half() -> AsyncIterator[str]:
            yield "half an answer"
            raise RuntimeError(NAME)

        async def fail_late() -> StreamingResponse:
            return StreamingResponse(half())

        app.add_api_route("/fail", fail)
        app.add_api_route("/late", fail_late)
        async with running(app) as address:
            yield House(house.broker, house.clock, address)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_an_unforeseen_failure_reveals_nothing_and_is_logged_by_its_type(
    failing: House, log: io.StringIO
) -> None:
    answer = await failing.send(Draft(path="/fail"))
    assert (answer.status, answer.json["code"]) == (500, "internal")
    (line,) = lines(log)
    assert (line["event"], line["error_type"], line["code"]) == ("failed", "RuntimeError", "internal")
    assert line["request_id"] == answer.json["request_id"] == answer.field("x-request-id")
    assert NAME not in log.getvalue() + answer.body.decode()


async def test_an_answer_that_fails_half_way_is_broken_off_so_that_nobody_takes_it_for_whole(
    failing: House, log: io.StringIO
) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await failing.send(Draft(path="/late"))
    assert lines(log)[0]["event"] == "failed"
    assert NAME not in log.getvalue()


async def test_who_leaves_in_the_middle_of_a_body_is_logged_as_gone(failing: House, log: io.StringIO) -> None:
    draft = signed_by(post("/v1/inbox/lease", b'{"limit":1,"wait_s":0}'), Signer(fixed_key(HOUSING)))
    host, _, port = failing.address.removeprefix("http://").rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(draft.raw()[:-1])
    await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    while not log.getvalue().count("disconnected"):
        await failing.send(Draft(path="/livez"))
    assert NAME not in log.getvalue()


async def test_no_name_id_or_content_of_a_request_reaches_the_log(failing: House, log: io.StringIO) -> None:
    composed = a_submission()
    manifests = (await failing.ask(as_post(composed))).json["manifests"]
    assert isinstance(manifests, list)
    manifest = parse_manifest(note.text_of(manifests[0]))
    named = Draft(path=f"/v1/messages/{manifest.message}").adding(("marac-officer", OFFICER))
    await failing.ask(named)
    await failing.ask(named, fixed_key(IDVA))
    await failing.ask(post(f"/v1/cases/{manifest.case}/exclusions", b'{"parties":["%s"]}' % NAME.encode()))
    await failing.ask(Draft(path=f"/v1/messages/{NAME.replace(' ', '%20')}", query="name=Alex"))
    await failing.send(Draft(path="/Alex/Invented"))
    text = log.getvalue()
    logged = lines(log)
    assert [line["status"] for line in logged] == [201, 200, 403, 422, 404, 404]
    assert logged[0]["agency"] == HOUSING
    for secret in ("Alex", "Invented", "Exampleton", manifest.message, manifest.case, OFFICER, composed.idempotency):
        assert secret not in text


async def test_a_message_of_others_and_no_message_are_the_same_bytes(failing: House) -> None:
    manifests = (await failing.ask(as_post(a_submission()))).json["manifests"]
    assert isinstance(manifests, list)
    held = parse_manifest(note.text_of(manifests[0]))
    missing = held.message[:-1] + ("0" if held.message[-1] != "0" else "1")
    recall = b'{"recipients":null,"reason":"safety"}'
    for one, other in (
        (Draft(path=f"/v1/messages/{held.message}"), Draft(path=f"/v1/messages/{missing}")),
        (post(f"/v1/messages/{held.message}/recall", recall), post(f"/v1/messages/{missing}/recall", recall)),
    ):
        answers = [await failing.ask(draft, fixed_key(IDVA)) for draft in (one, other)]
        assert answers[0].json["code"] == "not-available"
        assert answers[0].apart_from_the_request_id() == answers[1].apart_from_the_request_id()


async def test_two_answers_of_one_code_differ_in_nothing_but_the_id(failing: House) -> None:
    first, second = [await failing.send(Draft(path="/v1/register", lines=(("host", AREA),))) for _ in range(2)]
    assert first.apart_from_the_request_id() == second.apart_from_the_request_id()
