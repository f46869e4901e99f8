"""What the kinds of message besides the referral must say, may leave out, and cannot carry."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.documents.document import Document, encode_document, parse_content, parse_document
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.table import DOCUMENTS, SCHEMAS, schema_of
from agencies.kit.examples import EXAMPLES
from tests.factories import AREA, a_safe_contact
from tests.strategies import further_kinds, json_values

AGENCY = f"{AREA}/agency/housing"
OFFICE = f"{AREA}/office/chair-1"
OFFICER = f"{AREA}/officer/7f3k2m9q"
MESSAGE = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"
KINDS = [kind for kind in DOCUMENTS if kind != "referral"]
NAMES_AGENCIES = ["research-request", "lookup-answer", "reuse-consent"]
NAMES_PARTIES = ["case-note", "reuse-request"]
TOO_LONG = "x" * 10_001
ABSENT = object()

UNKNOWN = {
    "research-request": {"meeting_on": "unknown", "people/0": {"role": "victim", "aliases": ["Lex"]}},
    "research-return": {"items/0/source": "unknown", "items/0/on": "unknown"},
    "case-note": {"on": "unknown"},
    "staff-risk": {"about/name": "unknown", "about/address": "unknown", "precautions": "unknown"},
    "flag-and-tag": {"victim": {"name": "unknown", "date_of_birth": "unknown", "aliases": ["Lex"]}},
    "chair-decision": {"until": "unknown"},
    "lookup": {
        "person": {"name": "unknown", "address": "unknown", "telephone": "01632 960002"},
        "asker_role": "unknown",
    },
}

REQUIRED = {
    "research-request": ["to", "needed_by", "people", "people/0/role"],
    "research-return": ["outcome", "relevant", "necessary", "proportionate", "items/0/nature", "items/0/text"],
    "case-note": ["to", "sort", "nature", "text"],
    "staff-risk": ["about", "about/role", "risk"],
    "flag-and-tag": ["victim", "reason", "flagged_until"],
    "chair-decision": ["decision", "reason"],
    "lookup": ["person", "reason"],
    "lookup-answer": ["to", "answer"],
    "triage": ["outcome"],
    "reuse-request": ["to", "messages", "purpose", "lawful_basis"],
    "reuse-consent": ["to", "messages", "agreed"],
}


def model_of(kind: str) -> type[Document]:
    return DOCUMENTS[kind]["1.0"][kind]


def changed(kind: str, changes: dict[str, object]) -> dict:
    """The example's content with `changes` at these places, such as `people/0/role`."""
    content = EXAMPLES[kind].document().model_dump(mode="json")
    for place, value in changes.items():
        *way, last = [int(step) if step.isdigit() else step for step in place.split("/")]
        within = content
        for step in way:
            within = within[step]
        if value is ABSENT:
            del within[last]
        else:
            within[last] = value
    return content


def parsed(kind: str, changes: dict[str, object]) -> Document:
    return parse_content(model_of(kind), json.dumps(changed(kind, changes)))


def refusal(kind: str, changes: dict[str, object]) -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as caught:
        parsed(kind, changes)
    return caught.value


def refused_members(kind: str, changes: dict[str, object]) -> set[str]:
    """The members that are refused with these changes; an empty name for the whole."""
    try:
        parsed(kind, changes)
    except DocumentInvalid as invalid:
        return {problem.pointer.strip("/").split("/")[0] for problem in invalid.problems}
    return set()


def test_every_kind_but_the_referral_has_one_document_named_as_the_kind_and_an_example():
    assert all(list(DOCUMENTS[kind]["1.0"]) == [kind] for kind in KINDS)
    assert list(EXAMPLES) == KINDS
    assert list(further_kinds) == KINDS


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_a_further_kind_parses_to_what_was_encoded_and_chooses_whom_it_names(kind: str, data: st.DataObject):
    document = data.draw(further_kinds[kind])
    assert parse_document(model_of(kind), encode_document(document)) == document
    said = document.model_dump()
    assert document.chosen == {*said.get("to", ()), *said.get("concerns", ())}


def test_a_kind_that_names_nobody_has_chosen_nobody():
    named = {kind for kind in KINDS if EXAMPLES[kind].document().chosen}
    assert named == {*NAMES_AGENCIES, *NAMES_PARTIES, "chair-decision"}
    assert a_safe_contact().chosen == frozenset()


@pytest.mark.parametrize(("kind", "place"), [(kind, place) for kind, places in REQUIRED.items() for place in places])
def test_what_is_required_is_told_where_it_is_missing(kind: str, place: str):
    invalid = refusal(kind, {place: ABSENT})
    assert (invalid.pointer, invalid.reason) == (f"/{place}", "this is required")


@pytest.mark.parametrize("kind", UNKNOWN)
def test_every_personal_field_of_a_further_kind_may_be_unknown_and_is_flagged(kind: str):
    document = parsed(kind, UNKNOWN[kind])
    flagged = {pointer.strip("/") for pointer in document.incomplete_fields()}
    assert {place for place, said in UNKNOWN[kind].items() if said == "unknown"} <= flagged


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_not_required_may_be_left_out_one_by_one(kind: str):
    needed_by_another_answer = {"research-return": {"items"}, "triage": {"text"}}.get(kind, set())
    for name in model_of(kind).model_fields.keys() - set(REQUIRED[kind]) - needed_by_another_answer:
        assert parsed(kind, {name: ABSENT})


@pytest.mark.parametrize("kind", [*NAMES_AGENCIES, *NAMES_PARTIES])
@pytest.mark.parametrize(
    ("to", "pointer"),
    [
        ([], "/to"),
        ([AGENCY, AGENCY], "/to"),
        ([f"{AREA}/agency/a{number}" for number in range(51)], "/to"),
        (AGENCY, "/to"),
        ("unknown", "/to"),
        (["housing"], "/to/0"),
        ([OFFICER], "/to/0"),
        ([f"{AGENCY}\n"], "/to/0"),
        ([f"{AREA}/office/chair-0"], "/to/0"),
        ([f"{AREA}/office/chair-100"], "/to/0"),
        ([f"{AREA}/office/secretary"], "/to/0"),
        ([7], "/to/0"),
    ],
)
def test_whom_a_message_is_for_is_a_list_of_register_ids_each_once(kind: str, to: object, pointer: str):
    assert refusal(kind, {"to": to}).pointer == pointer


@pytest.mark.parametrize("kind", NAMES_AGENCIES)
def test_some_kinds_are_for_agencies_and_never_for_an_office(kind: str):
    assert refusal(kind, {"to": [OFFICE]}).pointer == "/to/0"


@pytest.mark.parametrize("kind", NAMES_PARTIES)
def test_some_kinds_are_for_agencies_and_offices(kind: str):
    assert parsed(kind, {"to": [AGENCY, OFFICE]}).chosen == {AGENCY, OFFICE}


@pytest.mark.parametrize("kind", ["research-request", "case-note", "reuse-request"])
def test_up_to_fifty_may_be_chosen(kind: str):
    assert len(parsed(kind, {"to": [f"{AREA}/agency/a{number}" for number in range(50)]}).chosen) == 50


@pytest.mark.parametrize("kind", ["lookup-answer", "reuse-consent"])
def test_an_answer_goes_to_who_asked_and_to_nobody_else(kind: str):
    assert refusal(kind, {"to": [AGENCY, f"{AREA}/agency/police"]}).pointer == "/to"


@pytest.mark.parametrize(
    ("kind", "changes", "pointer"),
    [
        ("research-request", {"needed_by": "unknown"}, "/needed_by"),
        ("research-request", {"needed_by": "soon"}, "/needed_by"),
        ("research-request", {"meeting_on": "soon"}, "/meeting_on"),
        ("research-request", {"people": []}, "/people"),
        ("research-request", {"people": [{"role": "child", "name": "x"}] * 51}, "/people"),
        ("research-request", {"people/1/role": "unknown"}, "/people/1/role"),
        ("research-request", {"people/1": {"role": "perpetrator"}}, "/people/1"),
        ("research-request", {"people/1": {"role": "perpetrator", "name": "unknown", "aliases": []}}, "/people/1"),
        ("research-request", {"people/0/addresses": ["x"] * 11}, "/people/0/addresses"),
        ("research-request", {"people/0/addresses": ["x" * 501]}, "/people/0/addresses/0"),
        ("research-return", {"outcome": "something"}, "/outcome"),
        ("research-return", {"outcome": "nothing_known"}, "/items"),
        ("research-return", {"items": []}, "/items"),
        ("research-return", {"items": [{"nature": "fact", "text": "x"}] * 101}, "/items"),
        ("research-return", {"items/0/nature": "rumour"}, "/items/0/nature"),
        ("research-return", {"items/1/text": ""}, "/items/1/text"),
        ("research-return", {"items/1/on": "last week"}, "/items/1/on"),
        ("case-note", {"sort": "other"}, "/sort"),
        ("case-note", {"nature": "unknown"}, "/nature"),
        ("case-note", {"on": "yesterday"}, "/on"),
        ("case-note", {"text": " \n"}, "/text"),
        ("case-note", {"text": TOO_LONG}, "/text"),
        ("staff-risk", {"about/role": "child"}, "/about/role"),
        ("staff-risk", {"about/name": "two\nlines"}, "/about/name"),
        ("staff-risk", {"about": []}, "/about"),
        ("staff-risk", {"risk": TOO_LONG}, "/risk"),
        ("staff-risk", {"to": [AGENCY]}, ""),
        ("flag-and-tag", {"victim": {}}, "/victim"),
        ("flag-and-tag", {"victim/address": "1 Nowhere Street"}, "/victim"),
        ("flag-and-tag", {"perpetrators/0": {"name": "unknown"}}, "/perpetrators/0"),
        ("flag-and-tag", {"perpetrators": [{"name": "x"}] * 21}, "/perpetrators"),
        ("flag-and-tag", {"reason": "unknown"}, "/reason"),
        ("flag-and-tag", {"reason": "other"}, "/other_reason"),
        ("flag-and-tag", {"other_reason": "her story"}, "/other_reason"),
        ("flag-and-tag", {"reason": "other", "other_reason": "her\nstory"}, "/other_reason"),
        ("flag-and-tag", {"flagged_until": "unknown"}, "/flagged_until"),
        ("chair-decision", {"decision": "escalate"}, "/decision"),
        ("chair-decision", {"reason": ""}, "/reason"),
        ("chair-decision", {"concerns": [AGENCY, AGENCY]}, "/concerns"),
        ("chair-decision", {"concerns": [OFFICER]}, "/concerns/0"),
        ("chair-decision", {"concerns": [f"{AREA}/agency/a{number}" for number in range(51)]}, "/concerns"),
        ("chair-decision", {"concerns": ["everybody"]}, "/concerns/0"),
        ("chair-decision", {"until": "next week"}, "/until"),
        ("lookup", {"person": {}}, "/person"),
        ("lookup", {"person": {"name": "unknown", "other_identifiers": []}}, "/person"),
        ("lookup", {"reason": ""}, "/reason"),
        ("lookup", {"asker_role": ""}, "/asker_role"),
        ("lookup-answer", {"answer": "unknown"}, "/answer"),
        ("lookup-answer", {"text": ""}, "/text"),
        ("triage", {"outcome": "dropped"}, "/outcome"),
        ("triage", {"outcome": "more_information", "text": None}, "/text"),
        ("triage", {"outcome": "advice_given", "text": None}, "/text"),
        ("reuse-request", {"messages": []}, "/messages"),
        ("reuse-request", {"messages": [MESSAGE, MESSAGE]}, "/messages"),
        ("reuse-request", {"messages": [MESSAGE.upper()]}, "/messages/0"),
        ("reuse-request", {"messages": [MESSAGE.replace("-7d0e", "-4d0e")]}, "/messages/0"),
        ("reuse-request", {"lawful_basis": "legitimate_interests"}, "/lawful_basis"),
        ("reuse-request", {"purpose": ""}, "/purpose"),
        ("reuse-consent", {"messages": []}, "/messages"),
        ("reuse-consent", {"agreed": "unknown"}, "/agreed"),
        ("reuse-consent", {"agreed": 1}, "/agreed"),
        ("reuse-consent", {"conditions": ""}, "/conditions"),
    ],
)
def test_a_broken_rule_is_told_once_at_its_pointer(kind: str, changes: dict[str, object], pointer: str):
    assert [problem.pointer for problem in refusal(kind, changes).problems] == [pointer]


@pytest.mark.parametrize("name", ["relevant", "necessary", "proportionate"])
@pytest.mark.parametrize("said", [False, 1, 1.0, "true", "unknown", None])
def test_a_return_that_does_not_confirm_all_three_tests_is_not_sent(name: str, said: object):
    for changes in ({}, {"outcome": "nothing_known", "items": []}):
        invalid = refusal("research-return", {**changes, name: said})
        assert (invalid.pointer, "with true" in invalid.reason) == (f"/{name}", True)


def test_that_nothing_is_known_is_a_valid_return():
    assert parsed("research-return", {"outcome": "nothing_known", "items": ABSENT})


@pytest.mark.parametrize("address", [{"addresses": ["1 Nowhere Street"]}, {"aliases": ["Lex"]}, {"name": "Lex"}])
def test_any_one_identifier_is_enough_to_search_by(address: dict[str, object]):
    assert parsed("research-request", {"people/0": {"role": "other", **address}})


def test_an_accepted_triage_needs_no_words_and_a_flag_for_another_reason_has_them():
    assert parsed("triage", {"outcome": "accepted", "text": ABSENT})
    assert parsed("flag-and-tag", {"reason": "other", "other_reason": "The other area asked for it."})


def _longest_texts(schema: object) -> Iterator[int | None]:
    if isinstance(schema, dict):
        if schema.get("type") == "string" and not {"format", "enum", "const"} & schema.keys():
            yield schema.get("maxLength")
        for name, inner in schema.items():
            if name != "salt":
                yield from _longest_texts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _longest_texts(inner)


def test_a_research_request_has_no_room_for_a_story():
    assert set(_longest_texts(schema_of("research-request", "1.0", "research-request"))) == {200, 250, 500}
    with pytest.raises(DocumentInvalid):
        parsed("research-request", {"people/0/telephone": "01632 960002"})


def test_a_flag_and_tag_names_people_and_does_not_say_where_they_live():
    people = schema_of("flag-and-tag", "1.0", "flag-and-tag")["$defs"]["Named"]["properties"]
    assert list(people) == ["name", "aliases", "date_of_birth"]


def test_every_schema_has_an_id_of_its_own_that_does_not_depend_on_the_area():
    places = [
        (kind, version, document)
        for kind, versions in DOCUMENTS.items()
        for version, types in versions.items()
        for document in types
    ]
    schemas = {place: schema_of(*place) for place in places}
    assert [schema["$id"] for schema in schemas.values()] == [f"{SCHEMAS}/{'/'.join(place)}" for place in places]
    assert all(list(schema)[:2] == ["$schema", "$id"] for schema in schemas.values())
    assert schemas["referral", "1.0", "safe-contact"]["$id"] == (
        "https://marac-broker.example/schemas/referral/1.0/safe-contact"
    )


@pytest.mark.parametrize(
    "place", [("rumour", "1.0", "rumour"), ("triage", "9.0", "triage"), ("triage", "1.0", "referral")]
)
def test_what_is_no_document_has_no_schema(place: tuple[str, str, str]):
    assert schema_of(*place) is None


@pytest.mark.parametrize("kind", [*NAMES_AGENCIES, *NAMES_PARTIES])
def test_the_schema_bounds_the_list_of_those_chosen(kind: str):
    to = schema_of(kind, "1.0", kind)["properties"]["to"]
    assert (to["minItems"], to["maxItems"]) == (1, 1 if kind in {"lookup-answer", "reuse-consent"} else 50)


@given(st.sampled_from(KINDS), st.data(), json_values)
def test_random_values_in_a_further_kind_are_accepted_or_refused_there(kind: str, data: st.DataObject, value: object):
    name = data.draw(st.sampled_from(list(model_of(kind).model_fields)))
    told = refused_members(kind, {name: value})
    assert told <= {"", name} | {"outcome": {"text", "items"}, "reason": {"other_reason"}}.get(name, set())
