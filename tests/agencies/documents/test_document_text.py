"""Documents as text: salt first, strict JSON, and refusals that repeat nothing of the input."""

import base64
import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agencies.documents.document import (
    MAX_DOCUMENT_BYTES,
    Document,
    document_schema,
    encode_document,
    parse_document,
)
from agencies.documents.exclusions import Exclusions
from agencies.documents.invalid import MAX_PROBLEMS, DocumentInvalid
from agencies.documents.person import Victim
from agencies.documents.referral import Referral
from agencies.documents.safe_contact import SafeContact
from agencies.documents.table import DOCUMENTS
from agencies.kit.examples import EXAMPLES
from tests.factories import a_referral, a_safe_contact, a_victim, every_sort_of_referral, exclusions, the_documents
from tests.strategies import documents, json_values

CANARY = "CANARY-7f3k2m9q"
SALT = base64.b64encode(bytes(32)).decode()
TYPES = DOCUMENTS["referral"]["1.0"]


def refusal(text: str, model_type: type[Document] = SafeContact) -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as caught:
        parse_document(model_type, text)
    return caught.value


def refusal_or_none(model_type: type[Document], text: str) -> DocumentInvalid | None:
    try:
        parse_document(model_type, text)
    except DocumentInvalid as invalid:
        return invalid
    return None


def salted(members: dict[str, object]) -> str:
    return json.dumps({"salt": SALT, **members})


def test_a_referral_has_its_three_documents_in_the_order_of_the_submission_note():
    assert list(TYPES) == ["referral", "safe-contact", "exclusions"] == list(the_documents())


@given(documents)
def test_what_is_encoded_parses_to_the_same_document(document: Document):
    assert parse_document(type(document), encode_document(document)) == document


@pytest.mark.parametrize("referral", every_sort_of_referral())
def test_every_ground_and_instrument_survives_the_round_trip(referral: Referral):
    assert parse_document(Referral, encode_document(referral)) == referral


def test_the_salt_is_the_first_member_32_bytes_and_fresh_each_time():
    texts = [encode_document(a_safe_contact()) for _ in range(3)]
    salts = {next(iter(json.loads(text).items())) for text in texts}
    assert {name for name, _ in salts} == {"salt"}
    assert len(salts) == 3
    assert all(len(base64.b64decode(salt, validate=True)) == 32 for _, salt in salts)


def test_the_text_is_compact():
    text = encode_document(SafeContact())
    assert text == json.dumps(json.loads(text), separators=(",", ":"))


def test_white_space_around_the_salt_is_accepted():
    assert parse_document(SafeContact, f' {{\n"salt" : "{SALT}"\t, "safe_to_call" : true }} ').safe_to_call is True


def test_a_document_may_hold_its_salt_alone_where_nothing_is_required():
    assert parse_document(Exclusions, salted({})) == Exclusions()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '"salt"',
        json.dumps({"safe_to_call": True, "salt": SALT}),
        json.dumps({"salt": SALT[:-1]}),
        json.dumps({"salt": base64.b64encode(bytes(31)).decode()}),
        json.dumps({"salt": base64.b64encode(bytes(33)).decode()}),
        json.dumps({"salt": SALT[:-2] + "B="}),
        json.dumps({"salt": SALT[:-4] + "\n" + SALT[-4:]}),
        json.dumps({"salt": "-" * 43 + "="}),
        json.dumps({"salt": None}),
        f'{{"\\u0073alt":"{SALT}"}}',
    ],
    ids=[
        "absent", "not an object", "a string", "second", "unpadded", "31 bytes", "33 bytes", "loose bits", "line break",
        "base64url", "null", "escaped name",
    ],
)  # fmt: skip
def test_a_salt_that_is_not_first_and_32_bytes_of_strict_base64_is_refused(text: str):
    assert refusal(text).pointer == "/salt"


@pytest.mark.parametrize(
    "text",
    [
        f'{{"salt":"{SALT}","salt":"{SALT}"}}',
        f'{{"salt":"{SALT}","safe_to_call":true,"safe_to_call":false}}',
        f'{{"salt":"{SALT}","a":{{"b":1,"\\u0062":2}}}}',
    ],
)
def test_a_member_name_that_appears_twice_is_refused_at_any_depth(text: str):
    assert refusal(text).reason == "a member name appears twice in one object"


@pytest.mark.parametrize(
    "rest",
    [
        ",}",
        "",
        "}}",
        "} {}",
        ',"code_word":NaN}',
        ',"code_word":"\\ud800"}',
        ',"code_word":"\ud800"}',
        ",'code_word':1}",
        ',"code_word":' + "9" * 5000 + "}",
    ],
)
def test_what_is_not_strict_json_is_refused(rest: str):
    assert refusal(f'{{"salt":"{SALT}"{rest}').reason == "this is not valid JSON"


def test_what_is_nested_too_deeply_is_refused():
    for depth in (200, 5_000, 100_000):
        assert refusal(f'{{"salt":"{SALT}","code_word":' + "[" * depth + "]" * depth + "}").pointer in {
            "",
            "/code_word",
        }


def test_what_is_too_large_is_refused_in_characters_and_in_bytes():
    for character in ("x", "é"):
        text = salted({"code_word": ""}).replace('""', '"' + character * (MAX_DOCUMENT_BYTES - 80) + '"')
        assert refusal(text.replace("x", "xx", 100)).reason == "the document is too large"


def test_a_document_that_grew_too_large_is_not_sent():
    people = [f"{number} " + "x" * 9_000 for number in range(40)]
    with pytest.raises(DocumentInvalid, match="too large"):
        encode_document(exclusions(people=people))


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"safe_to_call": "perhaps"}, "/safe_to_call"),
        ({"safe_to_call": 1}, "/safe_to_call"),
        ({"code_word": 7}, "/code_word"),
        ({"code_word": ""}, "/code_word"),
        ({"code_word": "   "}, "/code_word"),
        ({"code_word": "x" * 201}, "/code_word"),
        ({"code_word": "two\nlines"}, "/code_word"),
        ({"code_word": "escape \x1b[2J"}, "/code_word"),
        ({"code_word": "next line \x85"}, "/code_word"),
        ({"code_word": "separator \u2028"}, "/code_word"),
        ({"safe_times": "a\tb"}, "/safe_times"),
        ({"safe_times": "a\rb"}, "/safe_times"),
        ({"safe_times": "\n\n"}, "/safe_times"),
        ({"safe_times": "x" * 10_001}, "/safe_times"),
        ({"not_ours": 1}, ""),
    ],
)
def test_a_wrong_value_is_refused_at_its_pointer(members: dict[str, object], pointer: str):
    invalid = refusal(salted(members))
    assert (invalid.pointer, len(invalid.problems)) == (pointer, 1)


def test_long_text_may_have_line_breaks_and_any_script():
    times = "Tuesdays\n\nیکشنبه‌ها 👩‍👧"
    assert parse_document(SafeContact, salted({"safe_times": times})).safe_times == times


@pytest.mark.parametrize("day", ["2026-13-01", "20/11/2026", "2026-11-20T00:00:00", "2026-11-20T00:00:00Z", 1795132800])
def test_a_date_is_a_calendar_day_and_nothing_else(day: object):
    content = a_referral().model_dump(mode="json") | {"identified_on": day}
    invalid = refusal(salted(content), Referral)
    assert (invalid.pointer, "YYYY-MM-DD" in invalid.reason) == ("/identified_on", True)


def test_every_problem_is_told_once_with_pointers_into_lists_and_unions():
    content = a_referral().model_dump(mode="json")
    content["victim"]["telephone"] = 1632
    content["children"][0]["date_of_birth"] = CANARY
    content["instruments"][0]["answers"][4]["answer"] = "maybe"
    content["grounds"].append({"ground": "marac_repeat", CANARY: 1})
    assert [problem.pointer for problem in refusal(salted(content), Referral).problems] == [
        "/victim/telephone",
        "/children/0/date_of_birth",
        "/grounds/1",
        "/instruments/0/answers/4/answer",
    ]


def test_problems_are_bounded():
    content = a_referral().model_dump(mode="json") | {"perpetrators": [{"name": 1, "address": 2, "employer": 3}] * 20}
    assert len(refusal(salted(content), Referral).problems) == MAX_PROBLEMS


def _everywhere(content: object) -> list[list[str | int]]:
    """Paths to every member and entry of `content`."""
    children = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path for key, value in children for path in ([key], *([key, *rest] for rest in _everywhere(value)))]


def _at(content: object, path: list[str | int]) -> object:
    for step in path:
        content = content[step]
    return content


def _with(content: dict[str, object], path: list[str | int], value: object) -> dict[str, object]:
    copy = json.loads(json.dumps(content))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy


def _holds_canary(error: BaseException) -> bool:
    told = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    chained = [error.__cause__, error.__context__]
    return any(CANARY in text for text in told) or any(chained)


@pytest.mark.parametrize("wrong", [f"{CANARY}\x1b", [CANARY], {CANARY: CANARY}, {CANARY: {"salt": CANARY}}])
@pytest.mark.parametrize("kind", ["referral", *EXAMPLES])
def test_no_refusal_repeats_the_input_or_keeps_it_in_its_causes(kind: str, wrong: object):
    document = a_referral() if kind == "referral" else EXAMPLES[kind].document()
    content = document.model_dump(mode="json")
    for path in _everywhere(content):
        invalid = refusal_or_none(type(document), salted(_with(content, path, wrong)))
        assert invalid is None or not _holds_canary(invalid)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_member_that_a_further_kind_does_not_have_is_refused_at_any_depth_and_not_named(kind: str):
    document = EXAMPLES[kind].document()
    content = document.model_dump(mode="json")
    for path in [[], *_everywhere(content)]:
        within = _at(content, path)
        if isinstance(within, dict):
            invalid = refusal(salted(_with(content, [*path, CANARY], 1)), type(document))
            assert invalid.pointer == "".join(f"/{step}" for step in path)
            assert not _holds_canary(invalid)


@pytest.mark.parametrize("text", [CANARY, f'{{"{CANARY}":1,"{CANARY}":2}}', f'{{"{CANARY}":', f'["{CANARY}"]'])
def test_no_refusal_repeats_text_that_is_no_document_at_all(text: str):
    assert not _holds_canary(refusal(text))


def test_a_model_shows_its_type_alone():
    referral = a_referral(victim=a_victim(CANARY))
    assert CANARY not in f"{referral!r} {referral} {referral.victim!r} {referral.victim}"
    assert repr(referral) == "Referral()"


def test_a_value_refused_in_python_is_not_shown_either():
    with pytest.raises(ValidationError) as caught:
        Victim(name=f"{CANARY}\x00")
    assert CANARY not in f"{caught.value} {caught.value!r}"


def test_a_document_cannot_be_changed():
    with pytest.raises(ValidationError):
        a_safe_contact().safe_to_call = False


@given(json_values)
def test_random_json_is_a_document_or_invalid(value: object):
    for model_type in TYPES.values():
        for text in (json.dumps(value), salted({"x": value}), salted(value if isinstance(value, dict) else {})):
            refused = refusal_or_none(model_type, text)
            assert refused is None or refused.problems


@given(st.text())
def test_random_text_is_no_document(text: str):
    assert refusal_or_none(SafeContact, text) is not None


@given(st.sampled_from(list(TYPES)), st.sampled_from(["grounds", "instruments", "victim", "agencies"]), json_values)
def test_random_values_in_our_own_members_are_accepted_or_refused_there(name: str, member: str, value: object):
    invalid = refusal_or_none(TYPES[name], salted(the_documents()[name].model_dump(mode="json") | {member: value}))
    assert invalid is None or invalid.pointer.split("/")[1:2] in ([], [member])


@pytest.mark.parametrize("model_type", TYPES.values(), ids=TYPES)
def test_the_schema_asks_for_the_salt_and_allows_nothing_else(model_type: type[Document]):
    schema = document_schema(model_type)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert next(iter(schema["properties"])) == "salt"
    assert schema["required"][0] == "salt"
    assert schema["additionalProperties"] is False
