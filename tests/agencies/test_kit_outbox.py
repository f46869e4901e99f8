"""The outbox: what has no answer yet is kept, sealed to this agency alone, and can be sent again as the same."""

from pathlib import Path

import pytest

from agencies.kit.compose import REFERRAL, Author, Composed, compose
from agencies.kit.home import Home
from agencies.kit.outbox import Outbox
from agencies.kit.wire import Problem, Unreachable
from crypto import age
from crypto.errors import NotForYou
from tests.agencies.kit_world.area import running_area
from tests.agencies.made_area import AREA, HOUSING, NOW, fixed_identity, fixed_key
from tests.factories import a_referral, a_victim, the_documents

NAME = "Quillon Outboxed"
MINE = (fixed_identity(HOUSING, "working"),)


def a_submission() -> Composed:
    documents = the_documents(a_referral(victim=a_victim(NAME)))
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
        with pytest.raises(NotForYou):
            outbox.submission(composed.idempotency, [age.generate_identity()])


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


def test_what_was_refused_is_not_kept_and_what_got_no_answer_is(tmp_path: Path) -> None:
    with running_area(tmp_path) as area:
        with area.kit(HOUSING) as housing:
            composed = housing.prepare(the_documents())
            late = housing.prepare(the_documents())
        area.clock.at = NOW.replace(year=NOW.year + 1)
        with area.kit(HOUSING) as housing, pytest.raises(Problem):
            housing.submit(late)
        area.clock.at = NOW
        home: Home = housing.home
    with area.kit(HOUSING) as housing, pytest.raises(Unreachable):
        housing.submit(composed)
    with home.outbox() as outbox:
        assert list(outbox.unanswered()) == [composed.idempotency]
