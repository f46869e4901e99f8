"""Recall: a header not yet released is gone; who has had theirs is told to destroy the message, and confirms."""

import pytest

from agencies.documents.referral import HonourBased
from agencies.kit.home import NotSaved
from agencies.kit.inbox import State
from agencies.kit.recalls import RecallAnswered, TakenBack
from agencies.names import DeliveryId, MessageId
from broker.ports import UnitOfWork
from broker.records import Delivery
from tests.factories import a_referral, exclusions
from tests.journeys.colleagues import session, with_keyed_colleague
from tests.journeys.receipts import receipt_note, send_receipt
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal


def test_a_message_recalled_before_anybody_collected_it_is_never_given_out(world: World) -> None:
    body, *_ = accepted = world.refer()
    world.arrived(accepted)
    assert world.kit(SENDER).recall(body.manifest.message, None, "sent-in-error") == "recalled"
    assert world.kit(SENDER).status(body.manifest.message) == "recalled"
    assert _headers(world, body.manifest.message) == [None, None]
    assert set(world.read(SERVICE)) == {"safe-contact"}
    assert world.gets_nothing(SERVICE)
    assert world.logged(event="recall", outcome="permit")["message"] == body.manifest.message
    assert world.entries(event="incident") == []


def test_the_office_learns_of_all_that_a_sender_takes_back_before_anybody_has_read_it(world: World) -> None:
    accepted = world.refer()
    world.arrived(accepted)
    for one in accepted:
        world.kit(SENDER).recall(one.manifest.message, None, "sent-in-error")
    kit, notices = world.kit(COORDINATOR), world.collect(COORDINATOR, 3).notices
    assert {notice.message for notice in notices} == {one.manifest.message for one in accepted}
    assert world.gets_nothing(SERVICE)
    with pytest.raises(NotSaved):
        kit.answer_recall(notices[0].delivery, State.RETAINED)
    for notice in notices:
        kit.answer_recall(notice.delivery)
    assert world.gets_nothing(COORDINATOR)
    assert _delivery(world, notices[0].delivery).receipts == ("destroyed",)


def test_an_excluded_officer_takes_nothing_back_by_leaving_out_the_name(world: World) -> None:
    body, *_ = world.refer(exclusions=exclusions(officers=[world.officer(SENDER)]))
    with session(world, SENDER, None) as nameless:
        for kit in (world.kit(SENDER), nameless):
            act = refusal(lambda kit=kit: kit.recall(body.manifest.message, None, "sent-in-error"))
            assert act.code == "not-available"
    assert world.logged(event="recall", outcome="deny", officer=None)["rule"] == "N9"


def test_what_its_recipient_says_it_destroyed_is_not_given_out_again(world: World) -> None:
    body, *_ = world.refer()
    kit, delivery = world.kit(SERVICE), _delivery_of(world, body.manifest.message)
    send_receipt(kit, delivery, receipt_note(kit, delivery, body.manifest.message, body.note, "destroyed"))
    assert refusal(lambda: kit.open(delivery)).code == "not-available"
    assert world.logged(event="open", outcome="deny")["rule"] == "N14"


def test_a_message_recalled_between_collection_and_opening_cannot_be_opened(world: World) -> None:
    body, *_ = world.refer()
    delivery = _delivery_of(world, body.manifest.message)
    world.kit(SENDER).recall(body.manifest.message, None, "wrong-recipient")
    assert refusal(lambda: world.kit(SERVICE).open(delivery)).code == "not-available"
    assert world.logged(event="open", outcome="deny")["rule"] == "N14"
    assert world.entries(event="incident") == []


def test_after_the_release_the_holder_is_notified_destroys_and_confirms_and_an_incident_is_in_the_log(
    world: World,
) -> None:
    body, *_ = world.refer()
    kit, delivery = world.kit(SERVICE), _delivery_of(world, body.manifest.message)
    kit.open(delivery)
    world.kit(SENDER).recall(body.manifest.message, None, "wrong-case")
    (notice,) = world.collect(SERVICE).notices
    assert (notice.delivery, notice.reason, notice.case) == (delivery, "wrong-case", body.manifest.case)
    with pytest.raises(TakenBack):
        kit.read_again(delivery)
    kit.answer_recall(delivery)
    with pytest.raises(RecallAnswered, match="is destroyed here"):
        kit.read_again(delivery)
    with pytest.raises(NotSaved):
        kit.home.age_file(body.manifest.message)
    assert _delivery(world, delivery).receipts == ("collected", "opened", "destroyed")
    assert world.gets_nothing(SERVICE)
    assert world.logged(event="incident")["case"] == body.manifest.case


def test_a_holder_may_answer_that_it_keeps_its_copy_under_its_own_schedule(world: World) -> None:
    body, *_ = world.refer()
    kit, delivery = world.kit(SERVICE), _delivery_of(world, body.manifest.message)
    kit.open(delivery)
    world.kit(COORDINATOR).recall(body.manifest.message, [world.party(SERVICE)], "inaccurate")
    world.collect(SERVICE)
    kit.answer_recall(delivery, State.RETAINED)
    assert _delivery(world, delivery).receipts[-1] == "retained_under_own_schedule"
    assert kit.read_again(delivery).manifest.message == body.manifest.message
    with pytest.raises(RecallAnswered, match="is retained under own schedule here"):
        kit.open(delivery)
    assert world.gets_nothing(SERVICE)


def test_an_officer_who_is_excluded_hears_of_no_recall_and_a_colleague_answers_it(world: World) -> None:
    colleague, keys = with_keyed_colleague(world, SERVICE)
    body, *_ = world.refer()
    delivery = _delivery_of(world, body.manifest.message)
    world.kit(SERVICE).open(delivery)
    office, excluded = world.kit(COORDINATOR), world.officer(SERVICE)
    office.exclude(body.manifest.case, [excluded, world.party(SERVICE)])
    office.recall(body.manifest.message, [world.party(SERVICE)], "safety")
    with session(world, SERVICE, None) as nameless:
        assert [kit.pull().notices for kit in (world.kit(SERVICE), nameless)] == [(), ()]
    with session(world, SERVICE, colleague, keys) as theirs:
        (notice,) = theirs.pull().notices
        theirs.answer_recall(notice.delivery)
    assert _delivery(world, delivery).receipts[-1] == "destroyed"
    assert world.logged(event="hear", outcome="permit")["officer"] == colleague


def test_of_what_only_a_named_officer_had_no_colleague_hears_that_it_is_recalled(embedded: World) -> None:
    colleague, keys = with_keyed_colleague(embedded, SERVICE)
    case = embedded.refer(a_referral(honour_based=HonourBased(forced_marriage=True)))[0].manifest.case
    embedded.kit(COORDINATOR).name(case, [embedded.officer(SERVICE)])
    body, *_ = accepted = embedded.refer(case=case)
    embedded.arrived(accepted)
    with session(embedded, SERVICE, colleague, keys) as theirs:
        assert theirs.pull().saved == (), "what waits is leased to who is named"
        embedded.kit(SERVICE).open(_delivery_of(embedded, body.manifest.message))
        embedded.kit(COORDINATOR).recall(body.manifest.message, [embedded.party(SERVICE)], "safety")
        assert theirs.pull().notices == ()
    assert embedded.collect(SERVICE).notices


def test_a_recall_from_one_recipient_leaves_the_others_theirs(world: World) -> None:
    accepted = world.refer()
    world.arrived(accepted)
    for one in accepted[:2]:
        world.kit(COORDINATOR).recall(one.manifest.message, [world.party(SERVICE)], "safety")
    assert world.gets_nothing(SERVICE)
    assert len(world.read(COORDINATOR, 3)) == 3


def test_nobody_but_sender_and_coordinator_recalls_and_no_one_is_recalled_from_who_got_nothing(world: World) -> None:
    body, *_ = world.refer()
    message = body.manifest.message
    for other in (SERVICE, "health"):
        act = refusal(lambda other=other: world.kit(other).recall(message, None, "safety"))
        assert act.code == "not-available"
    stranger = refusal(lambda: world.kit(SENDER).recall(message, [world.party("health")], "safety"))
    assert stranger.code == "act-not-allowed", "who names recipients learns who they are: the coordinator alone may"
    stranger = refusal(lambda: world.kit(COORDINATOR).recall(message, [world.party("health")], "safety"))
    assert stranger.code == "not-available"
    assert None not in _headers(world, message)


def _delivery_of(world: World, message: MessageId) -> DeliveryId:
    """Collect what waits for the service and return the delivery of this message."""
    world.collect(SERVICE, 2)
    (item,) = (item for item in world.kit(SERVICE).inbox.items() if item.message == message)
    return item.delivery


def _delivery(world: World, delivery: DeliveryId) -> Delivery:
    async def look(uow: UnitOfWork) -> Delivery | None:
        return await uow.messages.delivery(delivery)

    found = world.peek(look)
    assert found is not None
    return found


def _headers(world: World, message: MessageId) -> list[bytes | None]:
    async def look(uow: UnitOfWork) -> list[bytes | None]:
        return [await uow.messages.header(one.id) for one in await uow.messages.deliveries(message)]

    return world.peek(look)
