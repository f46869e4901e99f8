"""What protects one of two cases, while they are one and once they are two again; and what the excluded still hold."""

import pytest

from agencies.documents.person import Perpetrator, Victim
from agencies.documents.referral import HonourBased
from agencies.kit.same_person import MergedAnswer, told_of
from agencies.kit.wire import parse_answer
from agencies.names import CaseRef
from broker.addressees import MAX_STANZAS
from tests.factories import a_judgement_referral, exclusions
from tests.journeys.colleagues import session, with_colleague, with_keyed_colleagues
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal

AMINA, SAM = Victim(name="Amina Invented"), Perpetrator(name="Sam Fictional")
HEALTH = "health"


def a_case(world: World, victim: Victim = AMINA, *perpetrators: Perpetrator, **more: object) -> CaseRef:
    """Return the case of a referral that has arrived everywhere."""
    about = {"victim": victim, "perpetrators": perpetrators or (SAM,), **more}
    accepted = world.refer(a_judgement_referral().model_copy(update=about))
    world.arrived(accepted)
    return accepted[0].manifest.case


def merge(world: World, one: CaseRef, other: CaseRef) -> MergedAnswer:
    return parse_answer(world.kit(COORDINATOR).post(f"/v1/cases/{one}/merge", {"other": other}), MergedAnswer)


def split(world: World, one: CaseRef, other: CaseRef) -> None:
    world.kit(COORDINATOR).post(f"/v1/cases/{one}/split", {"other": other})


def test_what_protected_either_of_two_cases_protects_both_once_they_are_two_again(world: World) -> None:
    office, officer = world.kit(COORDINATOR), world.officer(SERVICE)
    first, second = a_case(world), a_case(world, honour_based=HonourBased(forced_marriage=True))
    office.exclude(first, [officer])
    merge(world, first, second)
    office.exclude(second, [world.party(HEALTH)])
    accepted = world.refer(a_judgement_referral(), exclusions=exclusions(people=["Her uncle"]), case=second)
    world.arrived(accepted)
    assert world.gets_nothing(SERVICE)
    split(world, first, second)
    for case in (first, second):
        shown = office.case(case)
        assert shown.closed
        assert set(shown.excluded) == {officer, world.party(HEALTH)}
        assert len(shown.unsettled) == 1
    office.exclude(second, [], settled=office.case(second).unsettled)
    assert world.gets_nothing(SERVICE), "what was written while they were one stays closed to whom either kept out"
    office.exclude(first, [], lift=[world.party(HEALTH)])
    assert set(office.case(first).excluded) == {officer}
    assert set(office.case(second).excluded) == {officer, world.party(HEALTH)}, "two cases again: each is lifted apart"


def test_lifting_takes_back_what_the_reference_itself_excludes_and_nothing_of_what_is_one_with_it(
    embedded: World,
) -> None:
    office, party = embedded.kit(COORDINATOR), embedded.party(SERVICE)
    first, second = a_case(embedded), a_case(embedded)
    office.exclude(first, [party])
    office.exclude(second, [party])
    merge(embedded, first, second)
    office.exclude(first, [], lift=[party])
    assert office.case(first).excluded == (party,), "the other referral had a reason of its own"
    assert embedded.gets_nothing(SERVICE)
    office.exclude(second, [], lift=[party])
    assert office.case(first).excluded == ()
    assert embedded.read(SERVICE, 4)


def test_lifting_that_changes_nothing_does_not_make_room_for_excluding_the_last_officer(embedded: World) -> None:
    colleague, only = with_colleague(embedded, COORDINATOR), embedded.officer(COORDINATOR)
    first, second = a_case(embedded), a_case(embedded)
    office = embedded.kit(COORDINATOR)
    office.exclude(second, [colleague])
    merge(embedded, first, second)
    act = refusal(lambda: office.exclude(first, [only], lift=[colleague]))
    assert (act.code, act.pointer) == ("exclusion-leaves-nobody", "/parties")
    assert office.case(first).excluded == (colleague,), "nothing of it was done"


def test_a_part_that_was_ended_in_one_case_is_not_brought_back_by_a_merge_nor_by_a_split(world: World) -> None:
    office, service = world.kit(COORDINATOR), world.party(SERVICE)
    first, second = a_case(world), a_case(world)
    held = world.collect(SERVICE, 4).saved
    office.relate(second, service, "ended", "no-longer-involved")
    merge(world, first, second)
    for delivery in held:
        assert refusal(lambda delivery=delivery: world.kit(SERVICE).open(delivery)).code == "not-available"
    world.arrived(world.refer(case=first))
    assert world.gets_nothing(SERVICE), "nor does a referral bring it back"
    office.relate(first, service, "involved", "correction")
    opened = [world.kit(SERVICE).open(delivery) for delivery in held]
    assert {one.manifest.case for one in opened} == {first, second}, "the coordinator does, by saying so since"
    office.relate(first, service, "ended", "no-longer-involved")
    split(world, first, second)
    for case in (first, second):
        parts = {one.party: one.relation for one in office.case(case).relations}
        assert parts[service] == "ended"


def test_who_is_excluded_and_still_holds_something_is_named_until_it_is_taken_back(world: World) -> None:
    office, service = world.kit(COORDINATOR), world.party(SERVICE)
    case, other = a_case(world), a_case(world)
    opened = world.read(SERVICE, 4)
    (message,) = [one.manifest.message for one in opened.values() if one.manifest.document == "referral"][:1]
    mine = next(one.manifest.case for one in opened.values() if one.manifest.message == message)
    assert office.case(mine).held == ()
    office.exclude(mine, [world.officer(SERVICE)])
    held = office.case(mine).held
    assert {(one.recipient, one.excluded) for one in held} == {(service, world.officer(SERVICE))}
    marked = {one.message for one in office.holdings(mine) if one.excluded}
    assert marked == {one.message for one in held}
    assert len(marked) == 2
    told = told_of(office.case(mine))
    assert (f"  message {message}" in told, "marac recall" in " ".join(told)) == (True, False), "colleagues need theirs"
    merged = merge(world, case, other)
    assert len(merged.held) == 4
    assert refusal(lambda: merge(world, case, other)).code == "merge-conflict"
    assert office.case(other).held == merged.held, "an answer that was lost can be asked for again"
    office.recall(message, [service], "wrong-recipient")
    assert {one.message for one in office.case(case).held if one.unheard} == {message}, "nobody there may hear of it"
    assert not any(f"marac recall {message}" in line for line in told_of(office.case(case)))
    with_colleague(world, SERVICE)
    assert message not in {one.message for one in office.case(case).held}
    assert len(office.case(case).held) == 3


def test_a_linked_case_that_excludes_who_looks_is_neither_named_nor_counted(world: World) -> None:
    colleague = with_colleague(world, COORDINATOR)
    office = world.kit(COORDINATOR)
    hidden = a_case(world)
    case = a_case(world, AMINA, Perpetrator(name="Lee Unreal"))
    office.exclude(hidden, [colleague])
    with session(world, COORDINATOR, colleague) as theirs:
        before = theirs.case(case)
        office.post(f"/v1/cases/{case}/links", {"other": hidden})
        assert theirs.case(case) == before
    assert world.logged(event="view", outcome="deny", officer=colleague)["case"] == hidden
    shown = office.case(case)
    assert shown.links == (hidden,)
    assert shown.repeat is not None
    assert shown.repeat.because == "another-victim-or-perpetrator"


@pytest.mark.parametrize("decided", ["different", "unsure", None])
def test_victim_and_perpetrator_of_each_other_are_not_made_one_unless_the_coordinator_said_same(
    embedded: World, decided: str | None
) -> None:
    office = embedded.kit(COORDINATOR)
    hers, his = a_case(embedded), a_case(embedded, Victim(name="Sam Fictional"), Perpetrator(name="Lee Unreal"))
    if decided is not None:
        office.post(f"/v1/cases/{hers}/sameness", {"other": his, "decision": decided})
    for pair in ((hers, his), (his, hers)):
        act = refusal(lambda pair=pair: merge(embedded, *pair))
        assert (act.code, act.pointer) == ("merge-crossed", "/other")
    assert embedded.logged(event="merge", outcome="deny")["rule"] == "merge-crossed"
    office.post(f"/v1/cases/{his}/sameness", {"other": hers, "decision": "same"})
    assert merge(embedded, hers, his).lead in {hers, his}


def test_cases_that_name_more_officers_of_an_agency_than_a_header_can_carry_are_not_made_one(embedded: World) -> None:
    office = embedded.kit(COORDINATOR)
    many = with_keyed_colleagues(embedded, SERVICE, MAX_STANZAS)
    first, second = a_case(embedded), a_case(embedded)
    office.name(first, many)
    office.name(second, [embedded.officer(SERVICE)])
    act = refusal(lambda: merge(embedded, first, second))
    assert (act.code, act.pointer) == ("officer-cannot-be-named", "/other")
    office.name(first, many[:1], remove=True)
    assert merge(embedded, first, second).lead == first


def test_nobody_in_particular_of_the_office_excludes_or_closes_where_one_of_its_officers_is_kept_out(
    embedded: World,
) -> None:
    colleague, case = with_colleague(embedded, COORDINATOR), a_case(embedded)
    with session(embedded, COORDINATOR, None) as nameless:
        nameless.exclude(case, [embedded.party(HEALTH)])
        embedded.kit(COORDINATOR).exclude(case, [colleague])
        assert refusal(lambda: nameless.exclude(case, [embedded.party(SERVICE)])).code == "not-available"
        assert refusal(lambda: nameless.close_case(case)).code == "not-available"
    embedded.kit(COORDINATOR).exclude(case, [embedded.party(SERVICE)])
    assert not embedded.kit(COORDINATOR).case(case).closed


def test_who_is_refused_for_what_they_are_is_refused_before_anything_of_a_case_is_read(embedded: World) -> None:
    case = a_case(embedded)
    assert refusal(lambda: embedded.kit(SENDER).case(case)).code == "act-not-allowed"
    assert "case" not in {name for name, said in embedded.logged(event="view", outcome="deny").items() if said}
