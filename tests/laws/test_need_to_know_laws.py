"""Laws of need-to-know: taking something away never turns a refusal into a permit, and refusals tell nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from agencies.names import OfficerId, PartyId
from broker.case import Case, LawfulBasis, Related, Relation
from broker.need_to_know import (
    COORDINATING,
    NOT_AVAILABLE,
    Access,
    Act,
    Corrected,
    Deny,
    Permit,
    Standing,
    decide,
    decide_asker,
)
from tests.laws.strategies import accesses, accesses_to_a_case, accesses_with_case, instants, participants
from tests.rules.cases import NOW, OFFICER, OTHER_OFFICER, PERMITTED, WAITING

BY_AGENCIES = [
    access for access in PERMITTED if access.asker.party.kind not in COORDINATING and access.act is not Act.REVOKE
]


def never_more_than(before: Access, after: Access) -> None:
    """Whoever was refused is refused still."""
    event(type(decide(before)).__name__)
    if isinstance(decide(before), Deny):
        assert isinstance(decide(after), Deny)


def case_of(access: Access) -> Case:
    assert access.case is not None
    return access.case


@given(accesses_with_case, participants)
def test_adding_an_exclusion_never_permits(access: Access, excluded: PartyId | OfficerId) -> None:
    case = case_of(access)
    never_more_than(access, replace(access, case=replace(case, excluded=case.excluded | {excluded})))


@given(accesses_with_case)
def test_excluding_the_asker_refuses_all_but_the_receipt_for_what_it_holds(access: Access) -> None:
    case = case_of(access)
    excluded = replace(access, case=replace(case, excluded=case.excluded | {access.asker.party.id}))
    no_case = {Act.STEWARD, Act.REVOKE, Act.SURVEY, Act.AUDIT, Act.NOTICE_ADDRESS, Act.UNCOLLECTED}
    if access.act not in {Act.RECEIPT, Act.HEAR, *no_case}:
        assert isinstance(decide(excluded), Deny)


@given(accesses_with_case, instants)
def test_ending_a_relation_never_permits(access: Access, until: datetime) -> None:
    case, party = case_of(access), access.asker.party.id
    held = case.related.get(party, Related(party, Relation.NONE, LawfulBasis.UK_GDPR_PUBLIC_TASK, "none", NOW))
    earlier = until if held.until is None else min(until, held.until)
    related = {**case.related, party: replace(held, until=earlier)}
    never_more_than(access, replace(access, case=replace(case, related=related)))


@given(accesses_with_case)
def test_taking_a_relation_away_never_permits(access: Access) -> None:
    case = case_of(access)
    # Less the asker's own relation; an exclusion is none that can be taken away: it stays.
    left = {
        party: held
        for party, held in case.related.items()
        if party != access.asker.party.id or held.relation is Relation.EXCLUDED
    }
    never_more_than(access, replace(access, case=replace(case, related=left)))


@given(accesses_with_case)
def test_taking_flags_away_never_permits(access: Access) -> None:
    never_more_than(access, replace(access, case=replace(case_of(access), flags={})))


@given(accesses)
def test_revoking_a_key_never_permits(access: Access) -> None:
    never_more_than(access, replace(access, superseded_key=True))
    never_more_than(access, replace(access, key_revoked=True))
    never_more_than(access, replace(access, opens_otherwise=False))
    never_more_than(access, replace(access, signed_anew=False))
    assert isinstance(decide(replace(access, superseded_key=True)), Deny)


@given(accesses_with_case)
def test_closing_a_case_never_permits(access: Access) -> None:
    never_more_than(access, replace(access, case=replace(case_of(access), closed=True)))


@given(accesses_with_case, st.sampled_from([OFFICER, OTHER_OFFICER]))
def test_no_longer_naming_an_officer_or_revoking_what_a_header_is_for_never_permits(
    access: Access, officer: OfficerId
) -> None:
    case = case_of(access)
    never_more_than(access, replace(access, case=replace(case, named=case.named - {officer})))
    never_more_than(access, replace(access, for_named=False))
    never_more_than(access, replace(access, holders=(access.holders or frozenset()) - {officer}))


@given(accesses_with_case)
def test_what_is_released_of_a_closed_case_elsewhere_is_for_named_officers_and_opened_by_one_who_signed(
    access: Access,
) -> None:
    case = case_of(access)
    closed = replace(access, case=replace(case, closed=True))
    if isinstance(decide(closed), Permit) and closed.act in {Act.LEASE, Act.NOTICE, Act.OPEN}:
        if closed.asker.party.kind != "coordinator":
            assert closed.for_named
            assert closed.act is not Act.OPEN or closed.asker.officer in case.named
        assert closed.act is not Act.OPEN or closed.asker.proved


@given(accesses_with_case)
def test_excluding_people_in_words_never_permits(access: Access) -> None:
    never_more_than(access, replace(access, case=replace(case_of(access), unsettled=WAITING.unsettled)))


@given(accesses)
def test_withdrawing_demanding_proof_or_losing_a_standing_never_permits(access: Access) -> None:
    never_more_than(access, replace(access, withdrawn=True))
    never_more_than(access, replace(access, demand_proved=True))
    never_more_than(access, replace(access, standing=Standing.NONE))
    never_more_than(access, replace(access, corrected=Corrected.MISSING))


@given(accesses)
def test_suspending_a_party_or_letting_its_agreement_lapse_never_permits(access: Access) -> None:
    party = access.asker.party
    for less in (
        replace(party, status="suspended"),
        replace(party, until=NOW),
        replace(party, isa=None),
        party if party.isa is None else replace(party, isa=replace(party.isa, until=NOW)),
        party if party.isa is None else replace(party, isa=replace(party.isa, purposes=())),
    ):
        never_more_than(access, replace(access, asker=replace(access.asker, party=less)))


@given(accesses)
def test_destroying_a_case_never_permits(access: Access) -> None:
    never_more_than(access, replace(access, case=None, opens_case=False))


@given(accesses)
def test_a_permit_always_names_relation_and_basis(access: Access) -> None:
    decision = decide(access)
    if isinstance(decision, Permit):
        assert isinstance(decision.relation, Relation)
        assert isinstance(decision.basis, LawfulBasis)
        assert decision.rule == f"{decision.relation}/{decision.basis}"
        if access.case is not None:
            assert decision.relation is access.case.relation(access.asker.party.id, access.asker.at)


@given(accesses)
def test_a_release_rests_on_a_relation_that_grants_it(access: Access) -> None:
    decision = decide(access)
    if isinstance(decision, Permit) and access.act in {Act.LEASE, Act.NOTICE, Act.OPEN}:
        assert decision.relation.at_least(access.least)
        assert access.standing is Standing.RECIPIENT


@given(accesses_to_a_case)
def test_what_depends_on_a_case_is_refused_as_if_there_were_none(access: Access) -> None:
    decision = decide(access)
    assert decide_asker(access) is None
    event(decision.rule if isinstance(decision, Deny) else "permit")
    if isinstance(decision, Deny) and decision.public == NOT_AVAILABLE:
        nothing = decide(replace(access, case=None, standing=Standing.NONE))
        assert isinstance(nothing, Deny)
        assert nothing.public == decision.public
    elif decision == Deny("N10", "officer-not-proved"):  # told only to the offices, who may look at every case
        assert access.asker.party.kind in COORDINATING
    elif isinstance(decision, Deny):  # told only to the recipient, of its own key, where all else permits
        assert decision == Deny("N14", "recipient-revoked")
        assert isinstance(decide(replace(access, key_revoked=False)), Permit)


@given(accesses)
def test_what_is_said_of_the_asker_does_not_depend_on_any_case(access: Access) -> None:
    blind = replace(
        access, case=None, standing=Standing.NONE, least=Relation.INVOLVED, withdrawn=False, key_revoked=False
    )
    assert decide_asker(blind) == decide_asker(access)


@given(accesses)
def test_the_same_question_has_the_same_answer(access: Access) -> None:
    assert decide(access) == decide(replace(access))


@given(st.sampled_from(BY_AGENCIES), st.timedeltas(timedelta(days=366), timedelta(days=3660)))
def test_nothing_but_a_revocation_is_permitted_to_an_agency_once_its_agreement_is_over(
    access: Access, later: timedelta
) -> None:
    assert isinstance(decide(replace(access, asker=replace(access.asker, at=NOW + later))), Deny)
