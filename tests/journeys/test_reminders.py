"""What the office, and whoever refers or opens, is told beside a message: about look-ups, staff risks, an employer."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from agencies.documents.lookup import Lookup
from agencies.documents.person import Perpetrator, Person, Victim
from agencies.documents.staff_risk import StaffRisk
from agencies.kit.employers import may_employ, not_excluded, warnings
from agencies.kit.looked_up import asked_again
from agencies.kit.opening import Opened
from agencies.kit.reminders import reminders
from agencies.kit.staff_risks import after, to_share
from agencies.names import CaseRef
from tests.factories import a_judgement_referral, exclusions
from tests.journeys.test_case_messages import HEALTH, POLICE, a_risk, ask, send
from tests.journeys.test_same_person import a_referral_of, merged
from tests.journeys.test_shares import joined, share
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World

DAY = timedelta(days=1)
AMINA = Victim(name="Amina Invented", date_of_birth=date(1990, 4, 1))
KIM = Victim(name="Kim Notreal", date_of_birth=date(1979, 1, 2))


def asked_about(world: World, by: str, person: Person) -> Opened:
    """Return a look-up as the office opened it."""
    question = Lookup(
        person=Person(name=person.name, date_of_birth=person.date_of_birth), reason="She called us. (made up)"
    )
    send(world, by, "lookup", question, None)
    return world.read(COORDINATOR)["lookup"]


def an_opened_case(world: World, victim: Victim, by: str = SENDER, **excluded: Sequence[str]) -> CaseRef:
    """Return a case with all its documents opened by the office."""
    accepted = world.refer(a_referral_of(victim), exclusions(**excluded), by=by)
    world.arrived(accepted, by)
    world.read(COORDINATOR, 3)
    return accepted[0].manifest.case


def told(world: World, opened: Opened, by: str = COORDINATOR) -> str:
    return "\n".join(reminders(world.kit(by), opened))


def test_who_is_excluded_from_the_case_of_the_person_asked_about_is_named_before_they_are_answered(
    embedded: World,
) -> None:
    case = an_opened_case(embedded, AMINA, agencies=[embedded.party(POLICE)])
    by_police, by_health = (asked_about(embedded, by, AMINA) for by in (POLICE, HEALTH))
    said = told(embedded, by_police)
    assert f"case {case} EXCLUDES {embedded.party(POLICE)}, WHICH ASKS" in said
    assert f"the victim of case {case}" in said
    assert "Amina" not in said
    assert "EXCLUDES" not in told(embedded, by_health)
    assert f"the victim of case {case}" in told(embedded, by_health)
    assert told(embedded, asked_about(embedded, POLICE, KIM)) == "", "of nobody whom this office knows"
    embedded.kit(COORDINATOR).exclude(case, [embedded.officer(HEALTH)])
    assert f"EXCLUDES THE OFFICER WHO ASKS, {embedded.officer(HEALTH)}" in told(embedded, by_health)


def test_a_perpetrator_who_is_asked_about_is_found_and_so_are_people_excluded_in_words(embedded: World) -> None:
    man = Perpetrator(name="Sam Fictional", date_of_birth=date(1988, 3, 2))
    accepted = embedded.refer(a_referral_of(AMINA, man), exclusions(people=["His cousin. (made up)"]))
    embedded.arrived(accepted)
    embedded.read(COORDINATOR, 3)
    said = told(embedded, asked_about(embedded, POLICE, man))
    assert "a perpetrator of case" in said
    assert "excludes people in words" in said


def test_a_merged_case_is_named_once_and_one_that_excludes_who_reads_not_at_all(embedded: World) -> None:
    one, other = an_opened_case(embedded, AMINA), an_opened_case(embedded, AMINA)
    merged(embedded, one, other)
    opened = asked_about(embedded, HEALTH, AMINA)
    assert told(embedded, opened).count("compare before you answer") == 1
    officer = embedded.officer(COORDINATOR)
    embedded.change(lambda uow: uow.cases.exclude(one, [officer]))
    assert told(embedded, opened) == ""


def test_who_asks_again_about_one_person_stands_out_though_they_refer_another(embedded: World) -> None:
    for _ in range(2):
        asked_about(embedded, HEALTH, AMINA)
        asked_about(embedded, POLICE, AMINA)
        asked_about(embedded, SENDER, KIM)
        embedded.clock.move(DAY)
    an_opened_case(embedded, KIM, by=HEALTH)
    an_opened_case(embedded, KIM, by=SENDER)
    found = asked_again(embedded.kit(COORDINATOR))
    assert {one.agency for one in found} == {embedded.party(HEALTH), embedded.party(POLICE)}
    assert {len(one.asked) for one in found} == {2}
    an_opened_case(embedded, AMINA, by=POLICE)
    assert {one.agency for one in asked_again(embedded.kit(COORDINATOR))} == {embedded.party(HEALTH)}


def test_who_asked_about_somebody_again_after_a_month_does_not(embedded: World) -> None:
    asked_about(embedded, HEALTH, AMINA)
    embedded.clock.move(31 * DAY)
    asked_about(embedded, HEALTH, AMINA)
    assert asked_again(embedded.kit(COORDINATOR)) == []


def test_who_is_asked_or_joins_later_is_named_as_not_having_the_risks_to_staff(embedded: World) -> None:
    case, office = an_opened_case(embedded, AMINA), embedded.kit(COORDINATOR)
    assert to_share(office, office.case(case)) == [], "there are none"
    risk = send(embedded, SENDER, "staff-risk", a_risk(), case).manifest.message
    embedded.read(COORDINATOR)
    assert to_share(office, office.case(case)) == [], "who takes part has them, and the sender knows"
    ask(embedded, case, HEALTH)
    joined(embedded, case, POLICE)
    lines = {short: after(office, case, [embedded.party(short)]) for short in (HEALTH, POLICE, SERVICE)}
    for short in (HEALTH, POLICE):
        party = embedded.party(short)
        assert lines[short] == [
            f"RISKS TO STAFF: {party} does not have them yet:",
            f"  marac case share {case} --to {party} --message {risk}",
        ]
    assert lines[SERVICE] == []
    assert to_share(office, office.case(case)) == [*lines[POLICE], *lines[HEALTH]]
    share(embedded, case, HEALTH, "staff-risk")
    share(embedded, case, POLICE, "staff-risk")
    assert isinstance(embedded.read(HEALTH, 2)["staff-risk"].document(), StaffRisk)
    assert to_share(office, office.case(case)) == []


def test_a_referral_with_risks_to_staff_asks_the_office_to_tell_them(embedded: World) -> None:
    referral = a_judgement_referral().model_copy(update={"risks_to_staff": "A loose dog. (made up)"})
    embedded.arrived(accepted := embedded.refer(referral))
    opened = embedded.read(COORDINATOR, 3)["referral"]
    assert f"marac send staff-risk risk.json --case {accepted[0].manifest.case}" in told(embedded, opened)
    assert told(embedded, embedded.read(SERVICE, 2)["referral"], SERVICE) == ""


@pytest.mark.parametrize("by", [COORDINATOR, SERVICE])
def test_who_opens_that_a_perpetrator_works_for_the_police_is_warned_until_they_are_excluded(
    embedded: World, by: str
) -> None:
    man = Perpetrator(name="Sam Fictional", employer="police officer, in the county")
    accepted = embedded.refer(a_referral_of(AMINA, man))
    embedded.arrived(accepted)
    opened = embedded.read(by, 2)["referral"]
    assert "Fenmark Constabulary" in told(embedded, opened, by)
    embedded.kit(COORDINATOR).exclude(accepted[0].manifest.case, [embedded.officer(POLICE)])
    assert ("Fenmark Constabulary" in told(embedded, opened, by)) is (by == SERVICE), "the service is not told of it"


def test_an_employer_is_matched_by_the_words_of_the_form_and_a_place_alone_is_none(embedded: World) -> None:
    register, now = embedded.kit(SENDER).directory().register, embedded.clock()

    def employing(employer: str) -> list[str]:
        man = Perpetrator(name="Sam Fictional", employer=employer)
        return [party.id for party in may_employ(a_referral_of(AMINA, man), register, now)]

    police, housing, health = (embedded.party(short) for short in (POLICE, SENDER, HEALTH))
    for employer, found in {
        "Police": [police], "a PCSO": [police], "Fenmark Constabulary (response team)": [police],
        "Rivermead": [housing], "the NHS": [health], "Fenmark Health Trust, as a porter": [health],
        "Exampleton Leisure": [], "Fenmark Bakery": [], "unknown": [], "self-employed": [],
    }.items():  # fmt: skip
        assert employing(employer) == found, employer
    parties = [party for party in (register.party(police), register.party(housing)) if party is not None]
    assert not_excluded(parties, {embedded.officer(POLICE)}, register) == parties[1:]
    assert not_excluded(parties, {police, housing}, register) == []
    assert list(warnings([], "Next.")) == []


def test_the_office_reads_on_where_the_gateway_does_not_answer(embedded: World) -> None:
    case = an_opened_case(embedded, AMINA)
    opened = asked_about(embedded, HEALTH, AMINA)
    embedded.kit(COORDINATOR).directory()
    embedded.stop()
    assert f"ask whom it excludes before you answer: marac case show {case}" in told(embedded, opened)
    assert after(embedded.kit(COORDINATOR), case, [embedded.party(HEALTH)]) == []
