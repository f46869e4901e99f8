"""Referrals on their way: what is accepted, what is refused, what a repeat does, and what their sender is told."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from agencies.documents.grounds import VisibleHighRisk
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import Composed
from agencies.kit.sending import Sender
from agencies.names import CaseRef, draw_case_ref
from agencies.notes.submission import parse_submission
from broker.case import Case
from broker.ports import UnitOfWork
from crypto import note as signed_note
from gateway.made_up import PREFIX
from tests.factories import (
    a_dara_referral,
    a_dash,
    a_judgement_referral,
    a_referral,
    a_safe_contact,
    an_escalation_referral,
    exclusions,
    the_documents,
)
from tests.journeys.world import ALL_DOCUMENTS, COORDINATOR, SENDER, SERVICE, World, refusal


def test_a_referral_on_each_instrument_reaches_the_coordinator_and_the_idva_service(world: World) -> None:
    sent = {
        "dash": (a_referral(), SENDER),
        "judgement": (a_judgement_referral(ticks=8), "health"),
        "police dash": (an_escalation_referral(), "constabulary"),
        "dara": (a_dara_referral(), "constabulary"),
    }
    expected = {}
    for referral, sender in sent.values():
        accepted = world.refer(referral, by=sender)
        assert [one.manifest.document for one in accepted] == ALL_DOCUMENTS
        assert {one.manifest.suite for one in accepted} == {"hybrid"}
        expected[accepted[0].manifest.case] = (referral, sender)
    assert len(expected) == 4
    opened = [world.kit(SERVICE).open(delivery) for delivery in world.collect(SERVICE, 8).saved]
    for one in opened:
        referral, sender = expected[one.manifest.case]
        assert one.submission.from_ == world.party(sender)
        assert one.document() == {"referral": referral, "safe-contact": a_safe_contact()}[one.manifest.document]
    assert len(world.collect(COORDINATOR, 12).saved) == 12


def test_who_has_no_part_in_a_referral_gets_nothing_of_it(world: World) -> None:
    world.arrived(world.refer())
    assert [one for one in ("health", "constabulary", SENDER, "governance") if not world.gets_nothing(one)] == []
    assert refusal(lambda: world.gets_nothing("harbour")).code == "isa-not-in-force"


def test_below_the_threshold_and_without_another_ground_a_referral_is_refused_and_nothing_of_it_stays(
    world: World,
) -> None:
    few_ticks = a_referral(grounds=(VisibleHighRisk(),), instruments=(a_dash(5),))
    problem = refusal(lambda: world.refer(few_ticks))
    assert problem.code == "below-threshold"
    assert "01632 960100" in problem.help
    assert "999" in problem.help
    assert world.peek(_cases) == 0
    refused = world.logged(event="submit", outcome="deny")
    assert (refused["rule"], refused["agency"]) == ("below-threshold", world.party(SENDER))


def test_a_submission_sent_again_gets_its_first_manifests_and_is_delivered_once(world: World) -> None:
    kit = world.kit(SENDER)
    composed = kit.prepare(the_documents())
    first = kit.submit(composed)
    assert [one.note for one in kit.submit(composed)] == [one.note for one in first]
    world.arrived(first)
    assert len(world.collect(COORDINATOR, 3).saved) == 3
    assert world.gets_nothing(COORDINATOR)
    assert world.peek(_cases) == 1


def test_a_submission_sent_twice_at_once_gets_the_same_manifests_both_times(world: World) -> None:
    composed = world.kit(SENDER).prepare(the_documents())
    with ThreadPoolExecutor(max_workers=4) as threads:
        answers = list(threads.map(lambda _: _submitted_apart(world, composed), range(4)))
    assert len({tuple(one.note for one in answer) for answer in answers}) == 1
    assert world.peek(_cases) == 1


def test_another_note_under_an_id_used_before_is_a_conflict(world: World) -> None:
    kit = world.kit(SENDER)
    composed = kit.prepare(the_documents())
    kit.submit(composed)
    stated = parse_submission(signed_note.text_of(composed.note))
    later = replace(stated, at=stated.at - timedelta(seconds=60))
    other = replace(composed, note=signed_note.sign(later.encode(), [kit.keyring.agency]))
    assert refusal(lambda: kit.submit(other)).code == "idempotency-conflict"
    assert world.peek(_cases) == 1


def test_the_referrer_may_refer_again_to_its_case_and_the_retention_clock_starts_anew(world: World) -> None:
    case = world.refer()[0].manifest.case
    began = _case(world, case).last_referral_at
    world.move(timedelta(days=90))
    again = world.refer(case=case)
    assert {one.manifest.case for one in again} == {case}
    assert _case(world, case).last_referral_at >= began + timedelta(days=90)
    assert world.peek(_cases) == 1
    assert len(world.collect(COORDINATOR, 6).saved) == 6


def test_a_referral_for_information_alone_does_not_start_the_retention_clock_anew(world: World) -> None:
    case = world.refer()[0].manifest.case
    began = _case(world, case).last_referral_at
    world.move(timedelta(days=90))
    world.refer(a_referral(information_only=True), case=case)
    assert _case(world, case).last_referral_at == began


def test_an_agency_without_a_relation_cannot_refer_to_a_case_and_learns_nothing_of_it(world: World) -> None:
    case = world.refer()[0].manifest.case
    known, unknown = (
        refusal(lambda ref=ref: world.refer(by="health", case=ref)) for ref in (case, draw_case_ref(PREFIX))
    )
    assert (known.code, known.title, known.help) == (unknown.code, unknown.title, unknown.help)
    assert known.code == "not-available"
    assert "999" in known.help
    assert world.logged(event="submit", outcome="deny", agency=world.party("health"), case=case)["rule"] == "N13"


def test_the_sender_is_told_one_state_for_all_recipients_and_nobody_else_is_told_any(world: World) -> None:
    accepted = world.refer()
    message = accepted[0].manifest.message
    world.arrived(accepted)
    assert world.kit(SENDER).status(message) == "waiting"
    world.read(SERVICE, 2)
    assert world.kit(SENDER).status(message) == "waiting"
    world.read(COORDINATOR, 3)
    assert world.kit(SENDER).status(message) == "collected"
    for other in (SERVICE, COORDINATOR, "health"):
        assert refusal(lambda other=other: world.kit(other).status(message)).code == "not-available"


def test_an_exclusion_of_somebody_who_is_not_in_the_register_is_refused_rather_than_ignored(embedded: World) -> None:
    nobody = exclusions(agencies=[f"{embedded.settings.area}/agency/leisure"])
    assert refusal(lambda: embedded.refer(exclusions=nobody)).code == "exclusion-unknown"
    assert embedded.peek(_cases) == 0


def _submitted_apart(world: World, composed: Composed) -> list[Accepted]:
    member = world.area.members[SENDER]
    with Sender(member.home, member.keyring, world.clock) as sender:
        return sender.submit(composed)


async def _cases(uow: UnitOfWork) -> int:
    return await uow.cases.count()


def _case(world: World, ref: CaseRef) -> Case:
    async def look(uow: UnitOfWork) -> Case | None:
        return await uow.cases.get(ref)

    found = world.peek(look)
    assert found is not None
    return found
