"""Whom a correction reaches, whom it must not, and what of the older version counts no more: names, dates, parts."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.person import Named
from agencies.documents.referral import Referral
from agencies.documents.reuse_consent import ReuseConsent
from agencies.documents.reuse_request import ReuseRequest
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import REFERRAL
from agencies.kit.correcting import with_reason
from agencies.kit.headings import recipients_of, shareable, wrap_for
from agencies.names import CaseRef, MessageId, PartyId
from tests.factories import a_referral, a_safe_contact, exclusions
from tests.journeys.colleagues import with_chairs, with_keyed_colleague
from tests.journeys.test_case_messages import FOUND, HEALTH, NOTHING, POLICE, a_case, a_note, ask, relations, send
from tests.journeys.test_corrections import WHY, corrected, headers, involved
from tests.journeys.test_entered_at_the_gateway import A_SECOND, keys_of_the_office, revocation
from tests.journeys.test_flags import flag, until
from tests.journeys.test_same_person import AMINA, SAM, a_referral_of, proposed
from tests.journeys.test_shares import joined, message_of, share
from tests.journeys.test_urgent import LIMIT, listed, refer_urgently
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal

DAY = timedelta(days=1)


def corrected_referral(world: World, case: CaseRef, message: MessageId, referral: Referral) -> list[Accepted]:
    """Send a whole referral in the place of the one with this body; it has arrived everywhere."""
    documents = {"referral": referral, "safe-contact": a_safe_contact(), "exclusions": exclusions()}
    subject, kit = replace(REFERRAL, case=case, supersedes=message), world.kit(SENDER)
    accepted = kit.submit(kit.prepare_any(subject, with_reason(documents, WHY)))
    world.arrived(accepted)
    return accepted


def recipients(world: World, one: Accepted) -> set[PartyId]:
    return set(headers(world, one.manifest.message))


def test_a_corrected_safe_contact_goes_to_nobody_whom_the_office_told_the_old_one(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    share(world, case, HEALTH, "referral", "safe-contact")
    assert set(world.read(HEALTH, 2)) == {"referral", "safe-contact"}
    body, contact, _ = corrected_referral(world, case, message_of(world, case, "referral"), a_referral())
    assert world.party(HEALTH) in recipients(world, body)
    assert recipients(world, contact) == {world.party(COORDINATOR), world.party(SERVICE)}
    world.read(HEALTH)
    assert world.gets_nothing(HEALTH)
    world.collect(COORDINATOR, 3)
    office, party = world.kit(COORDINATOR), world.party(HEALTH)
    (there,) = (one for one in shareable(office, case, party) if one.message == contact.manifest.message)
    wrap_for(office, there, party, recipients_of(office, party), safe_contact=True)
    assert "safe-contact" in world.read(HEALTH), "by name, the office may tell it all the same"


def test_in_a_closed_case_neither_does_it_go_to_an_officer_who_is_named(embedded: World) -> None:
    case = a_case(embedded)
    joined(embedded, case)
    share(embedded, case, HEALTH, "referral", "safe-contact")
    embedded.read(HEALTH, 2)
    officer, _ = with_keyed_colleague(embedded, HEALTH)
    office = embedded.kit(COORDINATOR)
    office.name(case, [officer])
    office.close_case(case)
    body, contact, _ = corrected_referral(embedded, case, message_of(embedded, case, "referral"), a_referral())
    assert embedded.party(HEALTH) in recipients(embedded, body)
    assert embedded.party(HEALTH) not in recipients(embedded, contact)


def test_from_whom_any_version_was_taken_back_by_name_no_later_one_goes_though_it_is_named(world: World) -> None:
    case = a_case(world)
    involved(world, case, POLICE, HEALTH)
    first = send(world, POLICE, "case-note", a_note(world, HEALTH, SERVICE), case)
    world.read(HEALTH)
    second = corrected(world, first, a_note(world, HEALTH, SERVICE), POLICE)
    world.kit(COORDINATOR).recall(second.manifest.message, [world.party(HEALTH)], "wrong-recipient")
    third = corrected(world, second, a_note(world, SERVICE), POLICE)
    fourth = corrected(world, third, a_note(world, HEALTH, SERVICE), POLICE)
    for one in (third, fourth):
        assert recipients(world, one) == {world.party(COORDINATOR), world.party(SERVICE)}


def test_what_was_taken_back_from_everybody_is_put_right_for_everybody_whom_it_is_for(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, SERVICE), case)
    embedded.collect(COORDINATOR)
    share(embedded, case, HEALTH, "case-note")
    embedded.read(HEALTH)
    embedded.kit(POLICE).recall(first.manifest.message, None, "inaccurate")
    second = corrected(embedded, first, a_note(embedded, SERVICE), POLICE)
    assert recipients(embedded, second) == {embedded.party(COORDINATOR), embedded.party(SERVICE)}


def test_who_destroyed_its_copy_gets_no_correction_of_it(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH), case)
    (delivery,) = embedded.collect(HEALTH).saved
    embedded.kit(HEALTH).open(delivery)
    embedded.change(lambda uow: uow.messages.receipt(delivery, "destroyed", "note", embedded.clock()))
    second = corrected(embedded, first, a_note(embedded, SERVICE), POLICE)
    assert embedded.party(HEALTH) not in recipients(embedded, second)


def test_the_senders_state_of_a_correction_does_not_count_who_only_held_the_older_version(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    share(world, case, HEALTH, "referral")
    world.read(HEALTH)
    newer = corrected_referral(world, case, message_of(world, case, "referral"), a_referral())
    assert world.party(HEALTH) in recipients(world, newer[0])
    world.collect(SERVICE, 2)
    world.collect(COORDINATOR, 3)
    assert world.kit(SENDER).status(newer[0].manifest.message) == "collected"


def test_a_corrected_spelling_proposes_by_the_new_name_and_no_more_by_the_old_one(world: World) -> None:
    older = world.refer(a_referral_of(AMINA, SAM))
    world.arrived(older)
    case = older[0].manifest.case
    wrong = world.refer(a_referral_of(AMINA.model_copy(update={"name": "Nadia Notreal"}), SAM))[0].manifest
    assert proposed(world, case) == {}
    corrected_referral(world, wrong.case, wrong.message, a_referral_of(AMINA, SAM))
    assert set(proposed(world, case)) == {wrong.case}
    corrected_referral(
        world,
        case,
        older[0].manifest.message,
        a_referral_of(AMINA.model_copy(update={"name": "Kim Unreal", "date_of_birth": date(1971, 1, 2)}), SAM),
    )
    assert proposed(world, wrong.case) == {}, "who was named by mistake is not proposed for seven years"


def test_a_referral_taken_back_from_everybody_proposes_nobody_and_is_no_last_referral(world: World) -> None:
    first, other = (world.refer(a_referral_of(AMINA, SAM))[0].manifest for _ in range(2))
    office, before = world.kit(COORDINATOR), world.kit(COORDINATOR).case(first.case).last_referral_at
    world.move(DAY)
    again = world.refer(a_referral_of(AMINA, SAM), case=first.case)[0].manifest
    shown = office.case(first.case)
    assert shown.repeat is not None
    assert (shown.repeat.proposed, shown.last_referral_at == before) == (True, False)
    office.recall(again.message, None, "sent-in-error")
    shown = office.case(first.case)
    assert shown.repeat is not None
    assert (shown.repeat.proposed, shown.last_referral_at) == (False, before)
    assert set(proposed(world, other.case)) == {first.case}, "the other referral of the case still names her"
    world.kit(SENDER).recall(first.message, None, "sent-in-error")
    assert proposed(world, other.case) == {}
    assert office.case(first.case).last_referral_at == before, "no case is destroyed sooner by it"


def test_an_agency_that_takes_its_own_newest_referral_back_brings_no_destruction_nearer(world: World) -> None:
    first, other = (world.refer(a_referral_of(AMINA, SAM))[0].manifest for _ in range(2))
    world.move(DAY)
    victim = AMINA.model_copy(update={"name": "Nadia Notreal"})
    again = world.refer(a_referral_of(victim), case=first.case)[0].manifest
    like_it = world.refer(a_referral_of(victim))[0].manifest
    office, before = world.kit(COORDINATOR), world.kit(COORDINATOR).case(first.case).last_referral_at
    assert like_it.case in proposed(world, first.case)
    world.kit(SENDER).recall(again.message, None, "sent-in-error")
    shown = office.case(first.case)
    assert shown.last_referral_at == before, "the one before it may be seven years old"
    assert set(proposed(world, first.case)) == {other.case}, "its names are gone all the same"
    assert shown.repeat is not None
    assert not shown.repeat.proposed, "nor does it date a repeat"


def test_what_was_for_information_and_is_corrected_into_a_referral_moves_the_clock_once(embedded: World) -> None:
    office = embedded.kit(COORDINATOR)
    first = embedded.refer(a_referral_of(AMINA, SAM))[0].manifest
    embedded.move(DAY)
    told = embedded.refer(a_referral_of(AMINA, SAM, information_only=True), case=first.case)[0].manifest
    before = office.case(first.case).last_referral_at
    embedded.move(DAY)
    newer = corrected_referral(embedded, first.case, told.message, a_referral_of(AMINA, SAM))[0].manifest
    shown = office.case(first.case)
    assert shown.last_referral_at != before
    assert shown.repeat is not None
    assert shown.repeat.proposed
    embedded.move(DAY)
    newest = corrected_referral(embedded, first.case, newer.message, a_referral_of(AMINA, SAM))[0].manifest
    assert office.case(first.case).last_referral_at == shown.last_referral_at, (
        "a correction of a referral moves nothing"
    )
    corrected_referral(embedded, first.case, newest.message, a_referral_of(AMINA, SAM, information_only=True))
    assert office.case(first.case).last_referral_at == before


def test_who_answered_that_nothing_is_known_corrects_that_very_return_and_is_asked_as_before(world: World) -> None:
    case = a_case(world)
    ask(world, case, HEALTH)
    first = send(world, HEALTH, "research-return", NOTHING, case)
    second = corrected(world, first, NOTHING, HEALTH)
    assert relations(world, case)[HEALTH] == "ended"
    assert refusal(lambda: send(world, HEALTH, "research-return", FOUND, case)).code == "not-available"
    corrected(world, second, FOUND, HEALTH)
    assert relations(world, case)[HEALTH] == "asked"
    assert world.logged(
        event="submit", outcome="permit", agency=world.party(HEALTH), rule="asked/uk_gdpr:6(1)(e),9(2)(g),sch1.18"
    )


@pytest.mark.parametrize("since", ["ended", "excluded", "another"])
def test_whose_part_ended_otherwise_corrects_nothing(embedded: World, since: str) -> None:
    case, office = a_case(embedded), embedded.kit(COORDINATOR)
    ask(embedded, case, HEALTH)
    first = send(embedded, HEALTH, "research-return", NOTHING, case)
    if since == "ended":
        office.relate(case, embedded.party(HEALTH), "ended", "no-longer-involved")
    elif since == "excluded":
        office.exclude(case, [embedded.party(HEALTH)])
    else:
        embedded.move(A_SECOND)
        ask(embedded, case, HEALTH)
        send(embedded, HEALTH, "research-return", NOTHING, case)
    assert refusal(lambda: corrected(embedded, first, FOUND, HEALTH)).code == "not-available"


def test_what_is_urgent_and_corrected_is_overdue_since_it_was_first_sent_and_told_once(embedded: World) -> None:
    case = refer_urgently(embedded)
    embedded.move(LIMIT * 0.9)
    corrected_referral(embedded, case, message_of(embedded, case, "referral"), a_referral(urgent=True))
    embedded.move(LIMIT * 0.2)
    assert listed(embedded).count((SERVICE, case)) == 2
    embedded.collect(SERVICE, 2)
    message = message_of(embedded, case, "referral")
    newest = [row.message for row in embedded.kit(COORDINATOR).holdings(case) if row.document == "referral"][-1]
    assert newest != message
    corrected_referral(embedded, case, MessageId(newest), a_referral(urgent=True))
    assert (SERVICE, case) not in listed(embedded), "what was collected is owed anew"


def test_a_stranger_to_the_case_is_refused_before_anything_is_sealed(embedded: World) -> None:
    first = send(embedded, COORDINATOR, "case-note", a_note(embedded, SERVICE), a_case(embedded))
    for key in keys_of_the_office(embedded):
        embedded.kit(SENDER).publish_revocation(revocation(embedded, key))
    embedded.move(A_SECOND)
    assert refusal(embedded.refer).code == "nobody-to-receive"
    assert refusal(lambda: corrected(embedded, first, a_note(embedded, SERVICE), POLICE)).code == "not-available"


def test_a_correction_shortens_a_flag_and_a_further_flag_does_not(embedded: World) -> None:
    case = a_case(embedded)
    flag(embedded, case, date(2027, 11, 22))
    older = message_of(embedded, case, "flag-and-tag")
    document = FlagAndTag(
        victim=Named(name="Alex Invented"),
        reason="moved_here_not_high",
        flagged_until=date(2026, 12, 22),
        correction=WHY,
    )
    subject = replace(REFERRAL, kind="flag-and-tag", purpose="safeguarding", case=case, supersedes=older)
    office = embedded.kit(COORDINATOR)
    embedded.arrived(
        office.submit(office.prepare_any(subject, {"flag-and-tag": document}, unread_too=True)), COORDINATOR
    )
    assert (until(embedded, case, POLICE) or "").startswith("2026-12-23")
    assert embedded.read(POLICE)["flag-and-tag"].document() == document, "its holder is told by the correction"


def test_of_several_chairs_only_the_one_whose_meeting_it_is_gets_what_is_the_chairs(embedded: World) -> None:
    one, other = with_chairs(embedded, 2)
    case = a_case(embedded)
    ask(embedded, case, POLICE)
    embedded.kit(COORDINATOR).relate(case, other, "involved", "involvement")
    returned = send(embedded, POLICE, "research-return", FOUND, case)
    assert recipients(embedded, returned) == {embedded.party(COORDINATOR), other}
    assert one not in {each.party for each in embedded.kit(COORDINATOR).case(case).relations}


def test_the_only_chair_gets_what_is_the_chairs_by_role(embedded: World) -> None:
    (chair,) = with_chairs(embedded, 1)
    case = a_case(embedded)
    ask(embedded, case, POLICE)
    assert chair in recipients(embedded, send(embedded, POLICE, "research-return", FOUND, case))


def test_who_referred_is_asked_for_its_consent_to_reuse_and_answers(embedded: World) -> None:
    case = a_case(embedded)
    joined(embedded, case)
    message = message_of(embedded, case, "referral")
    request = ReuseRequest(
        to=(embedded.party(SENDER),), messages=(message,), purpose="A court asks. (made up)", lawful_basis="court_order"
    )
    send(embedded, HEALTH, "reuse-request", request, case)
    assert "reuse-request" in embedded.read(SENDER)
    consent = ReuseConsent(to=(embedded.party(HEALTH),), messages=(message,), agreed=True)
    send(embedded, SENDER, "reuse-consent", consent, case)
    assert "reuse-consent" in embedded.read(HEALTH)
