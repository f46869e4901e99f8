"""Every rule of need-to-know, each acting alone, and every act by every relation."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from agencies.agency import COORDINATING, PARTY_KINDS, Party
from broker.case import LawfulBasis, Related, Relation
from broker.kinds.referral import REFERRAL
from broker.need_to_know import Access, Act, Deny, Permit, Standing, basis_for, decide, decide_asker
from tests.rules import cases
from tests.rules.cases import (
    ABOUT_A_CASE,
    CASE,
    DAY,
    IDVA,
    ISA,
    LEASE,
    NOTICE,
    NOW,
    OFFICER,
    OPEN,
    PERMITTED,
    SECOND,
    Question,
    about,
    by,
    holding,
    naming,
    questions,
)

RULES = [f"N{number}" for number in range(1, 15)]
PUBLIC = {
    "N1": {"party-not-active"},
    "N2": {"isa-not-in-force"},
    "N3": {"act-not-allowed"},
    "N4": {"kind-not-allowed"},
    "N5": {"purpose-not-allowed"},
    "N6": {"officer-required", "officer-not-proved"},
    **{rule: {"not-available"} for rule in RULES[6:13]},
    "N10": {"not-available", "officer-not-proved"},
    "N14": {"not-available", "recipient-revoked"},
}


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_each_question_of_the_table_has_its_answer(question: Question) -> None:
    assert decide(question.access) == question.answer


def test_the_table_has_every_rule_with_every_public_code_it_gives() -> None:
    found: dict[str, set[str]] = {}
    for answer in (question.answer for question in questions()):
        if isinstance(answer, Deny):
            found.setdefault(answer.rule, set()).add(answer.public)
    assert found == PUBLIC


def test_the_table_permits_every_act_and_refuses_every_act() -> None:
    permitted = {question.access.act for question in questions() if isinstance(question.answer, Permit)}
    refused = {question.access.act for question in questions() if isinstance(question.answer, Deny)}
    assert permitted == refused == set(Act)


# One column a relation; `yes`, or the rule that refuses.
RELATIONS = (
    Relation.NONE, Relation.FOR_INFORMATION, Relation.ASKED, Relation.INVOLVED, Relation.ENDED, Relation.EXCLUDED,
)  # fmt: skip
BY_RELATION: Mapping[Act, str] = {
    Act.SUBMIT: " N13 N13 yes yes N13 N8",
    Act.LEASE: "  N13 N13 N13 yes N13 N8",
    Act.NOTICE: " N13 N13 N13 yes N13 N8",
    Act.OPEN: "   N13 N13 N13 yes N13 N8",
    Act.RECEIPT: "yes yes yes yes yes yes",
    Act.HEAR: "   yes yes yes yes yes yes",
    Act.STATUS: " yes yes yes yes yes N8",
    Act.RECALL: " yes yes yes yes yes N8",
    Act.RECALL_SOME: "yes yes yes yes yes N8",
    Act.EXCLUDE: "yes yes yes yes yes N8",
    Act.LIFT: "   yes yes yes yes yes N8",
    Act.SETTLE: " yes yes yes yes yes N8",
    Act.RELATE: " yes yes yes yes yes N8",
    Act.CLOSE: "  yes yes yes yes yes N8",
    Act.NAME: "   yes yes yes yes yes N8",
    Act.VIEW: "   yes yes yes yes yes N8",
    Act.SHARE: "  yes yes yes yes yes N8",
    Act.RECEIVE: "N13 N13 N13 yes N13 N8",
    Act.PROPOSALS: "yes yes yes yes yes N8",
    Act.SAMENESS: " yes yes yes yes yes N8",
    Act.LINK: "     yes yes yes yes yes N8",
    Act.MERGE: "    yes yes yes yes yes N8",
    Act.SPLIT: "    yes yes yes yes yes N8",
    Act.STEWARD: "yes yes yes yes yes yes",
    Act.REVOKE: " yes yes yes yes yes yes",
    Act.SURVEY: " yes yes yes yes yes yes",
    Act.AUDIT: "  yes yes yes yes yes yes",
    Act.NOTICE_ADDRESS: "yes yes yes yes yes yes",
    Act.UNCOLLECTED: "yes yes yes yes yes yes",
}
BY_LEAST: Mapping[Relation, str] = {
    Relation.FOR_INFORMATION: "N13 yes yes yes N13 N8",
    Relation.ASKED: "          N13 N13 yes yes N13 N8",
    Relation.INVOLVED: "       N13 N13 N13 yes N13 N8",
    Relation.NONE: "           N13 N13 N13 N13 N13 N8",  # no relation at all is asked for by no kind: refused
    Relation.ENDED: "          N13 N13 N13 N13 N13 N8",
    Relation.EXCLUDED: "       N13 N13 N13 N13 N13 N8",
}


def is_office(question: Question) -> bool:
    return question.access.asker.party.kind in COORDINATING


def answered(access: Access) -> str:
    decision = decide(access)
    return "yes" if isinstance(decision, Permit) else decision.rule


def test_the_matrices_cover_every_act_and_every_relation() -> None:
    assert set(BY_RELATION) == set(Act)
    assert set(BY_LEAST) == set(RELATIONS) == set(Relation)


@pytest.mark.parametrize("access", PERMITTED, ids=lambda access: access.act)
def test_each_act_by_each_relation(access: Access) -> None:
    asked = [about(access, holding(relation, access.asker.party)) for relation in RELATIONS]
    assert [answered(one) for one in asked] == BY_RELATION[access.act].split()


@pytest.mark.parametrize("least", Relation)
@pytest.mark.parametrize("access", [LEASE, NOTICE, OPEN], ids=["lease", "notice", "open"])
def test_each_least_relation_of_a_document_by_each_relation(access: Access, least: Relation) -> None:
    asked = [replace(access, least=least, case=holding(relation, IDVA)) for relation in RELATIONS]
    assert [answered(one) for one in asked] == BY_LEAST[least].split()


@pytest.mark.parametrize("least", Relation)
def test_each_least_relation_of_a_sender_by_each_relation(least: Relation) -> None:
    submit = next(access for access in PERMITTED if access.act is Act.SUBMIT)
    assert submit.kind is not None
    kind = replace(submit.kind, least_sender=least)
    asked = [replace(submit, kind=kind, case=holding(relation, submit.asker.party)) for relation in RELATIONS]
    assert [answered(one) for one in asked] == BY_LEAST[least].split()


def test_the_rules_are_asked_in_their_order() -> None:
    # A question that breaks every rule that opening can break, mended one fact at a time.
    bad_case = replace(
        holding(Relation.NONE, IDVA),
        excluded=frozenset({IDVA.id, OFFICER}),
        closed=True,
        unsettled=cases.WAITING.unsettled,
    )
    worst = replace(OPEN, withdrawn=True, key_revoked=True, standing=Standing.NONE, case=None, superseded_key=True)
    worst = naming(by(worst, replace(IDVA, isa=replace(ISA, until=NOW, purposes=()))), None)
    steps = [worst]

    def mend(access: Access) -> None:
        steps.append(access)

    mend(replace(steps[-1], superseded_key=False))
    mend(by(steps[-1], replace(IDVA, isa=replace(ISA, purposes=()))))
    mend(by(steps[-1], IDVA))
    mend(naming(steps[-1], OFFICER, proved=True))
    mend(about(steps[-1], bad_case))
    mend(about(steps[-1], replace(bad_case, excluded=frozenset({OFFICER}))))
    mend(about(steps[-1], replace(bad_case, excluded=frozenset())))
    mend(about(steps[-1], replace(bad_case, excluded=frozenset(), closed=False)))
    mend(about(steps[-1], holding(Relation.NONE, IDVA)))
    mend(replace(steps[-1], standing=Standing.RECIPIENT))
    mend(about(steps[-1], CASE))
    mend(replace(steps[-1], withdrawn=False))
    mend(replace(steps[-1], key_revoked=False))
    in_order = [rule for rule in RULES if rule not in {"N3", "N4"}]
    assert [answered(step) for step in steps] == [*in_order, "N14", "yes"]


@pytest.mark.parametrize("access", ABOUT_A_CASE, ids=lambda access: access.act)
def test_what_may_not_be_known_of_a_case_is_answered_as_if_there_were_none(access: Access) -> None:
    no_such_case = decide(replace(access, case=None, standing=Standing.NONE))
    assert isinstance(no_such_case, Deny)
    asked = [question for question in questions() if question.access.act is access.act]
    # An office may look at every case: that one is closed is no news to it.
    refusals = [one.answer for one in asked if one.answer != Deny("N10", "officer-not-proved") or not is_office(one)]
    about_the_case = [one for one in refusals if isinstance(one, Deny) and one.rule in RULES[6:13]]
    assert about_the_case
    assert {one.public for one in about_the_case} == {no_such_case.public}


def test_a_revoked_key_is_told_only_to_a_recipient_whom_all_else_permits() -> None:
    revoked = replace(OPEN, key_revoked=True)
    for question in questions():
        if question.access.act is Act.OPEN and isinstance(question.answer, Deny):
            answer = decide(replace(question.access, key_revoked=True))
            assert isinstance(answer, Deny)
            assert answer == question.answer
    assert decide(revoked) == Deny("N14", "recipient-revoked")
    assert isinstance(decide(replace(revoked, key_revoked=False)), Permit)


def test_the_rules_about_the_asker_never_look_at_case_or_message() -> None:
    for question in questions():
        access = question.access
        blind = replace(access, case=None, standing=Standing.NONE, withdrawn=False, key_revoked=False)
        assert decide_asker(blind) == decide_asker(access)


def test_whoever_may_not_send_a_referral_is_refused_by_n4() -> None:
    refused = {
        kind for kind in PARTY_KINDS if kind != "officer" and answered(by(cases.OPENING, _of_kind(kind))) == "N4"
    }
    assert refused == {"cafcass", "compliance", "chair"}
    assert set(PARTY_KINDS) >= REFERRAL.senders


def _of_kind(kind: str) -> Party:
    return replace(IDVA, kind=kind)


def test_only_competent_authorities_rest_on_part_3() -> None:
    competent = {kind for kind in PARTY_KINDS if basis_for(kind) is LawfulBasis.PART3_LAW_ENFORCEMENT}
    assert competent == {"police", "mash", "probation"}
    assert basis_for("a kind nobody knows") is LawfulBasis.UK_GDPR_PUBLIC_TASK


def test_a_permit_is_logged_with_its_relation_and_basis() -> None:
    decision = decide(LEASE)
    assert isinstance(decision, Permit)
    assert decision.rule == "involved/uk_gdpr:6(1)(e),9(2)(g),sch1.18"


@pytest.mark.parametrize(
    ("since", "until", "at", "relation"),
    [
        (NOW, None, NOW - DAY, Relation.NONE),
        (NOW, None, NOW, Relation.INVOLVED),
        (NOW - DAY, NOW, NOW - SECOND, Relation.INVOLVED),
        (NOW - DAY, NOW, NOW, Relation.ENDED),
        (NOW - DAY, NOW, NOW + DAY, Relation.ENDED),
    ],
)
def test_a_relation_holds_from_its_first_instant_until_just_before_its_end(
    since: datetime, until: datetime | None, at: datetime, relation: Relation
) -> None:
    held = Related(IDVA.id, Relation.INVOLVED, cases.PUBLIC_TASK, "by-role", since, until)
    assert held.at(at) is relation


def test_an_exclusion_never_runs_out() -> None:
    held = Related(IDVA.id, Relation.EXCLUDED, cases.PUBLIC_TASK, "conflict", NOW - DAY, NOW - DAY / 2)
    assert held.at(NOW) is Relation.EXCLUDED


def test_a_party_without_relation_has_no_basis_on_the_case() -> None:
    assert CASE.part(cases.POLICE.id, NOW)[1] is None
    assert CASE.part(IDVA.id, NOW)[1] is cases.PUBLIC_TASK
