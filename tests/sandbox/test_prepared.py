"""Every error code has a prepared case, and each case meets its code over HTTP."""

import pytest

from gateway.errors import CATALOGUE
from gateway.sandbox.guide import Guide
from gateway.sandbox.prepared import NOT_PREPARED, PREPARED, told
from tests.sandbox.asking import ask, provoke, steps_of, tell

SLOW = "too-slow"
CASES = [pytest.param(code, marks=[pytest.mark.campaign] * (code == SLOW)) for code in PREPARED]


def test_every_code_has_a_prepared_case_or_a_reason_why_not() -> None:
    assert PREPARED.keys() | NOT_PREPARED.keys() == CATALOGUE.keys()
    assert not PREPARED.keys() & NOT_PREPARED.keys()


def test_every_case_says_what_it_is() -> None:
    assert [code for code in CATALOGUE if not told(code).endswith(".") or "\n" in told(code)] == []


@pytest.mark.parametrize("code", CASES)
def test_a_prepared_case_meets_its_code(sandbox: Guide, code: str) -> None:
    shown = provoke(sandbox, code)
    last = steps_of(shown)[-1]["received"]
    assert shown["provoked"], shown
    assert last["status"] == CATALOGUE[code].status
    assert isinstance(last["body"], dict)
    assert last["body"]["code"] == code


@pytest.mark.parametrize("code", NOT_PREPARED)
def test_a_code_that_cannot_be_provoked_says_why(sandbox: Guide, code: str) -> None:
    shown = provoke(sandbox, code)
    assert (shown["prepared"], shown["provoked"], shown["steps"]) == (False, False, [])
    assert shown["case"] == NOT_PREPARED[code]


def test_an_unknown_code_is_no_route(sandbox: Guide) -> None:
    answer = tell(sandbox, "/sandbox/errors/made-up")
    assert (answer.status_code, answer.json()["code"]) == (404, "route-unknown")


def test_the_list_of_codes_is_the_catalogue(sandbox: Guide) -> None:
    listed = ask(sandbox, "/sandbox/errors").json()["errors"]
    assert [row["code"] for row in listed] == list(CATALOGUE)
    assert {row["code"] for row in listed if row["prepared"]} == PREPARED.keys()


def test_three_reasons_have_one_answer(sandbox: Guide) -> None:
    bodies = [dict(step["received"]["body"]) for step in steps_of(provoke(sandbox, "not-available"))]
    assert len({body.pop("request_id") for body in bodies}) == 3
    assert bodies[0] == bodies[1] == bodies[2]


def test_what_was_sent_is_shown(sandbox: Guide) -> None:
    first, second = (step["sent"] for step in steps_of(provoke(sandbox, "nonce-replayed")))
    assert first == second
    assert (first["method"], first["path"]) == ("GET", "/v1/register")
    assert any(str(line).startswith("signature-input: agency=(") for line in first["headers"])
