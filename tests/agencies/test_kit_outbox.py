"""The outbox: what has no answer yet is kept, sealed to this agency alone, and can be sent again as the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from agencies.kit.compose import REFERRAL, Author, Composed, compose, same_content
from agencies.kit.outbox import COPIES_KEPT, NotReadable, Outbox, OutboxUnavailable, SafeCopy
from agencies.kit.sending import NotOurs
from agencies.kit.wire import Problem, Unreachable
from agencies.names import draw_case_ref, instant_of, parse_message_id
from crypto import age
from tests.agencies.kit_world.area import RunningArea, running_area
from tests.agencies.made_area import AREA, HOUSING, IDVA, NOW, fixed_identity, fixed_key
from tests.factories import a_referral, a_victim, the_documents
from tests.servers.child import free_port

NAME = "Quillon Outboxed"
MINE = (fixed_identity(HOUSING, "working"),)


@pytest.fixture
def area(tmp_path: Path) -> Iterator[RunningArea]:
    with running_area(tmp_path) as running:
        yield running


def a_submission(name: str = NAME) -> Composed:
    documents = the_documents(a_referral(victim=a_victim(name)))
    return compose(REFERRAL, documents, Author(AREA, HOUSING, fixed_key(HOUSING)), NOW)


def test_a_submission_is_kept_unreadable_and_comes_back_the_same(tmp_path: Path) -> None:
    composed, path = a_submission(), tmp_path / "outbox.sqlite"
    assert NAME in composed.documents["referral"]
    with Outbox(path) as outbox:
        assert [outbox.keep(composed, MINE), outbox.keep(composed, MINE)] == [True, False]
        assert NAME.encode() not in path.read_bytes()
    with Outbox(path) as outbox:
        assert list(outbox.unanswered()) == [composed.idempotency]
        assert outbox.submission(composed.idempotency, MINE) == composed
        with pytest.raises(NotReadable):
            outbox.submission(composed.idempotency, [age.generate_identity()])
        assert outbox.submission("0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e", MINE) is None
    assert instant_of(composed.idempotency) == NOW


def test_an_answer_takes_the_place_of_the_submission_and_a_second_answer_changes_nothing(tmp_path: Path) -> None:
    composed = a_submission()
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        outbox.keep(composed, MINE)
        for _ in range(2):
            outbox.answered(composed.idempotency, ["first note", "second note"])
            assert (list(outbox.unanswered()), list(outbox.manifests())) == ([], ["first note", "second note"])


def test_a_kit_without_a_key_to_open_with_keeps_nothing_and_can_still_send(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        assert outbox.keep(a_submission(), ())
        assert not outbox.unanswered()


def test_the_same_form_again_is_the_same_content_whatever_its_salts() -> None:
    one, again, other = a_submission(), a_submission(), a_submission("Somebody Else")
    assert one.idempotency != again.idempotency
    assert same_content(one, again)
    assert not same_content(one, other)


def test_a_damaged_outbox_says_so_and_keeps_nobody_from_sending(area: RunningArea) -> None:
    with area.kit(HOUSING) as housing:
        path = housing.home.path / "outbox.sqlite"
        path.write_bytes(b"not a database, but long enough to be taken for a damaged one" * 99)
        with pytest.raises(OutboxUnavailable):
            housing.outbox.unanswered()
        assert len(housing.submit(housing.prepare(the_documents()))) == 3
        assert housing.keeps_nothing


def test_what_was_certainly_refused_is_not_kept_and_what_got_no_answer_is(area: RunningArea) -> None:
    with area.kit(HOUSING) as housing:
        composed = housing.prepare(the_documents())
        refused = compose(REFERRAL, the_documents(), Author(AREA, HOUSING, fixed_key(IDVA)), NOW)
        with pytest.raises(Problem) as problem:
            housing.submit(refused)
        assert problem.value.final
        assert not housing.outbox.unanswered()
    with area.kit(HOUSING, f"http://127.0.0.1:{free_port()}") as housing:
        with pytest.raises(Unreachable):
            housing.submit(composed)
        assert list(housing.outbox.unanswered()) == [composed.idempotency]


def test_another_agency_s_submission_is_not_sent_from_here(area: RunningArea) -> None:
    theirs = compose(REFERRAL, the_documents(), Author(AREA, IDVA, fixed_key(IDVA)), NOW)
    with area.kit(HOUSING) as housing:
        with pytest.raises(NotOurs):
            housing.submit(theirs)
        assert not housing.outbox.unanswered()


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ([(403, '"retry":"no"')], False),
        ([(403, "")], True),  # it does not say that it is final
        ([(504, '"retry":"no"')], True),  # a proxy's: the gateway may have taken it
        ([(0, ""), (403, '"retry":"no"')], True),  # the first try may have been taken, its answer lost
    ],
    ids=["refused", "unsaid", "proxy", "second-try"],
)
def test_only_a_refusal_of_what_was_sent_once_is_certain(
    area: RunningArea, answers: list[tuple[int, str]], kept: bool
) -> None:
    with area.kit(HOUSING) as housing:
        composed = housing.prepare(the_documents())
    with answering(answers) as url, area.kit(HOUSING, url) as housing:
        with pytest.raises(Problem):
            housing.submit(composed)
        assert bool(housing.outbox.unanswered()) is kept


@contextmanager
def answering(answers: list[tuple[int, str]]) -> Iterator[str]:
    """Serve these answers to POSTs, in this order; status 0 closes the connection without one."""
    left = list(answers)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status, more = left.pop(0)
            if status:
                body = f'{{"code":"made-up","title":"Made up"{"," + more if more else ""}}}'.encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def a_copy(number: int, *, days: int = 0) -> SafeCopy:
    message = parse_message_id(f"0199f2b1-6a0b-7d0e-8a3c-{number:012x}")
    return SafeCopy(message, draw_case_ref("TST"), NOW.replace(microsecond=0) + timedelta(days=days), b"sealed")


def test_copies_of_safe_contacts_stay_with_the_manifests_and_the_old_and_the_too_many_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, late = a_copy(1), a_copy(2, days=1), a_copy(3, days=COPIES_KEPT.days + 1)
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for copy in (first, first, second):
            outbox.answered(copy.message, ["its note"], copy)
        assert list(outbox.copies()) == [first, second]
        outbox.answered(late.message, ["its note"], late)
        assert list(outbox.copies()) == [second, late], "no case is kept so long"
        monkeypatch.setattr("agencies.kit.outbox.MOST_COPIES", 1)
        outbox.answered("0199f2b1-6a0b-7d0e-8a3c-000000000004", ["its note"], a_copy(4, days=2))
        assert list(outbox.copies()) == [late]
