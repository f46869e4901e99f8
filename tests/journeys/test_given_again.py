"""What the office took back from one recipient by mistake it gives again, and corrections of it follow."""

from agencies.kit.acceptance import Accepted
from agencies.kit.headings import recipients_of, shareable, wrap_for
from agencies.names import DeliveryId, MessageId
from crypto import age
from tests.factories import a_referral
from tests.journeys.test_case_messages import HEALTH, POLICE, a_case, a_note, send
from tests.journeys.test_corrections import corrected, involved
from tests.journeys.test_entered_at_the_gateway import A_SECOND
from tests.journeys.test_who_gets_corrections import DAY, corrected_referral, recipients
from tests.journeys.world import COORDINATOR, SERVICE, World, refusal

FOR_THE_SERVICE = ("referral", "safe-contact")


def taken_back(world: World) -> list[Accepted]:
    """Return a referral whose body and safe contact the service has read, and the office has taken back from it."""
    accepted = world.refer()
    world.arrived(accepted)
    assert set(world.read(SERVICE, 2)) == {*FOR_THE_SERVICE}
    world.collect(COORDINATOR, 3)
    for one in accepted[:2]:
        world.kit(COORDINATOR).recall(one.manifest.message, [world.party(SERVICE)], "wrong-recipient")
    return accepted


def give_again(world: World, accepted: list[Accepted]) -> None:
    """The office has shared body and safe contact with the service, and they are in its mailbox."""
    office, service, case = world.kit(COORDINATOR), world.party(SERVICE), accepted[0].manifest.case
    for one in shareable(office, case, service):
        if one.message in messages(accepted):
            wrap_for(office, one, service, recipients_of(office, service, case), safe_contact=True)
    on_its_way = (service, "accepted")
    world.until(lambda: on_its_way not in {(row.recipient, row.state) for row in office.holdings(case)})


def messages(accepted: list[Accepted]) -> set[MessageId]:
    return {one.manifest.message for one in accepted[:2]}


def test_what_was_taken_back_from_one_by_mistake_and_destroyed_is_given_again_and_read(world: World) -> None:
    accepted = taken_back(world)
    for notice in world.collect(SERVICE, 2).notices:
        world.kit(SERVICE).answer_recall(notice.delivery)
    give_again(world, accepted)
    read = world.read(SERVICE, 2)
    assert {one.manifest.message for one in read.values()} == messages(accepted)
    assert world.logged(event="receive", outcome="permit")["agency"] == world.party(SERVICE)
    give_again(world, accepted)
    assert world.gets_nothing(SERVICE), "once again is enough"


def test_whoever_answers_the_recall_late_keeps_what_was_given_again(embedded: World) -> None:
    accepted = taken_back(embedded)
    notices = embedded.collect(SERVICE, 2).notices
    give_again(embedded, accepted)
    kit, given = embedded.kit(SERVICE), embedded.collect(SERVICE, 2).saved
    kit.open(given[0])
    for notice in notices:
        kit.answer_recall(notice.delivery)
    kit.open(given[1])
    assert {kit.read_again(delivery).manifest.message for delivery in given} == messages(accepted)


def test_given_again_and_taken_back_once_more_it_is_destroyed(embedded: World) -> None:
    accepted = taken_back(embedded)
    kit, office = embedded.kit(SERVICE), embedded.kit(COORDINATOR)
    give_again(embedded, accepted)
    embedded.collect(SERVICE, 4)
    message, again = accepted[0].manifest.message, newest_of(embedded, accepted[0].manifest.message)
    kit.open(again)
    office.recall(message, [embedded.party(SERVICE)], "safety")
    assert [one.delivery for one in embedded.collect(SERVICE).notices] == [again]
    kit.answer_recall(again)
    assert not kit.home.holds(message)


def test_a_case_whose_newest_referral_no_service_has_is_listed_until_one_has_it(world: World) -> None:
    accepted, office = taken_back(world), world.kit(COORDINATOR)
    listed = {"triage", "idva-service"}
    assert missing(world) == {accepted[0].manifest.case: {"idva-service"}}
    world.move(10 * DAY)
    a_case(world)
    assert missing(world) == {accepted[0].manifest.case: listed}, "what a service has is not listed"
    give_again(world, accepted)
    assert missing(world) == {accepted[0].manifest.case: {"triage"}}
    assert office.waiting().cases[0].stage != "looked-up"


def missing(world: World) -> dict[str, set[str]]:
    return {one.case: {*one.missing} for one in world.kit(COORDINATOR).waiting().cases}


def newest_of(world: World, message: MessageId) -> DeliveryId:
    return max(item.delivery for item in world.kit(SERVICE).inbox.items() if item.message == message)


def test_who_was_given_it_again_gets_the_corrections_and_before_that_none(world: World) -> None:
    accepted, service = taken_back(world), world.party(SERVICE)
    case, first = accepted[0].manifest.case, accepted[0].manifest.message
    second = corrected_referral(world, case, first, a_referral())
    assert not any(service in recipients(world, one) for one in second)
    world.collect(COORDINATOR, 3)
    world.move(A_SECOND)
    give_again(world, second)
    third = corrected_referral(world, case, second[0].manifest.message, a_referral())
    assert all(service in recipients(world, one) for one in third[:2])
    fourth = corrected_referral(world, case, third[0].manifest.message, a_referral())
    assert all(service in recipients(world, one) for one in fourth[:2])


def test_what_was_taken_back_from_one_and_then_from_everybody_is_put_right_for_that_one_too(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH, SERVICE), case)
    embedded.kit(COORDINATOR).recall(first.manifest.message, [embedded.party(HEALTH)], "wrong-recipient")
    embedded.move(A_SECOND)
    embedded.kit(POLICE).recall(first.manifest.message, None, "inaccurate")
    second = corrected(embedded, first, a_note(embedded, HEALTH, SERVICE), POLICE)
    assert embedded.party(HEALTH) in recipients(embedded, second)


def test_what_was_taken_back_from_everybody_since_is_given_to_nobody_again(embedded: World) -> None:
    accepted = taken_back(embedded)
    office, message = embedded.kit(COORDINATOR), accepted[0].manifest.message
    keys = [str(key) for key in office.refresh().recipients(embedded.party(SERVICE), embedded.clock())]
    header = header_for(embedded, message, keys)
    office.recall(message, None, "wrong-case")
    act = refusal(lambda: office.share(accepted[0].manifest.case, message, embedded.party(SERVICE), header, keys))
    assert act.code == "share-refused"


def header_for(world: World, message: MessageId, keys: list[str]) -> bytes:
    office = world.kit(COORDINATOR)
    (delivery,) = (item.delivery for item in office.inbox.items() if item.message == message)
    return office.unseal(delivery).header_for([age.parse_recipient(each) for each in keys])
