"""The form that somebody fills in by hand: the example works, and errors say where and what to do."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given

from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import meets_threshold
from agencies.documents.safe_contact import SafeContact
from agencies.kit.forms import FormInvalid, ReferralForm, example, load_form, parse_form
from tests.factories import a_referral, a_safe_contact, exclusions
from tests.strategies import json_values

CANARY = "CANARY-7f3k2m9q"


def a_form() -> dict:
    return {
        "referral": a_referral().model_dump(mode="json"),
        "safe_contact": a_safe_contact().model_dump(mode="json"),
        "exclusions": exclusions(people=["his cousin"]).model_dump(mode="json"),
    }


def refusal(text: str) -> FormInvalid:
    with pytest.raises(FormInvalid) as caught:
        parse_form(text)
    return caught.value


def test_the_example_is_a_form_that_can_be_sent_as_it_is():
    form = parse_form(example())
    assert list(form.documents) == ["referral", "safe-contact", "exclusions"]
    assert meets_threshold(form.referral, 17)
    assert form.exclusions == Exclusions()


def test_the_example_says_what_each_question_is_about():
    answers = json.loads(example())["referral"]["instruments"][0]["answers"]
    assert answers[7] == {"number": 8, "_about": "stalking", "answer": "yes", "note": None}


def test_a_form_holds_what_was_written():
    form = parse_form(json.dumps(a_form()))
    assert form == ReferralForm(a_referral(), a_safe_contact(), exclusions(people=["his cousin"]))


def test_remarks_are_left_out_at_any_depth():
    form = a_form()
    form["referral"]["victim"]["_remark"] = "ask again"
    form["_remark"] = {"a": ["b"]}
    assert parse_form(json.dumps(form)).referral == a_referral()


def test_safe_contact_and_exclusions_may_be_left_out():
    form = parse_form(json.dumps({"referral": a_form()["referral"]}))
    assert form.safe_contact == SafeContact()
    assert not form.exclusions.agency_ids


def test_every_problem_in_all_three_parts_is_told_with_its_pointer():
    form = a_form()
    form["referral"]["identified_on"] = "yesterday"
    form["safe_contact"]["safe_to_call"] = "maybe"
    form["exclusions"]["agencies"] = [{"agency": "leisure"}]
    assert str(refusal(json.dumps(form))).splitlines() == [
        '/referral/identified_on: write a date as YYYY-MM-DD, or "unknown" where that is allowed',
        '/safe_contact/safe_to_call: write true or false, or "unknown" where that is allowed',
        "/exclusions/agencies/0/agency: write the agency's id from the register, "
        "such as marac.area.example/agency/housing",
    ]


def test_a_form_without_a_referral_says_what_is_required():
    pointers = {problem.pointer for problem in refusal("{}").problems}
    assert pointers == {"/referral/referrer", "/referral/victim", "/referral/grounds", "/referral/instruments"}


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        json.dumps([CANARY]),
        json.dumps({"referral": CANARY}),
        json.dumps({"referral": {"strange": CANARY}}),
        f'{{"{CANARY}":1,"{CANARY}":2}}',
        '{"referral":' + "[" * 600 + "]" * 600 + "}",
    ],
)
def test_a_refusal_never_repeats_what_was_written(text: str):
    invalid = refusal(text)
    assert invalid.problems
    assert CANARY not in f"{invalid} {invalid!r}"
    assert invalid.__context__ is None


@pytest.mark.parametrize("form", [{"strange": CANARY}, {"referral": {"strange": CANARY}}])
def test_a_member_that_does_not_belong_there_is_named_and_what_it_holds_is_not(form: dict[str, object]):
    told = str(refusal(json.dumps(form)))
    assert '"strange"' in told
    assert CANARY not in told


def test_where_one_of_some_words_is_wanted_they_are_listed():
    form = a_form()
    form["referral"]["referrer"]["source"] = "a pub"
    assert "allowed words: police, idva, " in str(refusal(json.dumps(form)))


def test_a_form_does_not_show_what_it_holds():
    assert repr(parse_form(example())) == "ReferralForm()"


@given(json_values)
def test_random_json_is_a_form_or_invalid(value: object):
    for text in (json.dumps(value), json.dumps({"referral": value}), json.dumps(a_form() | {"safe_contact": value})):
        with contextlib.suppress(FormInvalid):
            assert isinstance(parse_form(text), ReferralForm)


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path):
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / f"{encoding}.json"
        path.write_text(example(), encoding=encoding)
        assert load_form(path) == parse_form(example())


def test_a_file_that_is_not_utf_8_says_how_to_save_it(tmp_path: Path):
    path = tmp_path / "referral.json"
    path.write_text(example(), encoding="utf-16")
    with pytest.raises(FormInvalid, match="UTF-8") as caught:
        load_form(path)
    assert caught.value.__context__ is None


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path):
    path = tmp_path / "referral.json"
    path.write_text(" " * 2_000_000)
    with pytest.raises(FormInvalid, match="too large"):
        load_form(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n "referral": {}\n "safe_contact": {}\n}', "line 3, column 2: Expecting ',' delimiter"),
        ('{\n "referral": "CANARY-7f3k2m9q\n}', "line 2, column 30: Invalid control character at"),
        ('{"referral": NaN}', "NaN is no number"),
        ('{"referral": {}, "referral": {}}', 'a member name appears twice in one object: "referral"'),
    ],
)
def test_what_is_no_json_is_told_with_its_line_and_column_and_without_its_words(text: str, said: str):
    told = str(refusal(text))
    assert told.endswith(said)
    assert CANARY not in told


def test_the_line_that_is_not_utf_8_is_named(tmp_path: Path):
    path = tmp_path / "form.json"
    path.write_bytes(b'{\n "referral":\n "\xe9"}')
    with pytest.raises(FormInvalid, match="UTF-8; line 3 is not") as caught:
        load_form(path)
    assert caught.value.__context__ is None
