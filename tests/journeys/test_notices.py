"""A party is told that something waits for it, without a word of content, and never of what it may not have."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import HonourBased, Referral
from broker.ports import UnitOfWork
from broker.records import Channel
from tests.factories import a_referral, exclusions
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.conftest import MakeWorld
from tests.journeys.register import publish, with_entry
from tests.journeys.told import GAP, Told, mailbox, told_worlds
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, Stack, World, refusal

MakeTold = Callable[..., Told]
POLICE = "constabulary"


@pytest.fixture
def make_told(make_world: MakeWorld, tmp_path: Path) -> Iterator[MakeTold]:
    yield from told_worlds(make_world, tmp_path)


@pytest.fixture
def told(make_told: MakeTold) -> Told:
    """Return a world on SQLite whose area sends notices."""
    return make_told()


@pytest.fixture
def told_on(stack: Stack, make_told: MakeTold) -> Told:  # in this order: the world is closed before its stack
    """Return a world on either stack whose area sends notices."""
    return make_told(stack)


def test_an_agency_is_told_once_until_it_has_looked_and_not_too_soon_again(told_on: Told) -> None:
    world = told_on.world
    told_on.set(SERVICE, COORDINATOR)
    world.arrived(world.refer())
    told_on.until(lambda: told_on.at(SERVICE) == 1)
    entry = world.logged(event="notice", agency=world.party(SERVICE))
    assert (entry["outcome"], str(entry["rule"]).partition("/")[0]) == ("permit", "involved")
    world.move(GAP)
    world.collect(COORDINATOR, 3)
    world.arrived(world.refer())
    told_on.until(lambda: told_on.at(COORDINATOR) == 2)
    assert told_on.at(SERVICE) == 1, "it has not looked since"
    world.collect(SERVICE, 4)
    world.arrived(world.refer())
    world.move(GAP)
    told_on.until(lambda: told_on.at(SERVICE) == 2)
    world.collect(SERVICE, 2)
    world.collect(COORDINATOR, 6)
    world.arrived(world.refer(by=POLICE), POLICE)
    told_on.until(lambda: told_on.at(COORDINATOR) == 3)
    assert told_on.at(SERVICE) == 2, "it has looked, but a moment ago it was told"


def test_a_webhook_is_told_as_a_mailbox_is(told: Told) -> None:
    told.world.kit(SERVICE).set_notices(None, told.hook)
    told.world.arrived(told.world.refer())
    told.until(lambda: len(told.posted.posts) == 1)
    assert told.posted.posts[0].path == "/collect"
    assert told.mail.mails == []


def test_who_has_collected_already_is_not_told(told: Told) -> None:
    told.world.arrived(told.world.refer())
    told.world.collect(SERVICE, 2)
    told.set(SERVICE, COORDINATOR)
    told.until(lambda: told.at(COORDINATOR) == 1)
    assert told.at(SERVICE) == 0


@pytest.mark.parametrize("why", ["agency", "officer", "people", "closed"])
def test_who_may_not_have_what_waits_is_not_told_of_it(told: Told, why: str) -> None:
    world = told.world
    kept_out: dict[str, Exclusions] = {
        "agency": exclusions(agencies=[world.party(SERVICE)]),
        "officer": exclusions(officers=[world.officer(SERVICE)]),
        "people": exclusions(people=["His cousin, who volunteers somewhere"]),
    }
    closing = a_referral(honour_based=HonourBased(forced_marriage=True))
    referral: Referral | None = closing if why == "closed" else None
    told.set(SERVICE, COORDINATOR)
    world.arrived(world.refer(referral, kept_out.get(why)))
    told.until(lambda: told.at(COORDINATOR) == 1)
    assert told.at(SERVICE) == 0
    assert world.entries(event="notice", agency=world.party(SERVICE)) == []


def test_who_is_excluded_or_has_no_part_any_more_is_not_told_of_what_waited_before(told: Told) -> None:
    world = told.world
    first, second = (world.refer() for _ in range(2))
    world.arrived([*first, *second])
    office = world.kit(COORDINATOR)
    office.exclude(first[0].manifest.case, [world.party(SERVICE)])
    office.relate(second[0].manifest.case, world.party(SERVICE), "ended", "no-longer-involved")
    told.set(SERVICE, COORDINATOR)
    told.until(lambda: told.at(COORDINATOR) == 1)
    assert told.at(SERVICE) == 0
    office.exclude(first[0].manifest.case, [], lift=[world.party(SERVICE)])
    told.until(lambda: told.at(SERVICE) == 1)


@pytest.mark.parametrize("has_colleague", [True, False])
def test_of_a_recall_an_agency_is_told_if_any_officer_of_it_may_hear_though_another_is_excluded(
    told: Told, *, has_colleague: bool
) -> None:
    world, office = told.world, told.world.kit(COORDINATOR)
    if has_colleague:
        with_colleague(world, SERVICE)
    accepted = world.refer()
    world.arrived(accepted)
    for delivery in world.collect(SERVICE, 2).saved:
        world.kit(SERVICE).open(delivery)
    office.exclude(accepted[0].manifest.case, [world.officer(SERVICE)])
    office.recall(accepted[0].manifest.message, [world.party(SERVICE)], "safety")
    told.set(SERVICE, COORDINATOR)
    told.until(lambda: told.at(COORDINATOR) == 1 and told.at(SERVICE) == has_colleague)
    heard = world.entries(event="hear", agency=world.party(SERVICE), outcome="permit")
    assert [entry["officer"] for entry in heard] == [None] * has_colleague


def test_who_has_not_signed_the_agreement_can_neither_be_told_nor_ask_for_it(told: Told) -> None:
    kit = told.world.kit("harbour")
    assert refusal(lambda: kit.set_notices(mailbox("harbour"), None)).code == "isa-not-in-force"
    assert told.world.logged(event="notice-address", outcome="deny")["rule"] == "N2"


def test_the_address_of_who_leaves_the_register_is_destroyed(told: Told) -> None:
    world = told.world
    told.set(SERVICE, COORDINATOR)
    entry = world.area.members[SERVICE].entries[0]
    publish(world, with_entry(world, replace(entry, status="suspended")))
    world.arrived(world.refer())
    told.until(lambda: told.at(COORDINATOR) == 1)
    assert told.at(SERVICE) == 0
    assert _addresses(world) == [mailbox(SERVICE), mailbox(COORDINATOR)], "who is suspended may come back"
    _publish_third(world, replace(entry, status="removed", until=START))
    told.until(lambda: _addresses(world) == [mailbox(COORDINATOR)])


def test_what_does_not_get_through_is_tried_ever_later_and_shown_to_the_agency_and_to_the_office(told: Told) -> None:
    world = told.world
    told.posted.status = 500
    world.kit(SERVICE).set_notices(None, told.hook)
    world.arrived(world.refer())
    told.until(lambda: len(told.posted.posts) == 1)
    told.until(lambda: world.kit(SERVICE).notices().webhook.fault == "refused")  # type: ignore[union-attr]
    (failing,) = world.kit(COORDINATOR).notices().failing
    assert (failing.party, failing.channel, failing.fault) == (world.party(SERVICE), "webhook", "refused")
    assert "127.0.0.1" not in failing.model_dump_json(), "its address is its own business"
    assert world.kit(SENDER).notices().failing == ()
    for tries, minutes in ((2, 1), (3, 5), (4, 15), (5, 60), (6, 60)):
        world.move(timedelta(minutes=minutes))
        told.until(lambda tries=tries: len(told.posted.posts) == tries)
        told.until(lambda tries=tries: _failures(world) == tries)
    told.posted.status = 204
    world.move(timedelta(hours=1))
    told.until(lambda: len(told.posted.posts) == 7)
    told.until(lambda: world.kit(SERVICE).notices().webhook.failing_since is None)  # type: ignore[union-attr]
    assert world.kit(COORDINATOR).notices().failing == ()
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}, "nothing of it hindered the mailbox"


def test_a_notice_of_which_nothing_more_was_heard_goes_out_again(told: Told) -> None:
    """As a process leaves it that died between the notice and the record of it."""
    world = told.world
    told.set(SERVICE)

    async def die(uow: UnitOfWork) -> bool:
        (channel,) = await uow.notices.all()
        now = world.clock()
        return await uow.notices.claim(channel, now, now + timedelta(minutes=5))

    assert world.change(die)
    world.arrived(world.refer())
    told.set(COORDINATOR)
    told.until(lambda: told.at(COORDINATOR) == 1)
    assert told.at(SERVICE) == 0
    world.move(timedelta(minutes=5))
    told.until(lambda: told.at(SERVICE) == 1)


def test_an_address_is_shown_to_its_own_party_and_destroyed_when_it_is_taken_back(told: Told) -> None:
    kit = told.world.kit(SERVICE)
    kit.set_notices(mailbox(SERVICE), told.hook)
    shown = kit.notices()
    assert shown.email is not None
    assert shown.webhook is not None
    assert (shown.email.address, shown.webhook.address) == (mailbox(SERVICE), told.hook)
    kit.set_notices(mailbox("other"), None)
    assert _addresses(told.world) == [mailbox("other")]
    kit.set_notices(None, None)
    assert _addresses(told.world) == []
    assert (kit.notices().email, kit.notices().webhook) == (None, None)


@pytest.mark.parametrize(
    ("email", "webhook"),
    [
        ("desk@agency.example\r\nBcc: other@agency.example", None),
        ("desk", None),
        ("desk@agency.example, other@agency.example", None),
        (None, "http://hooks.agency.example/collect"),
        (None, "https://user:password@hooks.agency.example/collect"),
        (None, "https://hooks.agency.example/collect?key=secret"),
        (None, "https://2130706433/"),
    ],
)
def test_an_address_that_is_none_is_refused_with_a_pointer_and_nothing_of_it(
    told: Told, email: str | None, webhook: str | None
) -> None:
    problem = refusal(lambda: told.world.kit(SERVICE).set_notices(email, webhook))
    assert (problem.code, problem.pointer) == ("address-invalid", "/email" if email else "/webhook")
    assert "agency.example" not in f"{problem}{problem.help}"
    assert told.world.logged(event="notice-address", outcome="deny")["rule"] == "address-invalid"
    assert _addresses(told.world) == []


def test_an_area_promises_no_notice_that_it_does_not_send(embedded: World) -> None:
    kit = embedded.kit(SERVICE)
    for email, webhook in ((mailbox(SERVICE), None), (None, "https://hooks.agency.example/collect")):
        assert refusal(lambda e=email, w=webhook: kit.set_notices(e, w)).code == "channel-not-offered"
    kit.set_notices(None, None)


def test_where_proof_is_demanded_nobody_sets_an_address_in_the_agency_s_name_alone(make_told: MakeTold) -> None:
    strict = make_told(demand_proved=True)
    strict.world.kit(SERVICE).set_notices(mailbox(SERVICE), None)
    with session(strict.world, SERVICE, None) as nameless:
        assert refusal(lambda: nameless.set_notices(None, None)).code == "officer-required"


def _addresses(world: World) -> list[str]:
    return [channel.address for channel in _channels(world)]


def _failures(world: World) -> int:
    (channel,) = _channels(world)
    return channel.failures


def _channels(world: World) -> list[Channel]:
    async def look(uow: UnitOfWork) -> list[Channel]:
        return list(await uow.notices.all())

    return world.peek(look)


def _publish_third(world: World, changed: object) -> None:
    entries = with_entry(world, changed)  # type: ignore[arg-type]
    current = world.kit(COORDINATOR).refresh().register.note
    note = world.area.next_register(entries, current, world.clock().replace(microsecond=0))
    world.kit(COORDINATOR).publish_register(note)
