"""Same person? Tokens propose, the coordinator decides, and two cases that are one are one in everything."""

from datetime import date, timedelta

import pytest

from agencies.documents.person import Perpetrator, Victim
from agencies.documents.referral import Referral
from agencies.kit.client import Kit
from agencies.kit.comparing import NothingOpened, newest_referral, side_by_side
from agencies.kit.same_person import MergedAnswer, ProposalsAnswer, SplitAnswer, to_relate
from agencies.kit.wire import Problem, parse_answer
from agencies.names import CaseRef, DeliveryId, draw_case_ref
from broker.case import Relation
from gateway.made_up import PREFIX
from tests.factories import a_judgement_referral
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal

BORN, DAY = date(1990, 4, 1), timedelta(days=1)
AMINA = Victim(name="Amina Invented", date_of_birth=BORN)
SAM = Perpetrator(name="Sam Fictional", date_of_birth=date(1988, 3, 2))


def a_referral_of(victim: Victim, *perpetrators: Perpetrator, **more: bool) -> Referral:
    return a_judgement_referral().model_copy(update={"victim": victim, "perpetrators": perpetrators, **more})


def a_case_of(world: World, victim: Victim, *perpetrators: Perpetrator, by: str = SENDER, **more: bool) -> CaseRef:
    return world.refer(a_referral_of(victim, *perpetrators, **more), by=by)[0].manifest.case


def proposed(world: World, case: CaseRef) -> dict[str, set[str]]:
    kit = world.kit(COORDINATOR)
    found = kit.gateway.get(f"/v1/cases/{case}/proposals", ProposalsAnswer, kit.fields())
    return {one.case: set(one.roles) for one in found.proposals}


def act(world: World, what: str, case: CaseRef, other: CaseRef, by: str = COORDINATOR, **more: str) -> bytes:
    return world.kit(by).post(f"/v1/cases/{case}/{what}", {"other": other, **more})


def merged(world: World, case: CaseRef, other: CaseRef) -> MergedAnswer:
    return parse_answer(act(world, "merge", case, other), MergedAnswer)


def test_the_same_victim_and_any_same_perpetrator_are_proposed_role_by_role(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    again = a_case_of(world, AMINA, Perpetrator(name="Lee Unreal"), SAM)
    other_man = a_case_of(world, AMINA, Perpetrator(name="Jo Imaginary"))
    only_the_man = a_case_of(world, Victim(name="Kim Notreal", date_of_birth=date(1979, 1, 2)), SAM)
    crossed = a_case_of(world, Victim(name="Sam Fictional", date_of_birth=SAM.date_of_birth))
    assert proposed(world, first) == {again: {"victim", "perpetrator"}, other_man: {"victim"}, crossed: {"crossed"}}
    assert proposed(world, crossed) == {case: {"crossed"} for case in (first, again, only_the_man)}
    assert proposed(world, only_the_man) == {crossed: {"crossed"}}
    shown = world.logged(event="proposals", case=again)
    assert shown["outcome"] == "permit"


def test_a_misspelt_word_of_the_name_with_the_birth_date_is_found_and_without_it_is_not(embedded: World) -> None:
    first = a_case_of(embedded, AMINA)
    misspelt = a_case_of(embedded, Victim(name="Ameena Invented", date_of_birth=BORN))
    undated = a_case_of(embedded, Victim(name="Ameena Invented"))
    assert proposed(embedded, first) == {misspelt: {"victim"}}
    assert proposed(embedded, undated) == {misspelt: {"victim"}}


@pytest.mark.parametrize("name", ["unknown", "unknown male", "Not known", "Male"])
def test_who_is_unknown_leaves_no_token_and_matches_nobody(embedded: World, name: str) -> None:
    victim = Victim(other_identifiers=("the woman at the blue door",), address="no fixed abode")
    for _ in range(2):
        case = a_case_of(embedded, victim, Perpetrator(name=name, address="no fixed abode"))
    assert proposed(embedded, case) == {}


def test_two_people_of_the_same_name_and_birth_date_are_told_apart_once_and_for_all(world: World) -> None:
    one, other = a_case_of(world, AMINA, SAM), a_case_of(world, AMINA)
    act(world, "sameness", one, other, decision="unsure")
    assert set(proposed(world, one)) == {other}, "unsure is proposed again"
    act(world, "sameness", other, one, decision="different")
    assert proposed(world, one) == proposed(world, other) == {}
    assert world.logged(event="sameness", case=other)["outcome"] == "permit"
    third = a_case_of(world, AMINA)
    assert set(proposed(world, one)) == {third}, "it says nothing of a third"


def test_a_case_that_excludes_the_coordinator_is_not_proposed_to_them(embedded: World) -> None:
    one, other = a_case_of(embedded, AMINA), a_case_of(embedded, AMINA)
    officer = embedded.officer(COORDINATOR)

    async def keep_out(uow: object) -> None:
        await uow.cases.exclude(other, [officer])  # type: ignore[attr-defined]

    embedded.change(keep_out)
    assert proposed(embedded, one) == {}
    for what in ("sameness", "links", "merge", "split"):
        more = {"decision": "same"} if what == "sameness" else {}
        problems = [
            refusal(lambda pair=pair, what=what, more=more: act(embedded, what, *pair, **more)).code
            for pair in ((one, other), (other, one), (one, draw_case_ref(PREFIX)), (one, CaseRef("nonsense")))
        ]
        assert problems == ["not-available"] * 4


def test_nobody_but_the_office_compares_cases(embedded: World) -> None:
    one, other = a_case_of(embedded, AMINA), a_case_of(embedded, AMINA)
    for what in ("links", "merge", "split"):
        assert refusal(lambda what=what: act(embedded, what, one, other, by=SERVICE)).code == "act-not-allowed"


def test_linked_cases_are_named_to_the_office_and_stay_two(world: World) -> None:
    one = a_case_of(world, AMINA, SAM)
    world.move(DAY)
    other = a_case_of(world, AMINA)
    act(world, "links", one, other)
    act(world, "links", other, one)
    shown = world.kit(COORDINATOR).case(one)
    assert (shown.links, shown.references) == ((other,), (one,))
    assert shown.repeat is not None
    assert (shown.repeat.proposed, shown.repeat.because) == (False, "first-referral")
    related = world.kit(COORDINATOR).case(other).repeat
    assert related is not None
    assert (related.proposed, related.because) == (False, "another-victim-or-perpetrator")


def test_a_repeat_is_told_by_the_last_referral_that_was_more_than_information(embedded: World) -> None:
    case = a_case_of(embedded, AMINA, SAM, information_only=True)

    def refer_again(after: timedelta, **more: bool) -> tuple[bool, str]:
        embedded.clock.move(after)
        embedded.refer(a_referral_of(AMINA, SAM, **more), case=case)
        repeat = embedded.kit(COORDINATOR).case(case).repeat
        assert repeat is not None
        return repeat.proposed, repeat.because

    assert refer_again(DAY) == (False, "information-only"), "the one before it was"
    assert refer_again(DAY, information_only=True) == (False, "information-only"), "it is so itself"
    assert refer_again(DAY) == (True, "within-12-months"), "what came between does not count"
    the_same_day_next_year = timedelta(days=365, hours=12)
    assert refer_again(the_same_day_next_year) == (True, "within-12-months")
    assert refer_again(timedelta(days=367)) == (False, "over-12-months")


def test_merged_cases_are_one_and_split_ones_are_as_they_were(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    world.move(DAY)
    second = a_case_of(world, AMINA, SAM, by="constabulary")
    office = world.kit(COORDINATOR)
    before = office.case(first), office.case(second)
    assert merged(world, second, first).lead == first
    one, other = office.case(first), office.case(second)
    assert one.references == other.references == (first, second)
    assert one.model_copy(update={"case": second}) == other
    assert {each.party for each in one.relations} >= {world.party(SENDER), world.party("constabulary")}
    assert one.repeat is not None
    assert one.repeat.proposed
    assert proposed(world, first) == {}
    assert refusal(lambda: merged(world, first, second)).code == "merge-conflict"
    left = parse_answer(act(world, "split", first, second), SplitAnswer).left
    assert left == second
    assert (office.case(first), office.case(second)) == before, "nothing was recorded meanwhile, and nothing protected"
    assert refusal(lambda: act(world, "split", first, second)).code == "merge-conflict"
    assert set(proposed(world, first)) == {second}, "what was split is unsure"


def test_whom_one_of_them_excludes_is_kept_out_of_both_and_what_they_hold_is_named(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    opened = world.read(SERVICE, 2)
    world.move(DAY)
    second = a_case_of(world, AMINA, SAM)
    world.kit(COORDINATOR).exclude(second, [world.party(SERVICE)])
    held = merged(world, first, second).held
    messages = {one.manifest.message for one in opened.values()}
    assert {(one.message, one.recipient, one.excluded) for one in held} == {
        (message, world.party(SERVICE), world.party(SERVICE)) for message in messages
    }
    assert world.gets_nothing(SERVICE)
    waits = world.refer(a_referral_of(AMINA, SAM), case=first)
    world.arrived(waits)
    assert world.gets_nothing(SERVICE), "what is sent to either is kept from whom the other excludes"
    for one in held:
        world.kit(COORDINATOR).recall(one.message, [one.recipient], "wrong-recipient")
    assert len(world.collect(SERVICE, 2).notices) == 2


def test_what_is_sent_to_either_reference_keeps_it_and_restarts_one_clock(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    second = a_case_of(world, AMINA, SAM)
    merged(world, first, second)
    world.move(30 * DAY)
    accepted = world.refer(a_referral_of(AMINA, SAM), case=second)
    assert {one.manifest.case for one in accepted} == {second}
    office = world.kit(COORDINATOR)
    assert office.case(first).last_referral_at == office.case(second).last_referral_at
    read = world.read(SERVICE, 6)
    assert read["referral"].manifest.case in {first, second}


def test_a_relation_recorded_since_stays_with_the_lead_and_an_end_and_an_exclusion_with_both(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    world.move(DAY)
    second = a_case_of(world, AMINA, SAM)
    merged(world, first, second)
    office, health, police = world.kit(COORDINATOR), world.party("health"), world.party("constabulary")
    office.relate(second, health, "involved", "involvement")
    office.exclude(first, [police])
    office.relate(first, world.party(SENDER), "ended", "no-longer-involved")
    ended = {one.relation for one in office.case(second).relations if one.party == world.party(SENDER)}
    assert ended == {Relation.ENDED.value}, "what the coordinator says of the lead since ends the part in all of it"
    act(world, "split", first, second)
    parts = [{one.party: one.relation for one in office.case(case).relations} for case in (first, second)]
    assert (parts[0].get(health), parts[1].get(health)) == ("involved", None)
    assert (parts[0][world.party(SENDER)], parts[1][world.party(SENDER)]) == ("ended", "ended")
    assert all(office.case(case).excluded == (police,) for case in (first, second))


def test_the_service_whose_part_ended_months_ago_reads_the_repeat_that_is_merged_with_that_case(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    office, service = world.kit(COORDINATOR), world.party(SERVICE)
    world.move(60 * DAY)
    office.relate(first, service, "ended", "no-longer-involved")
    world.move(60 * DAY)
    second = world.refer(a_referral_of(AMINA, SAM))
    world.arrived(second)
    assert merged(world, first, second[0].manifest.case).outranked == ()
    read = world.read(SERVICE, 2)
    assert {one.manifest.case for one in read.values()} == {second[0].manifest.case}
    again = world.refer(a_referral_of(AMINA, SAM), case=first)
    assert world.read(SERVICE, 2)["referral"].manifest.message in {one.manifest.message for one in again}


def one_that_ended_for_the_service_and_another(world: World) -> tuple[CaseRef, CaseRef]:
    """Return two cases of the same people; the part of the service was ended in the first when it had one in both."""
    first = a_case_of(world, AMINA, SAM)
    world.move(DAY)
    second = a_case_of(world, AMINA, SAM)
    world.move(DAY)
    world.kit(COORDINATOR).relate(first, world.party(SERVICE), "ended", "no-longer-involved")
    world.move(DAY)
    return first, second


def test_whose_older_grant_an_end_outranks_is_named_by_the_merge_and_by_the_case_until_it_is_related(
    embedded: World,
) -> None:
    first, second = one_that_ended_for_the_service_and_another(embedded)
    office, service = embedded.kit(COORDINATOR), embedded.party(SERVICE)
    named = merged(embedded, first, second).outranked
    assert [(one.party, one.relation) for one in named] == [(service, "involved")]
    assert office.case(second).outranked == named
    told = to_relate(first, named)
    assert f"  marac case relate {first} {service} --as involved --why by-role" in told
    assert embedded.gets_nothing(SERVICE), "a part that was ended on purpose is not brought back by an older grant"
    office.relate(first, service, "involved", "involvement")
    assert office.case(second).outranked == ()
    assert len(embedded.read(SERVICE, 4)) > 0


@pytest.mark.parametrize("why", ["ended", "involved"])
def test_an_end_that_is_named_no_more_is_one_that_a_person_decided_for_all(embedded: World, why: str) -> None:
    first, second = one_that_ended_for_the_service_and_another(embedded)
    office, service = embedded.kit(COORDINATOR), embedded.party(SERVICE)
    merged(embedded, first, second)
    assert [one.party for one in office.case(first).outranked] == [service]
    office.relate(first, service, why, "no-longer-involved" if why == "ended" else "involvement")
    assert office.case(first).outranked == office.case(second).outranked == ()


def test_a_part_that_was_ended_by_mistake_and_given_again_survives_a_split_and_no_other_grows(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    world.move(DAY)
    second = a_case_of(world, AMINA, SAM)
    office, service, health = world.kit(COORDINATOR), world.party(SERVICE), world.party("health")
    office.relate(first, health, "involved", "involvement")
    world.move(DAY)
    merged(world, first, second)
    for party in (service, health):
        world.move(DAY)
        office.relate(first, party, "ended", "no-longer-involved")
        office.relate(second, party, "involved", "involvement")
    act(world, "split", first, second)
    parts = [{one.party: one.relation for one in office.case(case).relations} for case in (first, second)]
    assert (parts[0][service], parts[1][service]) == ("involved", "involved")
    assert (parts[0][health], parts[1][health]) == ("involved", "ended"), "it had no part in the one that left"


def test_what_is_one_case_is_scheduled_and_destroyed_together_with_a_tombstone_each(world: World) -> None:
    first = a_case_of(world, AMINA, SAM)
    world.move(100 * DAY)
    second = a_case_of(world, AMINA, SAM)
    merged(world, first, second)
    world.move((7 * 365 - 50) * DAY)
    assert world.kit(COORDINATOR).case(first).destruction_scheduled_at is None, "the later referral counts"
    world.move(100 * DAY)
    world.until(lambda: world.kit(COORDINATOR).case(first).destruction_scheduled_at is not None)
    world.move(8 * DAY)
    world.until(lambda: len(world.kit(COORDINATOR).tombstones()) == 2)
    for case in (first, second):
        assert refusal(lambda case=case: world.kit(COORDINATOR).case(case)).code == "not-available"


def test_both_referrals_are_shown_side_by_side_from_what_the_office_opened(embedded: World) -> None:
    one = a_case_of(embedded, AMINA, SAM)
    other = a_case_of(embedded, Victim(name="Ameena Invented\u202e", date_of_birth=BORN), SAM)
    kit = embedded.kit(COORDINATOR)
    with pytest.raises(NothingOpened) as missing:
        newest_referral(kit, one)
    assert missing.value.waits is None
    embedded.collect(COORDINATOR, 6)
    with pytest.raises(NothingOpened) as missing:
        newest_referral(kit, one)
    for item in kit.inbox.items():
        kit.open(item.delivery)
    page = side_by_side(newest_referral(kit, one), newest_referral(kit, other))
    lines = page.splitlines()
    assert "Name (DIFFERS)" in lines
    assert "Date of birth (the same)" in lines
    assert any("Amina Invented" in line and "| Ameena Invented<U+202E>" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_an_officer_whom_either_excludes_is_kept_out_of_both(embedded: World) -> None:
    one, other = a_case_of(embedded, AMINA, SAM), a_case_of(embedded, AMINA, SAM)
    colleague = with_colleague(embedded, COORDINATOR)
    embedded.kit(COORDINATOR).exclude(other, [colleague])
    assert merged(embedded, one, other).held == (), "nobody is asked to take back what the office holds itself"
    assert set(embedded.kit(COORDINATOR).case(one).excluded) == {colleague}
    with session(embedded, COORDINATOR, colleague) as theirs:
        assert refusal(lambda: theirs.case(one)).code == "not-available"


def test_what_was_sent_to_a_merged_case_is_released_to_who_takes_part_in_either(embedded: World) -> None:
    first = a_case_of(embedded, AMINA, SAM)
    embedded.move(DAY)
    second = a_case_of(embedded, AMINA, SAM)
    office = embedded.kit(COORDINATOR)
    waiting = embedded.collect(SERVICE, 4).saved
    office.relate(second, embedded.party(SERVICE), "for_information", "information")
    kit = embedded.kit(SERVICE)
    closed = [one for one in waiting if not _opens(kit, one)]
    assert len(closed) == 2
    merged(embedded, first, second)
    assert all(_opens(kit, one) for one in closed), "the strongest part that it has in either counts"
    act(embedded, "split", first, second)
    office.relate(second, embedded.party(SERVICE), "ended", "no-longer-involved")
    again = embedded.refer(a_referral_of(AMINA, SAM), case=second)
    embedded.arrived(again)
    assert embedded.gets_nothing(SERVICE), "split, each has its own parts again"


def _opens(kit: Kit, delivery: DeliveryId) -> bool:
    try:
        kit.open(delivery)
    except Problem:
        return False
    return True
