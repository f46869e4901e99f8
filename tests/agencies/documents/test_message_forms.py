"""Messages of the further kinds written by hand: each example works, and errors say where and what to do."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.documents.document import Document
from agencies.documents.table import DOCUMENTS
from agencies.kit.examples import EXAMPLES
from agencies.kit.forms import FormInvalid, example, load_message, parse_message
from tests.strategies import json_values

CANARY = "CANARY-7f3k2m9q"


def refusal(kind: str, text: str) -> FormInvalid:
    with pytest.raises(FormInvalid) as caught:
        parse_message(kind, text)
    return caught.value


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_example_of_a_kind_can_be_sent_as_it_is(kind: str):
    assert parse_message(kind, example(kind)) == EXAMPLES[kind].document()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_example_of_a_kind_shows_every_field_after_its_remarks(kind: str):
    form = json.loads(example(kind))
    fields = [name for name in DOCUMENTS[kind]["1.0"][kind].model_fields if name != "correction"]  # the command says
    assert list(form) == ["_read_me", *fields]
    assert all(form["_read_me"])


def test_every_word_that_a_remark_offers_is_allowed_and_none_is_left_out():
    for kind, name in [
        ("case-note", "sort"), ("case-note", "nature"), ("chair-decision", "decision"), ("lookup-answer", "answer"),
        ("triage", "outcome"), ("research-return", "outcome"), ("reuse-request", "lawful_basis"),
        ("flag-and-tag", "reason"),
    ]:  # fmt: skip
        told = str(refusal(kind, json.dumps(json.loads(example(kind)) | {name: CANARY})))
        remarks = " ".join(json.loads(example(kind))["_read_me"])
        allowed = told.split("allowed words: ")[1].replace(" or ", ", ").split(", ")
        assert all(word in remarks for word in allowed)


def test_every_problem_is_told_with_its_pointer():
    form = json.loads(example("research-request")) | {"needed_by": "soon", "to": ["housing"]}
    form["people"][0]["role"] = "neighbour"
    assert [problem.pointer for problem in refusal("research-request", json.dumps(form)).problems] == [
        "/to/0",
        "/needed_by",
        "/people/0/role",
    ]


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("text", [CANARY, f'["{CANARY}"]', f'{{"to": "{CANARY}", "role": "{CANARY}"}}', f'"{CANARY}"'])
def test_a_refusal_never_repeats_what_was_written(kind: str, text: str):
    invalid = refusal(kind, text)
    assert invalid.problems
    assert CANARY not in f"{invalid} {invalid!r}"
    assert invalid.__context__ is None


@given(st.sampled_from(list(EXAMPLES)), json_values)
def test_random_json_is_a_message_or_invalid(kind: str, value: object):
    with contextlib.suppress(FormInvalid):
        assert isinstance(parse_message(kind, json.dumps(value)), Document)


def test_a_message_is_read_from_a_file(tmp_path: Path):
    path = tmp_path / "note.json"
    path.write_text(example("case-note"), encoding="utf-8-sig")
    assert load_message("case-note", path) == EXAMPLES["case-note"].document()


def test_a_kind_that_there_is_not_has_no_form():
    for attempt in (example, lambda kind: parse_message(kind, "{}")):
        with pytest.raises(KeyError):
            attempt("rumour")
