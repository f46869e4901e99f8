"""A closed case: whatever the kind, for the coordinator's office and for officers who are named and prove it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agencies.documents.referral import HonourBased
from agencies.documents.research_request import ResearchRequest, Sought
from agencies.kit.compose import about
from agencies.kit.opening import CheckFailed
from agencies.kit.wire import Problem
from agencies.names import CaseRef, DeliveryId, OfficerId, draw_case_ref
from broker.addressees import MAX_STANZAS
from gateway.made_up import PREFIX
from tests.factories import a_referral
from tests.journeys.colleagues import session, with_colleague, with_keyed_colleague, with_keyed_colleagues
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, World, refusal

CLOSING = a_referral(honour_based=HonourBased(forced_marriage=True))
POLICE = "constabulary"
A_SECOND = timedelta(seconds=1)


def a_closed_case(world: World, *named: OfficerId) -> CaseRef:
    """Return a case that its first referral closed; who is named is, if nobody else, the service's officer."""
    case = world.refer(CLOSING)[0].manifest.case
    world.kit(COORDINATOR).name(case, named or [world.officer(SERVICE)])
    return case


def referred_again(world: World, case: CaseRef) -> tuple[DeliveryId, DeliveryId]:
    """Return the service's two deliveries of a further referral, collected and not opened."""
    world.arrived(world.refer(case=case))
    first, second = world.collect(SERVICE, 2).saved
    return first, second


def said_of(problem: Problem) -> tuple[object, ...]:
    return (problem.code, problem.title, problem.help, problem.pointer, problem.retry)


def denied(world: World, rule: str = "N10") -> bool:
    return world.logged(event="open", outcome="deny")["rule"] == rule


def test_what_comes_after_an_officer_was_named_is_sealed_to_them_and_opens_with_their_own_key(world: World) -> None:
    case = a_closed_case(world)
    world.arrived(world.refer(case=case))
    read = world.read(SERVICE, 2)
    assert set(read) == {"referral", "safe-contact"}
    assert world.logged(event="open", agency=world.party(SERVICE))["proved"] is True
    assert len(world.read(COORDINATOR, 6)) == 3, "one of each kind, of two referrals"


def test_a_saved_message_of_a_closed_case_opens_with_the_named_officers_key_alone(embedded: World) -> None:
    case = a_closed_case(embedded)
    delivery, _ = referred_again(embedded, case)
    embedded.kit(SERVICE).open(delivery)
    colleague, keyring = with_keyed_colleague(embedded, SERVICE)
    with session(embedded, SERVICE, colleague, keyring) as theirs, pytest.raises(CheckFailed, match="check 4 failed"):
        theirs.read_again(delivery)
    assert embedded.kit(SERVICE).read_again(delivery).manifest.case == case


def test_who_is_not_named_or_does_not_prove_it_is_answered_as_if_there_were_nothing(embedded: World) -> None:
    case = a_closed_case(embedded)
    delivery, _ = referred_again(embedded, case)
    never = DeliveryId("0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e")
    colleague, keyring = with_keyed_colleague(embedded, SERVICE)
    asked = {"marac-purpose": "referral"}
    answers = []
    for officer, keys in ((embedded.officer(SERVICE), None), (colleague, keyring)):
        with session(embedded, SERVICE, officer, keys) as kit:
            for which in (delivery, never):
                post = kit.gateway.post
                fields = kit.fields(**asked)
                path = f"/v1/deliveries/{which}/header"
                answers.append(said_of(refusal(lambda post=post, path=path, fields=fields: post(path, None, fields))))
    assert len(set(answers)) == 1
    assert answers[0][0] == "not-available"
    for officer, proved in ((embedded.officer(SERVICE), False), (colleague, True)):
        assert embedded.logged(event="open", outcome="deny", rule="N10", officer=officer)["proved"] is proved
    embedded.kit(SERVICE).open(delivery)


def test_an_agency_without_a_named_officer_gets_nothing_whatever_the_kind(embedded: World) -> None:
    case = a_closed_case(embedded)
    request = ResearchRequest(
        to=(embedded.party(POLICE), embedded.party(SERVICE)),
        needed_by=date(2026, 11, 30),
        people=(Sought(role="victim", name="Alex Invented"),),
    )
    office = embedded.kit(COORDINATOR)
    accepted = office.submit(
        office.prepare_any(about("research-request", case), {"research-request": request}, unread_too=True)
    )
    embedded.arrived(accepted, COORDINATOR)
    assert embedded.gets_nothing(POLICE)
    assert set(embedded.read(SERVICE)) == {"research-request"}


def test_two_named_officers_of_one_agency_each_open_with_their_own_key(embedded: World) -> None:
    colleague, keyring = with_keyed_colleague(embedded, SERVICE)
    case = a_closed_case(embedded, embedded.officer(SERVICE), colleague)
    first, second = referred_again(embedded, case)
    embedded.kit(SERVICE).open(first)
    with session(embedded, SERVICE, colleague, keyring) as theirs:
        theirs.open(second)
    readers = {entry["officer"] for entry in embedded.entries(event="open", outcome="permit")}
    assert readers == {embedded.officer(SERVICE), colleague}


def test_what_was_sealed_to_an_agency_before_the_coordinator_closed_the_case_is_withheld_from_it(world: World) -> None:
    accepted = world.refer()
    world.arrived(accepted)
    case = accepted[0].manifest.case
    collected, *_ = world.collect(SERVICE, 2).saved
    world.arrived(world.refer(case=case))
    office = world.kit(COORDINATOR)
    office.close_case(case)
    office.close_case(case)
    office.name(case, [world.officer(SERVICE)])
    assert (office.case(case).closed, office.case(case).named) == (True, (world.officer(SERVICE),))
    assert world.gets_nothing(SERVICE), "an officer is named, and no header made for them"
    assert world.logged(event="lease", outcome="deny")["rule"] == "N10"
    assert refusal(lambda: world.kit(SERVICE).open(collected)).code == "not-available"
    assert denied(world)
    assert len(world.collect(COORDINATOR, 6).saved) == 6


def test_nothing_more_is_released_to_an_officer_who_is_no_longer_named(embedded: World) -> None:
    case = a_closed_case(embedded)
    delivery, _ = referred_again(embedded, case)
    embedded.arrived(embedded.refer(case=case))
    embedded.kit(COORDINATOR).name(case, [embedded.officer(SERVICE)], remove=True)
    assert refusal(lambda: embedded.kit(SERVICE).open(delivery)).code == "not-available"
    assert embedded.gets_nothing(SERVICE)
    embedded.kit(COORDINATOR).name(case, [embedded.officer(SERVICE)])
    embedded.kit(SERVICE).open(delivery)


def test_nothing_more_is_released_to_an_officer_who_was_removed_nor_beside_their_key(world: World) -> None:
    """A header for two is not released while one of them has left: who has left may still have the key."""
    colleague, keyring = with_keyed_colleague(world, SERVICE)
    case = a_closed_case(world, world.officer(SERVICE), colleague)
    first, second = referred_again(world, case)
    with session(world, SERVICE, colleague, keyring) as theirs:
        theirs.open(first)
        _remove_officer(world, SERVICE)
        assert refusal(lambda: theirs.open(second)).code == "not-available"
        assert denied(world)


@pytest.mark.parametrize("lost", ["recipient", "signing key"])
def test_a_lost_laptop_is_sealed_and_released_nothing_from_the_next_transaction_on(world: World, lost: str) -> None:
    case = a_closed_case(world)
    delivery, _ = referred_again(world, case)
    world.move(A_SECOND)
    kit = world.kit(SERVICE)
    own = kit.keyring.officer
    assert own is not None
    kit.revoke(str(kit.keyring.identities[-1].recipient()) if lost == "recipient" else own.verify_key.keyid, "lost")
    assert refusal(lambda: kit.open(delivery)).code == ("not-available" if lost == "recipient" else "key-revoked")
    world.arrived(world.refer(case=case))
    with session(world, SERVICE, world.officer(SERVICE)) as unproved:
        assert unproved.pull().saved == ()
    assert len(world.collect(COORDINATOR, 9).saved) == 9


def test_only_officers_who_can_prove_and_open_are_named_and_none_whom_the_case_keeps_out(embedded: World) -> None:
    case = embedded.refer(CLOSING)[0].manifest.case
    office = embedded.kit(COORDINATOR)
    keyless, stranger = with_colleague(embedded, SERVICE), OfficerId(f"{office.home.settings.area}/officer/2a2a2a2a")
    for officers in ([keyless], [embedded.officer(SERVICE), stranger], [OfficerId("nobody at all")]):
        problem = refusal(lambda officers=officers: office.name(case, officers))
        assert (problem.code, problem.pointer) == ("officer-cannot-be-named", f"/officers/{len(officers) - 1}")
    for excluded in (embedded.officer(SERVICE), embedded.party(SERVICE)):
        office.exclude(case, [excluded])
        assert refusal(lambda: office.name(case, [embedded.officer(SERVICE)])).code == "officer-cannot-be-named"
        office.exclude(case, [], lift=[excluded])
    assert embedded.logged(event="name", outcome="deny")["rule"] == "officer-cannot-be-named"
    assert office.case(case).named == ()
    office.name(case, [keyless, keyless], remove=True)
    for officers in ([], [keyless] * 101):
        assert refusal(lambda officers=officers: office.name(case, officers)).code == "json-invalid"


def test_no_more_officers_of_one_agency_are_named_than_a_header_can_carry(embedded: World) -> None:
    case = embedded.refer(CLOSING)[0].manifest.case
    many = with_keyed_colleagues(embedded, SERVICE, MAX_STANZAS)
    office = embedded.kit(COORDINATOR)
    office.name(case, many)
    assert refusal(lambda: office.name(case, [embedded.officer(SERVICE)])).code == "officer-cannot-be-named"
    assert set(office.case(case).named) == set(many)


def test_an_officer_who_was_named_and_is_excluded_since_gets_nothing(embedded: World) -> None:
    case = a_closed_case(embedded)
    delivery, _ = referred_again(embedded, case)
    embedded.kit(COORDINATOR).exclude(case, [embedded.officer(SERVICE)])
    assert refusal(lambda: embedded.kit(SERVICE).open(delivery)).code == "not-available"
    assert denied(embedded, "N9")
    embedded.arrived(embedded.refer(case=case))
    assert embedded.gets_nothing(SERVICE)


def test_closing_and_naming_are_for_the_offices_and_tell_nothing_of_whether_there_is_a_case(embedded: World) -> None:
    case = embedded.refer()[0].manifest.case
    acts = [lambda kit, of: kit.close_case(of), lambda kit, of: kit.name(of, [embedded.officer(SERVICE)])]
    for act in acts:
        for short in (SENDER, SERVICE, "governance"):
            assert refusal(lambda act=act, short=short: act(embedded.kit(short), case)).code == "act-not-allowed"
        nowhere = draw_case_ref(PREFIX)
        assert refusal(lambda act=act, of=nowhere: act(embedded.kit(COORDINATOR), of)).code == "not-available"
        act(embedded.kit(COORDINATOR), case)
    for event in ("close", "name"):
        assert embedded.logged(event=event, outcome="permit")["case"] == case


def test_the_office_proves_itself_too_and_is_told_so(embedded: World) -> None:
    case = a_closed_case(embedded)
    delivery, *_ = embedded.collect(COORDINATOR, 3).saved
    with session(embedded, COORDINATOR, embedded.officer(COORDINATOR)) as unproved:
        for act in (
            lambda: unproved.open(delivery),
            lambda: unproved.name(case, [embedded.officer(SERVICE)]),
            lambda: unproved.relate(case, embedded.party(POLICE), "involved", "involvement"),
            lambda: unproved.exclude(case, [], settled=[unproved.inbox.items()[0].message]),
        ):
            assert refusal(act).code == "officer-not-proved"
        unproved.exclude(case, [embedded.party(POLICE)])
        unproved.close_case(case)
        assert unproved.case(case).closed
    embedded.kit(COORDINATOR).open(delivery)


def _remove_officer(world: World, short: str) -> None:
    """The third register no longer lists a member's first officer as active, and keeps everybody else."""
    held = world.kit(COORDINATOR).refresh().register
    officer = world.officer(short)
    entries = [replace(each, status="removed", until=START) if each.id == officer else each for each in held.entries]
    note = world.area.next_register(entries, held.note, world.clock().replace(microsecond=0))
    world.kit(COORDINATOR).publish_register(note)
