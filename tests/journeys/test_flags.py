"""Flags: set by one message, under any other part that an agency has, and over by themselves on their day."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.person import Named
from agencies.names import CaseRef
from broker.store import open_store
from tests.journeys.conftest import BeginOn, MakeWorld
from tests.journeys.test_case_messages import NOTHING, POLICE, a_case, ask, send
from tests.journeys.world import COORDINATOR, Stack, World, refusal
from tests.servers.postgres import PostgresServer


def flag(world: World, case: CaseRef, until: date) -> None:
    document = FlagAndTag(victim=Named(name="Alex Invented"), reason="moved_here_not_high", flagged_until=until)
    send(world, COORDINATOR, "flag-and-tag", document, case)


def until(world: World, case: CaseRef, short: str) -> str | None:
    """Return until when a member holds a flag, as the coordinator is shown it."""
    flags = world.kit(COORDINATOR).case(case).flags
    return next((one.until for one in flags if one.party == world.party(short)), None)


def test_who_is_asked_and_knows_nothing_goes_back_to_its_flag(world: World) -> None:
    case = a_case(world)
    flag(world, case, date(2026, 12, 22))
    (delivery,) = world.collect(POLICE).saved
    ask(world, case, POLICE)
    world.collect(POLICE)
    send(world, POLICE, "research-return", NOTHING, case)
    assert world.kit(POLICE).open(delivery).manifest.document == "flag-and-tag"
    entry = world.logged(event="open", outcome="permit", agency=world.party(POLICE))
    assert str(entry["rule"]).startswith("for_information/")
    assert refusal(lambda: send(world, POLICE, "research-return", NOTHING, case)).code == "not-available"


def test_a_flag_lapses_on_its_day_once_in_the_log_and_releases_nothing_any_more(world: World) -> None:
    case = a_case(world)
    flag(world, case, date(2026, 11, 24))
    (delivery,) = world.collect(POLICE).saved
    assert world.kit(COORDINATOR).case(case).stage == "flagged"
    world.move(timedelta(days=3))
    assert world.logged(event="flag-lapsed")["case"] == case
    world.move(timedelta(days=3))
    assert len(world.entries(event="flag-lapsed")) == 1
    assert refusal(lambda: world.kit(POLICE).open(delivery)).code == "not-available"
    assert world.kit(COORDINATOR).case(case).stage == "referred"


def test_a_longer_flag_stays_and_a_part_that_is_ended_by_hand_ends_the_flag_with_it(embedded: World) -> None:
    case = a_case(embedded)
    flag(embedded, case, date(2027, 11, 22))
    flag(embedded, case, date(2026, 12, 22))
    assert (until(embedded, case, POLICE) or "").startswith("2027-11-23")
    office = embedded.kit(COORDINATOR)
    office.relate(case, embedded.party(POLICE), "ended", "no-longer-involved")
    assert until(embedded, case, POLICE) is None
    assert embedded.gets_nothing(POLICE)
    flag(embedded, case, date(2026, 12, 22))
    assert "flag-and-tag" in embedded.read(POLICE), "a new flag is for every agency that is not excluded"


def test_the_stage_of_a_case_follows_what_was_sent(embedded: World) -> None:
    case = a_case(embedded)
    office = embedded.kit(COORDINATOR)
    assert office.case(case).stage == "referred"
    ask(embedded, case, POLICE)
    assert office.case(case).stage == "researching"
    send(embedded, POLICE, "research-return", NOTHING, case)
    assert office.case(case).stage == "referred"


@pytest.mark.servers
def test_flags_lapse_with_their_cases_locked_in_the_order_of_the_leads_as_merges_lock_them(
    postgres_server: PostgresServer, begun_on: BeginOn, make_world: MakeWorld
) -> None:
    url = begun_on(postgres_server)
    world = make_world(Stack(database_url=url))
    leads = sorted(a_case(world, 0) for _ in range(2))
    world.move(timedelta(minutes=1))
    members = sorted(a_case(world, 0) for _ in range(2))
    for member, lead in zip(members, reversed(leads), strict=True):
        flag(world, member, date(2026, 11, 24))
        world.kit(COORDINATOR).post(f"/v1/cases/{lead}/merge", {"other": member})
    assert asyncio.run(_is_free_while_the_first_is_waited_for(world, *leads))
    world.until(lambda: len(world.entries(event="flag-lapsed")) == 2, pause_s=0.2)
    world.close()
    postgres_server.drop_database(url)


async def _is_free_while_the_first_is_waited_for(world: World, first: CaseRef, second: CaseRef) -> bool:
    """Let flags lapse while the first lead is locked; claim that who waits for it does not hold the second."""
    store = open_store(world.settings.database)
    watching = await asyncpg.connect(world.settings.database.replace("+asyncpg", ""), timeout=10)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    try:
        async with store.unit() as uow:
            assert await uow.cases.lock(first) is not None
            world.move(timedelta(days=3))
            async with asyncio.timeout(60):
                while not await watching.fetchval(waits):
                    pass
            free = await watching.fetchval("SELECT ref FROM cases WHERE ref = $1 FOR UPDATE SKIP LOCKED", second)
        return bool(free == second)
    finally:
        await watching.close()
        await store.close()
