"""No referral drops silently: what nobody has triaged is listed, and what the office takes in says how it came."""

from datetime import timedelta

from agencies.documents.exclusions import ExcludedPerson
from agencies.documents.referral import Referral
from agencies.documents.triage import Triage
from agencies.uk_days import start_of_uk_day, uk_day
from tests.factories import a_judgement_referral, a_referrer, exclusions
from tests.journeys.test_case_messages import HEALTH, a_case, send
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, World, refusal

LATE = timedelta(days=4)  # the fourth calendar day, three are given


def taken_in(received_by: str) -> Referral:
    changes = {"agency": "Exampleton Surgery", "received_by": received_by}
    return a_judgement_referral().model_copy(update={"referrer": a_referrer().model_copy(update=changes)})


def missing(world: World) -> dict[str, tuple[str, ...]]:
    return {one.case: one.missing for one in world.kit(COORDINATOR).waiting().cases}


def test_what_the_office_takes_in_is_sealed_and_goes_on_as_any_referral(world: World) -> None:
    accepted = world.refer(taken_in("telephone"), by=COORDINATOR)
    world.arrived(accepted, COORDINATOR)
    read = world.read(SERVICE, 2)["referral"]
    assert read.manifest.from_ == world.party(COORDINATOR)
    assert "Exampleton Surgery" in read.document().model_dump_json()


def test_what_the_office_takes_in_says_how_it_came(embedded: World) -> None:
    problem = refusal(lambda: embedded.refer(taken_in("broker"), by=COORDINATOR))
    assert (problem.code, problem.pointer) == ("document-invalid", "/documents/referral/referrer/received_by")
    embedded.refer(taken_in("agency_without_isa"), by=COORDINATOR)


def test_an_agency_refers_for_itself_alone_and_never_as_if_the_office_had_taken_it_in(embedded: World) -> None:
    problem = refusal(lambda: embedded.refer(taken_in("telephone")))
    assert (problem.code, problem.pointer) == ("document-invalid", "/documents/referral/referrer/received_by")
    for named, pointer in ((HEALTH, "/documents/referral/referrer/agency_id"), (SENDER, None)):
        referrer = a_referrer().model_copy(update={"agency_id": embedded.party(named)})
        referral = a_judgement_referral().model_copy(update={"referrer": referrer})
        if pointer is None:
            embedded.refer(referral)
        else:
            problem = refusal(lambda referral=referral: embedded.refer(referral))
            assert (problem.code, problem.pointer) == ("document-invalid", pointer)


def test_a_referral_that_nobody_triages_in_time_is_listed_until_somebody_does(world: World) -> None:
    case, triaged = a_case(world, collected=0), a_case(world, collected=0)
    send(world, SERVICE, "triage", Triage(outcome="accepted"), triaged)
    assert missing(world) == {}
    world.move(LATE)
    assert missing(world) == {case: ("triage",)}
    send(world, SERVICE, "triage", Triage(outcome="advice_given", text="Call the helpline. (made up)"), case)
    assert missing(world) == {}
    world.move(timedelta(seconds=1))  # the broker knows no shorter time
    world.refer(case=case)
    assert missing(world) == {}
    world.move(LATE)
    assert missing(world) == {case: ("triage",)}, "a further referral wants a triage of its own"


def test_a_triage_that_asks_for_more_information_leaves_the_referral_waiting(embedded: World) -> None:
    case = a_case(embedded, collected=0)
    send(embedded, SERVICE, "triage", Triage(outcome="more_information", text="Her number? (made up)"), case)
    embedded.clock.move(LATE)
    assert missing(embedded) == {case: ("triage",)}
    send(embedded, SERVICE, "triage", Triage(outcome="accepted"), case)
    assert missing(embedded) == {}


def test_a_referral_for_information_into_a_known_case_waits_for_its_triage_too(embedded: World) -> None:
    case = a_case(embedded, collected=0)
    send(embedded, SERVICE, "triage", Triage(outcome="accepted"), case)
    embedded.clock.move(timedelta(seconds=1))
    embedded.refer(a_judgement_referral().model_copy(update={"information_only": True}), case=case)
    embedded.clock.move(LATE)
    assert missing(embedded) == {case: ("triage",)}


def test_the_office_triages_where_the_service_is_kept_out(embedded: World) -> None:
    case = a_case(embedded, collected=0, agencies=[embedded.party(SERVICE)])
    embedded.clock.move(LATE)
    assert missing(embedded) == {case: ("triage", "idva-service")}
    assert refusal(lambda: send(embedded, SERVICE, "triage", Triage(outcome="accepted"), case)).code == "not-available"
    send(embedded, COORDINATOR, "triage", Triage(outcome="advice_given", text="By telephone. (made up)"), case)
    assert missing(embedded) == {case: ("idva-service",)}, "somebody else must support her"


def test_three_days_for_a_triage_are_calendar_days(embedded: World) -> None:
    case = a_case(embedded, collected=0)
    midnight = start_of_uk_day(uk_day(START) + LATE)
    embedded.clock.move(midnight - timedelta(seconds=1) - embedded.clock())
    assert missing(embedded) == {}
    embedded.clock.move(timedelta(seconds=2))
    assert missing(embedded) == {case: ("triage",)}


def test_exclusions_in_words_are_listed_at_once_and_nothing_to_who_is_excluded(embedded: World) -> None:
    words = exclusions().model_copy(update={"people": (ExcludedPerson(person="His cousin. (made up)"),)})
    case = embedded.refer(exclusions=words)[0].manifest.case
    assert missing(embedded) == {case: ("exclusions",)}
    embedded.clock.move(LATE)
    assert missing(embedded) == {case: ("triage", "exclusions")}
    office = embedded.kit(COORDINATOR)
    office.exclude(case, [], settled=office.case(case).unsettled)
    assert missing(embedded) == {case: ("triage",)}
    excluded = embedded.officer(COORDINATOR)
    embedded.change(lambda uow: uow.cases.exclude(case, [excluded]))
    assert missing(embedded) == {}, "whoever is excluded does not learn that it waits"
    assert refusal(embedded.kit(HEALTH).waiting).code == "act-not-allowed"
