"""The offices at work: the deputy, chairs of meetings, and what the coordinator takes in for who may not refer."""

from agencies.documents.chair_decision import ChairDecision
from agencies.documents.grounds import VisibleHighRisk
from agencies.documents.safe_contact import SafeContact
from tests.factories import a_dash, a_referral, a_referrer, a_victim
from tests.journeys.conftest import CAFCASS, CHAIR, DEPUTY, OTHER_CHAIR, MakeWorld
from tests.journeys.test_case_messages import FOUND, HEALTH, POLICE, a_case, a_note, a_request, relations, send
from tests.journeys.test_shares import INVOLVED, joined, share
from tests.journeys.world import COORDINATOR, SERVICE, World, refusal


def a_decision(world: World, *concerns: str) -> ChairDecision:
    return ChairDecision(
        decision="marac_plus",
        reason="An hour is needed: three children, two addresses. (made up)",
        concerns=tuple(world.party(each) for each in concerns),
    )


def test_a_chair_s_decision_reaches_the_office_and_whom_it_concerns(with_offices: World) -> None:
    world, case = with_offices, a_case(with_offices)
    for short in (CHAIR, POLICE):
        joined(world, case, short)
    send(world, CHAIR, "chair-decision", a_decision(world, SERVICE), case)
    for short, at_least in ((COORDINATOR, 1), (SERVICE, 3)):
        read = world.read(short, at_least)["chair-decision"]
        assert read.manifest.from_ == world.party(CHAIR)
        assert "two addresses" in read.document().model_dump_json()
    assert world.gets_nothing(POLICE), "it takes part, and the decision does not concern it"
    assert world.logged(event="submit", agency=world.party(CHAIR))["outcome"] == "permit"


def test_nobody_else_decides_in_a_chair_s_place(with_offices: World) -> None:
    world, case = with_offices, a_case(with_offices)
    joined(world, case, CHAIR)
    for short in (COORDINATOR, DEPUTY, SERVICE):
        act = refusal(lambda short=short: send(world, short, "chair-decision", a_decision(world), case))
        assert act.code == "kind-not-allowed"
    other = refusal(lambda: send(world, OTHER_CHAIR, "chair-decision", a_decision(world), case))
    assert other.code == "not-available", "the chair of another meeting has no part in this case"


def test_a_chair_with_a_conflict_is_excluded_and_another_decides(with_offices: World) -> None:
    world, case = with_offices, a_case(with_offices)
    joined(world, case, CHAIR)
    world.kit(COORDINATOR).exclude(case, [world.party(CHAIR)])
    joined(world, case, OTHER_CHAIR)
    send(world, COORDINATOR, "case-note", a_note(world, CHAIR, OTHER_CHAIR), case)
    assert world.gets_nothing(CHAIR)
    act = refusal(lambda: send(world, CHAIR, "chair-decision", a_decision(world), case))
    assert act.code == "not-available"
    assert "case-note" in world.read(OTHER_CHAIR)
    send(world, OTHER_CHAIR, "chair-decision", a_decision(world), case)


def test_the_deputy_takes_over_excludes_asks_and_relates_and_reads_what_it_is_named_for(with_offices: World) -> None:
    world, case = with_offices, a_case(with_offices)
    deputy = world.kit(DEPUTY)
    deputy.exclude(case, [world.party(HEALTH)])
    deputy.relate(case, world.party(POLICE), *INVOLVED)
    assert relations(world, case)[POLICE] == "involved"
    send(world, DEPUTY, "research-request", a_request(world, POLICE, HEALTH), case)
    assert world.read(POLICE)["research-request"].manifest.from_ == world.party(DEPUTY)
    assert world.gets_nothing(HEALTH)
    send(world, POLICE, "research-return", FOUND, case)
    assert set(world.read(COORDINATOR, 2)) >= {"research-request", "research-return"}
    assert world.gets_nothing(DEPUTY), "what is the coordinator's is sealed to the coordinator, and shared from there"
    send(world, POLICE, "case-note", a_note(world, DEPUTY), case)
    assert set(world.read(DEPUTY)) == {"case-note"}
    assert deputy.case(case).excluded == (world.party(HEALTH),)
    deputy.exclude(case, [], lift=[world.party(HEALTH)])
    for event in ("exclude", "relate", "lift", "view"):
        assert world.logged(event=event, agency=world.party(DEPUTY))["outcome"] == "permit"


def test_the_coordinator_learns_of_what_the_deputy_takes_back_before_anybody_has_read_it(with_offices: World) -> None:
    world = with_offices
    body, *_ = accepted = world.refer()
    world.arrived(accepted)
    world.kit(DEPUTY).recall(body.manifest.message, None, "sent-in-error")
    assert [notice.message for notice in world.collect(COORDINATOR, 3).notices] == [body.manifest.message]


def test_an_officer_of_the_deputy_s_who_is_excluded_does_nothing_and_the_coordinator_goes_on(
    with_offices: World,
) -> None:
    world, case = with_offices, a_case(with_offices)
    world.kit(COORDINATOR).exclude(case, [world.officer(DEPUTY)])
    deputy = world.kit(DEPUTY)
    for act in (
        lambda: deputy.case(case),
        lambda: deputy.relate(case, world.party(POLICE), *INVOLVED),
        lambda: deputy.exclude(case, [], lift=[world.officer(DEPUTY)]),
    ):
        assert refusal(act).code == "not-available"
    joined(world, case, POLICE)


def test_where_the_area_says_fourteen_ticks_fourteen_are_enough_and_thirteen_are_not(make_world: MakeWorld) -> None:
    world = make_world(dash_threshold=14)
    for ticks in (14, 24):
        assert world.refer(a_referral(grounds=(VisibleHighRisk(),), instruments=(a_dash(ticks),)))
    few = a_referral(grounds=(VisibleHighRisk(),), instruments=(a_dash(13),))
    assert refusal(lambda: world.refer(few)).code == "below-threshold"


def test_a_refuge_s_address_reaches_office_and_service_alone(embedded: World) -> None:
    refuge = "The Willows refuge\n7 Hidden Row\nExampleton"
    in_refuge = a_referral(victim=a_victim().model_copy(update={"address": "unknown"}))
    accepted = embedded.refer(in_refuge, safe_contact=SafeContact(safe_address=refuge))
    embedded.arrived(accepted)
    case = accepted[0].manifest.case
    for short, at_least in ((COORDINATOR, 3), (SERVICE, 2)):
        read = {name: one.document().model_dump_json() for name, one in embedded.read(short, at_least).items()}
        assert [name for name, text in read.items() if "Hidden Row" in text] == ["safe-contact"]
    joined(embedded, case)
    share(embedded, case, HEALTH, "referral")
    read = embedded.read(HEALTH)
    assert list(read) == ["referral"]
    assert "Hidden Row" not in read["referral"].document().model_dump_json()
    assert embedded.gets_nothing(HEALTH)


def test_what_cafcass_may_not_refer_the_office_takes_in_for_it_and_says_so(with_offices: World) -> None:
    world = with_offices
    assert refusal(lambda: world.refer(by=CAFCASS)).code == "kind-not-allowed"
    changes = {"agency": "Fenmark CAFCASS", "received_by": "telephone"}
    taken_in = a_referral(referrer=a_referrer("other").model_copy(update=changes))
    accepted = world.refer(taken_in, by=COORDINATOR)
    world.arrived(accepted, COORDINATOR)
    read = world.read(SERVICE, 2)["referral"]
    assert read.manifest.from_ == world.party(COORDINATOR)
    assert "Fenmark CAFCASS" in read.document().model_dump_json()
    assert world.gets_nothing(CAFCASS), "who asked for it has no part in the case by that"
