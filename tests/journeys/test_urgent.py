"""What is urgent goes first; what nobody collects in time is told to the coordinator's office, and to nobody else."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agencies.names import CaseRef
from broker.ports import UnitOfWork
from broker.records import Delivery
from tests.factories import a_referral, exclusions
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.conftest import MakeWorld
from tests.journeys.test_case_messages import a_case, a_request, ask, send
from tests.journeys.told import Told, told_worlds
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, Stack, World, refusal

MakeTold = Callable[..., Told]
LIMIT = timedelta(minutes=60)  # the setting's own
POLICE = "constabulary"


@pytest.fixture
def make_told(make_world: MakeWorld, tmp_path: Path) -> Iterator[MakeTold]:
    yield from told_worlds(make_world, tmp_path)


@pytest.fixture
def told_on(stack: Stack, make_told: MakeTold) -> Told:  # in this order: the world is closed before its stack
    """Return a world on either stack whose area sends notices."""
    return make_told(stack)


@pytest.fixture
def told(make_told: MakeTold) -> Told:
    return make_told()


def refer_urgently(world: World, **excluded: list[str]) -> CaseRef:
    """Return the case of an urgent referral that has arrived."""
    accepted = world.refer(a_referral(urgent=True), exclusions(**excluded) if excluded else None)
    world.arrived(accepted)
    return accepted[0].manifest.case


def listed(world: World) -> list[tuple[str, str]]:
    """Return what the coordinator is shown as not collected: agencies by short name, and cases."""
    shown = world.kit(COORDINATOR).uncollected().uncollected
    return [(one.agency.rpartition("/")[2], one.case) for one in shown]


def test_an_urgent_referral_is_leased_before_one_that_waits_longer(world: World) -> None:
    usual = world.refer()
    world.arrived(usual)
    urgent = refer_urgently(world)
    first = world.kit(SERVICE).lease(2, 0)
    manifests = {delivered.message: delivered for _, delivered in first.deliveries}
    assert len(manifests) == 2
    assert all(urgent in delivered.manifest for delivered in manifests.values())


def test_an_urgent_research_request_goes_first_and_its_agency_is_named_when_it_is_late(embedded: World) -> None:
    case = a_case(embedded)
    ask(embedded, case, POLICE)
    send(
        embedded,
        COORDINATOR,
        "research-request",
        a_request(embedded, POLICE).model_copy(update={"urgent": True}),
        case,
    )
    assert [each.urgent for each in _waiting(embedded, POLICE)] == [True, False]
    embedded.collect(COORDINATOR, 2)
    embedded.move(LIMIT)
    assert listed(embedded) == [(POLICE, case)]
    embedded.collect(POLICE, 2)
    assert listed(embedded) == []


def test_what_nobody_collects_in_time_is_told_to_the_office_once_though_it_has_not_looked(told_on: Told) -> None:
    world = told_on.world
    told_on.set(COORDINATOR)
    case = refer_urgently(world)
    told_on.until(lambda: told_on.at(COORDINATOR) == 1)
    assert listed(world) == []
    world.move(LIMIT)
    told_on.until(lambda: told_on.at(COORDINATOR) == 2)
    assert sorted(set(listed(world))) == [(COORDINATOR, case), (SERVICE, case)]
    entry = world.logged(event="escalate", case=case)
    assert entry["agency"] == world.party(COORDINATOR)
    world.move(LIMIT)
    world.collect(COORDINATOR, 3)
    told_on.set("health")
    world.arrived(world.refer())
    told_on.until(lambda: told_on.at(COORDINATOR) == 3)  # the new one: what was escalated is not told again
    assert len(world.entries(event="escalate", case=case)) == len(listed(world)) + 3
    assert listed(world) == [(SERVICE, case)] * 2
    world.collect(SERVICE, 4)
    assert listed(world) == []


def test_what_is_not_urgent_escalates_never(told: Told) -> None:
    told.set(COORDINATOR)
    told.world.arrived(told.world.refer())
    told.until(lambda: told.at(COORDINATOR) == 1)
    told.world.move(10 * LIMIT)
    assert listed(told.world) == []
    told.world.collect(COORDINATOR, 3)
    told.world.arrived(told.world.refer())
    told.until(lambda: told.at(COORDINATOR) == 2)
    assert told.world.entries(event="escalate") == []


def test_an_agency_that_may_not_have_it_any_more_is_not_named(embedded: World) -> None:
    first, second = refer_urgently(embedded), refer_urgently(embedded)
    embedded.collect(COORDINATOR, 6)
    office = embedded.kit(COORDINATOR)
    office.exclude(first, [embedded.party(SERVICE)])
    office.relate(second, embedded.party(SERVICE), "ended", "no-longer-involved")
    embedded.move(LIMIT)
    assert listed(embedded) == []
    office.relate(second, embedded.party(SERVICE), "involved", "involvement")
    assert listed(embedded) == [(SERVICE, second)] * 2


def test_people_excluded_in_words_do_not_hide_from_the_office_that_somebody_waits(embedded: World) -> None:
    case = refer_urgently(embedded, people=["His cousin, who volunteers somewhere"])
    embedded.collect(COORDINATOR, 3)
    embedded.move(LIMIT)
    assert listed(embedded) == [(SERVICE, case)] * 2


def test_only_the_offices_see_it_and_each_case_is_logged_as_looked_at(embedded: World) -> None:
    case = refer_urgently(embedded)
    embedded.move(LIMIT)
    for short in (SENDER, SERVICE, "governance"):
        assert refusal(embedded.kit(short).uncollected).code == "act-not-allowed"
    assert (SERVICE, case) in listed(embedded)
    assert embedded.logged(event="uncollected", outcome="permit")["case"] is None
    assert embedded.logged(event="view", outcome="permit")["case"] == case


def test_an_officer_of_the_office_who_is_excluded_does_not_see_the_case_and_the_office_is_told_all_the_same(
    told: Told,
) -> None:
    world = told.world
    colleague = with_colleague(world, COORDINATOR)
    told.set(COORDINATOR)
    case = refer_urgently(world, officers=[colleague])
    world.move(LIMIT)
    told.until(lambda: told.at(COORDINATOR) == 1)
    with session(world, COORDINATOR, colleague) as excluded:
        assert excluded.uncollected().uncollected == ()
    assert (SERVICE, case) in listed(world)
    assert world.entries(event="notice", case=case) == []


def test_what_escalates_is_told_again_until_the_office_got_it(told: Told) -> None:
    world = told.world
    told.posted.status = 500
    world.kit(COORDINATOR).set_notices(None, told.hook)
    case = refer_urgently(world)
    world.collect(COORDINATOR, 3)
    world.move(LIMIT)
    told.until(lambda: len(told.posted.posts) == 1)
    told.until(lambda: world.kit(COORDINATOR).notices().failing != ())
    assert not any(each.escalated_at for each in _late(world))
    told.posted.status = 204
    world.move(timedelta(minutes=1))
    told.until(lambda: len(told.posted.posts) == 2)
    told.until(lambda: all(each.escalated_at for each in _late(world)))
    assert listed(world) == [(SERVICE, case)] * 2


def _late(world: World) -> list[Delivery]:
    async def look(uow: UnitOfWork) -> list[Delivery]:
        now = world.clock()
        return list(await uow.messages.uncollected(now - LIMIT, now, 99))

    return world.peek(look)


def _waiting(world: World, short: str) -> list[Delivery]:
    from broker.records import Reach

    async def look(uow: UnitOfWork) -> list[Delivery]:
        found = await uow.messages.waiting(Reach(world.party(short), (), (), (), whole=False), 99, world.clock())
        held = [await uow.messages.glance(delivery) for delivery, _ in found]
        return [each for each in held if each is not None]

    return world.peek(look)
