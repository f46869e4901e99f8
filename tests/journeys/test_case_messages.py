"""What agencies say about a case besides referring it: who is asked, who answers, who gets what, and who nothing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from agencies.documents.case_note import CaseNote
from agencies.documents.document import Document
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.lookup import Lookup
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.person import Named, Person
from agencies.documents.research_request import ResearchRequest, Sought
from agencies.documents.research_return import Item, ResearchReturn
from agencies.documents.staff_risk import AboutWhom, StaffRisk
from agencies.documents.triage import Triage
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import about
from agencies.names import CaseRef, draw_case_ref
from agencies.taking_part import BASES
from broker.case import LawfulBasis
from gateway.made_up import PREFIX
from tests.factories import exclusions
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, World, refusal

POLICE, HEALTH = "constabulary", "health"
NOTHING = ResearchReturn(outcome="nothing_known", relevant=True, necessary=True, proportionate=True)
FOUND = NOTHING.model_copy(
    update={"outcome": "information", "items": (Item(nature="fact", text="A door was broken in May. (made up)"),)}
)


def send(world: World, by: str, kind: str, document: Document, case: CaseRef | None) -> Accepted:
    """Send one message and return its manifest, once it is in every mailbox that it goes to.

    Whether a safe contact is compared with it is shown by test_safe_contacts.py: here nobody opens them all first.
    """
    kit = world.kit(by)
    accepted = kit.submit(kit.prepare_any(about(kind, case), {kind: document}, unread_too=True))
    world.arrived(accepted, by)
    (one,) = accepted
    return one


def a_case(world: World, collected: int = 3, **excluded: Sequence[str]) -> CaseRef:
    """Return a referral's case, with `collected` messages of it fetched by the coordinator."""
    accepted = world.refer(exclusions=exclusions(**excluded))
    world.arrived(accepted)
    if collected:
        world.collect(COORDINATOR, collected)
    return accepted[0].manifest.case


def a_request(world: World, *asked: str) -> ResearchRequest:
    return ResearchRequest(
        to=tuple(world.party(each) for each in asked),
        needed_by=date(2026, 11, 30),
        people=(Sought(role="victim", name="Alex Invented"),),
    )


def ask(world: World, case: CaseRef, *asked: str) -> Accepted:
    """Ask these members to search their files."""
    return send(world, COORDINATOR, "research-request", a_request(world, *asked), case)


def a_note(world: World, *to: str) -> CaseNote:
    return CaseNote(
        to=tuple(world.party(each) for each in to), sort="event", nature="fact", text="He was seen there. (made up)"
    )


def a_risk() -> StaffRisk:
    return StaffRisk(
        about=AboutWhom(role="perpetrator", name="Sam Fictional"), risk="A dog is set on callers. (made up)"
    )


def relations(world: World, case: CaseRef) -> dict[str, str]:
    """Return the agencies' part in the case by short name, as the coordinator is shown it."""
    shown = world.kit(COORDINATOR).case(case).relations
    return {one.party.rpartition("/")[2]: one.relation for one in shown if "/agency/" in one.party}


def test_an_agency_that_is_asked_reads_the_request_and_its_return_reaches_the_coordinator_alone(world: World) -> None:
    case = a_case(world)
    ask(world, case, POLICE)
    assert list(world.read(POLICE)) == ["research-request"]
    assert world.gets_nothing(HEALTH)
    send(world, POLICE, "research-return", FOUND, case)
    opened = world.read(COORDINATOR, 2)["research-return"]
    assert "A door was broken" in opened.document().model_dump_json()
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}
    assert relations(world, case) == {"constabulary": "asked", "lantern": "involved", "rivermead": "asked"}


def test_who_knows_nothing_has_no_further_part_and_gets_no_later_note(world: World) -> None:
    case = a_case(world)
    ask(world, case, POLICE, HEALTH)
    for short in (POLICE, HEALTH):
        world.read(short)
    send(world, HEALTH, "research-return", NOTHING, case)
    assert relations(world, case)[HEALTH] == "ended"
    act = refusal(lambda: send(world, HEALTH, "research-return", NOTHING, case))
    assert act.code == "not-available"
    ask(world, case, HEALTH)
    assert relations(world, case)[HEALTH] == "asked", "the coordinator may ask again"


def test_a_note_reaches_those_whom_it_names_as_far_as_they_are_involved(world: World) -> None:
    case = a_case(world)
    world.kit(COORDINATOR).relate(case, world.party(POLICE), "involved", "involvement")
    send(world, POLICE, "case-note", a_note(world, SERVICE, HEALTH, SENDER), case)
    assert "case-note" in world.read(SERVICE, 3)
    assert world.gets_nothing(HEALTH)
    assert world.gets_nothing(SENDER), "it referred, and was only asked"
    assert refusal(lambda: send(world, SENDER, "case-note", a_note(world, SERVICE), case)).code == "not-available"


def test_the_part_of_an_agency_ends_at_once(world: World) -> None:
    case = a_case(world)
    world.kit(COORDINATOR).relate(case, world.party(POLICE), "involved", "involvement")
    send(world, COORDINATOR, "case-note", a_note(world, POLICE), case)
    (delivery,) = world.collect(POLICE).saved
    world.kit(COORDINATOR).relate(case, world.party(POLICE), "ended", "no-longer-involved")
    assert refusal(lambda: world.kit(POLICE).open(delivery)).code == "not-available"
    assert world.logged(event="open", outcome="deny")["rule"] == "N13"
    assert refusal(lambda: send(world, POLICE, "case-note", a_note(world, SERVICE), case)).code == "not-available"


def test_a_flag_reaches_every_agency_that_signed_but_the_excluded(world: World) -> None:
    case = a_case(world, agencies=[world.party(HEALTH)])
    flag = FlagAndTag(
        victim=Named(name="Alex Invented"), reason="moved_here_not_high", flagged_until=date(2027, 11, 22)
    )
    send(world, COORDINATOR, "flag-and-tag", flag, case)
    assert "flag-and-tag" in world.read(POLICE)
    assert "flag-and-tag" in world.read(SENDER)
    assert world.gets_nothing(HEALTH)
    parts = relations(world, case)
    assert POLICE not in parts
    flagged = {one.party for one in world.kit(COORDINATOR).case(case).flags}
    assert {world.party(POLICE), world.party(SENDER), world.party(SERVICE)} <= flagged
    assert not {world.party(HEALTH), world.party("governance")} & flagged


def test_part_3_of_the_act_is_a_basis_for_competent_authorities_alone_and_a_part_ends_on_its_day(
    embedded: World,
) -> None:
    case, office = a_case(embedded), embedded.kit(COORDINATOR)
    for basis in ("part3:s35,sch8.1", "part3:s35,sch8.4"):
        for short in (HEALTH, SERVICE):
            party = embedded.party(short)
            act = refusal(
                lambda party=party, basis=basis: office.relate(case, party, "involved", "involvement", basis=basis)
            )
            assert (act.code, act.pointer) == ("basis-not-allowed", "/basis")
        office.relate(case, embedded.party(POLICE), "involved", "involvement", basis=basis)
    assert embedded.logged(event="relate", outcome="deny")["rule"] == "basis-not-allowed"
    vital, until = "uk_gdpr:6(1)(d),9(2)(c)", START + timedelta(days=1)
    office.relate(case, embedded.party(HEALTH), "involved", "involvement", basis=vital, until=until.isoformat())
    held = next(one for one in office.case(case).relations if one.party == embedded.party(HEALTH))
    assert (held.basis, datetime.fromisoformat(held.until or "")) == (vital, until)
    note = a_note(embedded, HEALTH)
    send(embedded, COORDINATOR, "case-note", note, case)
    assert set(embedded.read(HEALTH)) == {"case-note"}
    embedded.move(timedelta(days=1))
    send(embedded, COORDINATOR, "case-note", note, case)
    assert embedded.gets_nothing(HEALTH)


def test_the_words_of_kit_and_broker_for_a_lawful_basis_are_the_same() -> None:
    assert set(BASES) == set(LawfulBasis)


def test_risks_to_staff_reach_who_works_with_the_people_and_nobody_else(world: World) -> None:
    case = a_case(world)
    ask(world, case, POLICE)
    risk = StaffRisk(
        about=AboutWhom(role="perpetrator", name="Sam Fictional"), risk="A dog is set on callers. (made up)"
    )
    send(world, SENDER, "staff-risk", risk, case)
    assert set(world.read(POLICE, 2)) == {"research-request", "staff-risk"}
    assert "staff-risk" in world.read(SERVICE, 3)
    assert world.gets_nothing(HEALTH)


def test_a_look_up_is_answered_by_a_person_and_tells_nothing_by_itself(world: World) -> None:
    a_case(world)
    question = Lookup(person=Person(name="Alex Invented"), reason="She has just called us. (made up)")
    known = send(world, HEALTH, "lookup", question, None)
    unknown = send(world, HEALTH, "lookup", question.model_copy(update={"person": Person(name="Nobody Atall")}), None)
    assert known.manifest.case != unknown.manifest.case
    assert len(known.note) == len(unknown.note)
    assert world.gets_nothing(POLICE)
    assert [each.manifest.document for each in world.read(COORDINATOR, 2).values()] == ["lookup"]
    answer = LookupAnswer(to=(world.party(HEALTH),), answer="telephone_me")
    send(world, COORDINATOR, "lookup-answer", answer, known.manifest.case)
    assert list(world.read(HEALTH)) == ["lookup-answer"]


def test_triage_goes_to_the_coordinator_alone_and_only_the_service_does_it(world: World) -> None:
    case = a_case(world)
    triage = Triage(outcome="accepted")
    act = refusal(lambda: send(world, SENDER, "triage", triage, case))
    assert act.code == "kind-not-allowed"
    send(world, SERVICE, "triage", triage, case)
    assert "triage" in world.read(COORDINATOR)
    assert world.gets_nothing(SENDER)


def test_a_referral_reaches_the_service_whatever_lesser_part_it_had_before(world: World) -> None:
    question = Lookup(person=Person(name="Alex Invented"), reason="She has just called us. (made up)")
    looked_up = send(world, SERVICE, "lookup", question, None).manifest.case
    world.kit(COORDINATOR).relate(looked_up, world.party(SENDER), "asked", "research")
    world.arrived(world.refer(case=looked_up))
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}
    assert relations(world, looked_up)[SERVICE] == "involved"


def test_what_is_withheld_takes_nobodys_place_in_a_lease(world: World) -> None:
    ended = [a_case(world) for _ in range(2)]
    for case in ended:
        ask(world, case, POLICE)
        world.kit(COORDINATOR).relate(case, world.party(POLICE), "ended", "no-longer-involved")
    ask(world, a_case(world), POLICE)
    assert len(world.kit(POLICE).pull(limit=1).saved) == 1
    assert world.gets_nothing(POLICE)


def test_an_excluded_officer_sends_nothing_about_the_case_by_leaving_out_the_name(world: World) -> None:
    with_colleague(world, COORDINATOR)
    case = a_case(world, officers=[world.officer(COORDINATOR)], collected=0)
    with session(world, COORDINATOR, None) as nameless:
        request = ResearchRequest(
            to=(world.party(POLICE),),
            needed_by=date(2026, 11, 30),
            people=(Sought(role="victim", name="Alex Invented"),),
        )
        for kit in (nameless, world.kit(COORDINATOR)):
            composed = kit.prepare_any(about("research-request", case), {"research-request": request}, unread_too=True)
            assert refusal(lambda kit=kit, composed=composed: kit.submit(composed)).code == "not-available"
    assert world.gets_nothing(POLICE)


def test_the_state_of_a_note_does_not_tell_who_is_kept_out(world: World) -> None:
    case = a_case(world, agencies=[world.party(HEALTH)])
    world.kit(COORDINATOR).relate(case, world.party(POLICE), "involved", "involvement")
    sent = [send(world, SERVICE, "case-note", a_note(world, to), case) for to in (POLICE, HEALTH)]
    world.collect(COORDINATOR, 2)
    assert {world.kit(SERVICE).status(one.manifest.message) for one in sent} == {"collected"}


def test_a_return_whose_answer_was_lost_is_answered_again_though_it_ended_the_senders_part(world: World) -> None:
    case = a_case(world)
    ask(world, case, HEALTH)
    kit = world.kit(HEALTH)
    composed = kit.prepare_any(about("research-return", case), {"research-return": NOTHING})
    first = kit.submit(composed)
    assert relations(world, case)[HEALTH] == "ended"
    assert [one.note for one in kit.submit(composed)] == [one.note for one in first]


def test_a_later_flag_stays_and_who_referred_keeps_its_part_though_it_knows_nothing(world: World) -> None:
    case = a_case(world)
    for until in (date(2027, 11, 22), date(2026, 12, 24)):
        flag = FlagAndTag(victim=Named(name="Alex Invented"), reason="moved_here_not_high", flagged_until=until)
        send(world, COORDINATOR, "flag-and-tag", flag, case)
    shown = {one.party: one.until for one in world.kit(COORDINATOR).case(case).flags}
    assert str(shown[world.party(POLICE)]).startswith("2027-11-23")
    ask(world, case, SENDER)
    send(world, SENDER, "research-return", NOTHING, case)
    assert relations(world, case)[SENDER] == "asked"


@pytest.mark.parametrize("by", [SENDER, SERVICE, "governance"])
def test_only_the_coordinator_relates_and_looks_at_a_case(embedded: World, by: str) -> None:
    case = a_case(embedded)
    kit = embedded.kit(by)
    for act in (lambda: kit.case(case), lambda: kit.relate(case, embedded.party(POLICE), "involved", "involvement")):
        assert refusal(act).code == "act-not-allowed"
    assert {entry["rule"] for entry in embedded.entries(outcome="deny", agency=embedded.party(by))} <= {"N3", "N12"}


def test_no_relation_is_recorded_for_who_is_no_agency_nor_in_a_case_that_is_not_there(embedded: World) -> None:
    case, kit = a_case(embedded), embedded.kit(COORDINATOR)
    for party in (embedded.party(COORDINATOR), embedded.party("governance"), "marac.fenmark.example/agency/nobody"):
        assert refusal(lambda party=party: kit.relate(case, party, "involved", "involvement")).code == "party-unknown"
    none = draw_case_ref(PREFIX)
    assert refusal(lambda: kit.case(none)).code == "not-available"
    assert refusal(lambda: kit.relate(none, embedded.party(POLICE), "asked", "research")).code == "not-available"


def test_a_message_for_somebody_who_is_not_in_the_register_is_refused(embedded: World) -> None:
    case = a_case(embedded)
    note = a_note(embedded, POLICE).model_copy(update={"to": ("marac.fenmark.example/agency/nobody",)})
    problem = refusal(lambda: send(embedded, COORDINATOR, "case-note", note, case))
    assert (problem.code, problem.pointer) == ("party-unknown", "/documents/case-note")


def test_an_excluded_agency_stays_excluded_whatever_is_recorded_for_it(world: World) -> None:
    case = a_case(world, agencies=[world.party(POLICE)])
    ask(world, case, POLICE)
    world.kit(COORDINATOR).relate(case, world.party(POLICE), "involved", "involvement")
    send(world, COORDINATOR, "case-note", a_note(world, POLICE), case)
    assert world.gets_nothing(POLICE)
    assert refusal(lambda: send(world, POLICE, "research-return", NOTHING, case)).code == "not-available"


def test_a_stranger_to_the_case_gets_the_same_answer_as_for_no_case_on_every_kind(embedded: World) -> None:
    case = a_case(embedded)
    for of in (case, draw_case_ref(PREFIX)):
        act = refusal(lambda of=of: send(embedded, HEALTH, "research-return", NOTHING, of))
        assert act.code == "not-available"


def test_in_a_closed_case_everything_goes_to_the_coordinator_alone(world: World) -> None:
    case = a_case(world)
    world.change(lambda uow: uow.cases.close(case))
    ask(world, case, POLICE)
    assert world.gets_nothing(POLICE)
    assert "research-request" in world.read(COORDINATOR)
