"""What a referral must say, what it may leave unknown, and when it reaches the threshold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.documents.document import parse_content
from agencies.documents.exclusions import Exclusions
from agencies.documents.grounds import DaraHigh, MaracRepeat, ProfessionalJudgement, VisibleHighRisk
from agencies.documents.instruments import DASH_24_SUBJECTS, DASH_27_SUBJECTS, Dara, subject_of
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.person import Person, Victim
from agencies.documents.referral import HonourBased, Referral, SergeantAgreement, meets_threshold
from agencies.documents.safe_contact import SafeContact
from tests.factories import (
    AREA,
    a_dara,
    a_dara_referral,
    a_dash,
    a_judgement_referral,
    a_police_dash,
    a_referral,
    a_referrer,
    a_repeat_referral,
    an_escalation_referral,
    every_sort_of_referral,
    exclusions,
    the_least_referral,
)
from tests.strategies import referrals


def content_of(referral: Referral) -> dict:
    return referral.model_dump(mode="json")


def refusal(content: dict) -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as caught:
        parse_content(Referral, json.dumps(content))
    return caught.value


def pointer_of(content: dict) -> str:
    return refusal(content).pointer


@pytest.mark.parametrize("member", ["referrer", "victim", "grounds", "instruments"])
def test_who_refers_a_victim_a_ground_and_an_instrument_are_required(member: str):
    content = content_of(a_referral())
    del content[member]
    assert (refusal(content).pointer, refusal(content).reason) == (f"/{member}", "this is required")


@pytest.mark.parametrize("member", ["source", "agency", "contact"])
def test_who_refers_is_an_agency_of_some_sort_and_a_contact(member: str):
    content = content_of(a_referral())
    del content["referrer"][member]
    assert pointer_of(content) == f"/referrer/{member}"


@pytest.mark.parametrize("member", ["grounds", "instruments"])
def test_an_empty_list_of_grounds_or_instruments_is_refused(member: str):
    assert pointer_of(content_of(a_referral()) | {member: []}) == f"/{member}"


@pytest.mark.parametrize(
    "identifier",
    [
        {"name": "Alex Invented"},
        {"aliases": ["Lex"]},
        {"date_of_birth": "1990-04-01"},
        {"address": "1 Nowhere Street"},
        {"telephone": "01632 960002"},
        {"other_identifiers": ["hospital number 000"]},
    ],
    ids=lambda identifier: next(iter(identifier)),
)
def test_any_one_identifier_of_the_victim_is_enough(identifier: dict):
    parse_content(Referral, json.dumps(content_of(a_referral()) | {"victim": identifier}))


@pytest.mark.parametrize("victim", [{}, {"name": "unknown"}, {"gender": "female", "pregnant": True, "aliases": []}])
def test_a_victim_without_any_identifier_is_refused(victim: dict):
    assert pointer_of(content_of(a_referral()) | {"victim": victim}) == "/victim"


def test_everything_not_required_may_be_left_out_and_is_flagged():
    referral = the_least_referral()
    content = content_of(referral)
    required = {name: content[name] for name in ("referrer", "victim", "grounds", "instruments")}
    assert parse_content(Referral, json.dumps(required)) == referral
    flagged = referral.incomplete_fields()
    assert {
        "/victim/name",
        "/identified_on",
        "/children",
        "/consent",
        "/wishes",
        "/honour_based/forced_marriage",
    } < set(flagged)
    assert {"/perpetrators", "/reason_without_consent"} < set(flagged)
    assert len(flagged) == len(set(flagged))


@pytest.mark.parametrize("model", [Person, Victim], ids=lambda model: model.__name__)
def test_every_personal_field_may_be_unknown(model: type[Person]):
    lists = {"aliases", "other_identifiers", "disability_detail"}
    unknown = {name: "unknown" for name in model.model_fields if name not in lists}
    assert Victim.model_validate_json(json.dumps(unknown | {"aliases": ["Lex"]}))


@given(referrals)
def test_every_flag_points_at_something_unknown_or_missing(referral: Referral):
    content = content_of(referral)
    for pointer in referral.incomplete_fields():
        found = content
        for step in pointer.split("/")[1:]:
            found = found[int(step)] if isinstance(found, list) else found[step]
        assert found in ("unknown", None, [])


def test_no_children_is_an_answer_and_unknown_children_are_flagged():
    assert "/children" not in a_referral(children=()).incomplete_fields()
    assert "/children" in a_referral(children="unknown").incomplete_fields()


@pytest.mark.parametrize(
    ("referral", "pointer"),
    [
        (a_referral(urgent=True), "/urgent_reason"),
        (a_referral(victim_aware=False), "/victim_unaware_reason"),
        (a_referral(consent=False), "/reason_without_consent"),
        (a_referral(consent="unknown"), "/reason_without_consent"),
        (a_referral(perpetrators=()), "/perpetrators"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_reason_that_another_answer_asks_for_is_flagged_and_never_refused(referral: Referral, pointer: str):
    assert pointer in referral.incomplete_fields()
    assert pointer not in a_referral().incomplete_fields()
    assert parse_content(Referral, json.dumps(content_of(referral))) == referral


def test_a_reason_that_is_given_is_not_flagged():
    given_reasons = a_referral(
        urgent=True,
        urgent_reason="She leaves tomorrow.",
        victim_aware=False,
        victim_unaware_reason="Her telephone is watched.",
        consent=False,
        reason_without_consent="High risk.",
    )
    assert not {"/urgent_reason", "/victim_unaware_reason", "/reason_without_consent"} & set(
        given_reasons.incomplete_fields()
    )


@pytest.mark.parametrize("ticks", [14, 17])
def test_visible_high_risk_reaches_the_areas_own_number_of_ticks(ticks: int):
    assert meets_threshold(a_referral(instruments=(a_dash(ticks),)), ticks)
    assert not meets_threshold(a_referral(instruments=(a_dash(ticks - 1),)), ticks)


@pytest.mark.parametrize(
    "referral", [a_judgement_referral(0), a_dara_referral(), an_escalation_referral(), a_repeat_referral()]
)
def test_every_other_ground_is_enough_below_the_threshold(referral: Referral):
    assert meets_threshold(referral, 24)


def test_judgement_beside_too_few_ticks_is_enough():
    grounds = (VisibleHighRisk(), ProfessionalJudgement(reasons="She has gone silent."))
    assert meets_threshold(a_referral(grounds=grounds, instruments=(a_dash(3),)), 17)


@given(st.integers(0, 24), st.integers(0, 24))
def test_more_ticks_never_miss_a_threshold_that_fewer_reached(fewer: int, threshold: int):
    if meets_threshold(a_referral(instruments=(a_dash(fewer),)), threshold):
        assert meets_threshold(a_referral(instruments=(a_dash(24),)), threshold)


def test_ticks_are_counted_from_the_answers_and_the_highest_checklist_counts():
    assert a_police_dash(27).visible_high_risk_ticks == 27
    assert a_referral(instruments=(a_dash(3), a_police_dash(9))).visible_high_risk_ticks == 9
    assert a_dara_referral().visible_high_risk_ticks == 0


def test_a_bare_score_is_refused():
    content = content_of(a_referral())
    content["instruments"][0]["visible_high_risk_ticks"] = 24
    assert pointer_of(content) == "/instruments/0"


@pytest.mark.parametrize("count", [0, 23, 25])
def test_a_dash_with_a_question_missing_or_too_many_is_refused(count: int):
    content = content_of(a_referral())
    content["instruments"][0]["answers"] = [{"number": n, "answer": "no"} for n in range(1, count + 1)]
    assert pointer_of(content) == "/instruments/0/answers"


@pytest.mark.parametrize(
    ("referral", "count"), [(a_referral(), 24), (an_escalation_referral(), 27), (a_dara_referral(), 18)]
)
def test_answers_are_numbered_once_each_in_order(referral: Referral, count: int):
    content = content_of(referral)
    answers = content["instruments"][0]["answers"]
    assert len(answers) == count
    answers[1]["number"] = 1
    assert pointer_of(content) == "/instruments/0/answers"


def test_an_instrument_names_its_version():
    content = content_of(a_referral())
    del content["instruments"][0]["version"]
    assert pointer_of(content) == "/instruments/0/version"


@pytest.mark.parametrize("instrument", ["something_else", None, 7])
def test_an_instrument_we_do_not_know_is_refused(instrument: object):
    content = content_of(a_referral())
    content["instruments"][0]["instrument"] = instrument
    assert pointer_of(content) == "/instruments/0"


@pytest.mark.parametrize("answer", ["never", "occasionally", "often", "all_the_time", "yes", "no", "dont_know"])
def test_dara_has_a_scale_of_its_own(answer: str):
    content = content_of(a_dara_referral())
    content["instruments"][0]["answers"][0]["answer"] = answer
    parse_content(Referral, json.dumps(content))


def test_dash_does_not_take_daras_scale():
    content = content_of(a_referral())
    content["instruments"][0]["answers"][0]["answer"] = "often"
    assert pointer_of(content) == "/instruments/0/answers/0/answer"


def test_dara_from_any_agency_but_the_police_is_refused():
    content = content_of(a_dara_referral())
    content["referrer"]["source"] = "housing"
    assert pointer_of(content) == "/instruments"


def test_dara_high_needs_a_dara_assessed_as_high():
    for instruments in ((a_dash(),), (a_dara("medium"),)):
        content = content_of(a_dara_referral())
        content["instruments"] = [instrument.model_dump(mode="json") for instrument in instruments]
        assert pointer_of(content) == "/grounds"


def test_visible_high_risk_needs_a_dash():
    content = content_of(a_dara_referral()) | {"grounds": [VisibleHighRisk().model_dump()]}
    assert pointer_of(content) == "/grounds"


def test_a_ground_is_given_once():
    content = content_of(a_referral()) | {"grounds": [{"ground": "visible_high_risk"}] * 2}
    assert pointer_of(content) == "/grounds"


@pytest.mark.parametrize("reasons", [{}, {"reasons": ""}, {"reasons": " \n "}])
def test_professional_judgement_has_its_reasons_written_down(reasons: dict):
    content = content_of(a_referral()) | {"grounds": [{"ground": "professional_judgement", **reasons}]}
    assert pointer_of(content) == "/grounds/0/reasons"


def test_disagreement_and_the_manager_are_recorded_with_the_judgement():
    judgement = ProfessionalJudgement(reasons="r", manager_consulted=True, manager="Jo", disagreement="Jo disagrees.")
    referral = a_referral(grounds=(judgement,))
    assert parse_content(Referral, json.dumps(content_of(referral))).grounds == (judgement,)


@pytest.mark.parametrize("source", ["police", "mash"])
def test_a_police_referral_on_repeat_or_judgement_is_flagged_without_the_sergeants_agreement(source: str):
    for ground in (MaracRepeat(), ProfessionalJudgement(reasons="r")):
        referral = a_referral(referrer=a_referrer(source), grounds=(ground,))
        assert "/sergeant_agreement" in referral.incomplete_fields()


def test_the_sergeants_agreement_once_stated_is_not_flagged():
    agreement = SergeantAgreement(agrees=True, sergeant="DS Pretend")
    referral = a_referral(referrer=a_referrer("police"), grounds=(MaracRepeat(),), sergeant_agreement=agreement)
    assert "/sergeant_agreement" not in referral.incomplete_fields()


def test_the_sergeant_is_not_asked_for_on_a_high_dara_or_from_another_agency():
    with_dara = a_referral(referrer=a_referrer("police"), grounds=(DaraHigh(), MaracRepeat()), instruments=(a_dara(),))
    for referral in (with_dara, a_repeat_referral()):
        assert "/sergeant_agreement" not in referral.incomplete_fields()


def test_any_known_form_of_honour_based_abuse_closes_the_case():
    for form in ("honour_based_abuse", "forced_marriage", "female_genital_mutilation"):
        assert a_referral(honour_based=HonourBased(**{form: True})).is_honour_based
        assert not a_referral(honour_based=HonourBased(**{form: False})).is_honour_based
    assert not any(referral.is_honour_based for referral in every_sort_of_referral())


def test_several_perpetrators_are_one_referral():
    perpetrators = a_referral().perpetrators * 3
    assert a_referral(perpetrators=perpetrators).perpetrators == perpetrators


def test_the_subjects_are_24_and_27_and_the_police_ones_add_three_about_children():
    assert (len(DASH_24_SUBJECTS), len(DASH_27_SUBJECTS)) == (24, 27)
    assert [subject for subject in DASH_27_SUBJECTS if subject not in DASH_24_SUBJECTS] == [
        "stepchildren or dependants",
        "hurt children",
        "threats to kill children",
    ]
    assert subject_of("safelives_dash_24", 15) == "strangling or choking"
    assert subject_of("police_dash_27", 27) == subject_of("safelives_dash_24", 24) == "police trouble"
    assert subject_of("dara", 1) is None
    assert subject_of("safelives_dash_24", 25) is None


def test_dara_versions_may_ask_more_or_less():
    answers = a_dara().answers[:5]
    assert Dara(version="x", answers=answers, assessed_risk="high").answers == answers


def test_exclusions_give_ids_for_rules_and_say_when_a_person_must_act():
    excluded = exclusions(agencies=["housing"], officers=["7f3k2m9q"])
    assert excluded.agency_ids == {f"{AREA}/agency/housing"}
    assert excluded.officer_ids == {f"{AREA}/officer/7f3k2m9q"}
    assert not excluded.has_free_text
    assert exclusions(people=["his cousin"]).has_free_text
    assert not Exclusions().has_free_text


@pytest.mark.parametrize(
    "agency",
    ["housing", f"{AREA}/officer/7f3k2m9q", f"{AREA}/agency/Housing", f"{AREA}/agency/housing\n", "", "unknown"],
)
def test_an_exclusion_that_could_never_match_the_register_is_refused(agency: str):
    with pytest.raises(DocumentInvalid) as caught:
        parse_content(Exclusions, json.dumps({"agencies": [{"agency": agency}]}))
    assert caught.value.pointer == "/agencies/0/agency"


@pytest.mark.parametrize("officer", ["7f3k2m9q", f"{AREA}/officer/7f3k2m9", f"{AREA}/officer/7f3k2m9i"])
def test_an_officers_exclusion_is_an_id_from_the_register(officer: str):
    with pytest.raises(DocumentInvalid) as caught:
        parse_content(Exclusions, json.dumps({"officers": [{"officer": officer}]}))
    assert caught.value.pointer == "/officers/0/officer"


def test_a_safe_contact_that_says_nothing_is_valid_and_all_flagged():
    assert SafeContact().incomplete_fields() == [
        f"/{name}" for name in SafeContact.model_fields if name != "correction"
    ]
