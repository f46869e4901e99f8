"""What a message survives: a queue that is down, frozen or wiped, and a database that does not answer."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from broker.wiring import ServiceKeys, build_broker
from tests.factories import the_documents
from tests.journeys.conftest import BeginOn, MakeWorld
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, Stack, World, refusal
from tests.servers.postgres import PostgresNode, PostgresServer, private_postgres
from tests.servers.rabbitmq import RabbitNode, private_rabbitmq

Act = Callable[[], object]


@pytest.fixture(scope="module")
def rabbit() -> Iterator[RabbitNode]:
    """Return a RabbitMQ of this module's own, running."""
    with private_rabbitmq() as node:
        yield node


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresNode]:
    """Return a PostgreSQL of this module's own, running."""
    with private_postgres() as node:
        yield node


@pytest.mark.servers
def test_while_rabbitmq_is_down_submissions_are_accepted_and_they_go_out_when_it_is_back(
    make_world: MakeWorld, rabbit: RabbitNode
) -> None:
    rabbit.kill()
    world = make_world(Stack(amqp_url=rabbit.url))
    body, *_ = world.refer()
    assert world.kit(SENDER).status(body.manifest.message) == "accepted"
    assert world.gets_nothing(SERVICE)
    rabbit.start()
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}
    rabbit.wait_until_queues_are_on_disk()
    rabbit.kill()
    second = world.refer()
    rabbit.start()
    world.arrived(second)
    assert len(world.collect(COORDINATOR, 6).saved) == 6


@pytest.mark.servers
def test_a_wiped_rabbitmq_heals_by_itself_what_it_had_confirmed_comes_all_the_same(
    make_world: MakeWorld, rabbit: RabbitNode
) -> None:
    rabbit.stop()
    world = make_world(Stack(amqp_url=rabbit.url), republish_after_s=5)
    accepted = world.refer()
    world.stop()
    rabbit.start()
    assert asyncio.run(_publish_and_stop(world)) == 5
    rabbit.wipe_and_restart()
    world.start()
    assert world.kit(SENDER).status(accepted[0].manifest.message) == "accepted"
    world.move(timedelta(seconds=6))
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}
    assert len(world.collect(COORDINATOR, 3).saved) == 3


@pytest.mark.servers
def test_while_postgresql_is_down_the_gateway_says_so_and_nothing_it_acknowledged_is_lost(
    make_world: MakeWorld, postgres: PostgresNode, begun_on: BeginOn
) -> None:
    world = make_world(Stack(database_url=begun_on(postgres.server)))
    _survives(world, postgres.kill, postgres.start)


@pytest.mark.servers
def test_the_worker_outlives_connections_that_are_cut_at_any_moment(
    postgres_server: PostgresServer, begun_on: BeginOn, make_world: MakeWorld
) -> None:
    url = begun_on(postgres_server)
    world = make_world(Stack(database_url=url))
    for _ in range(20):
        postgres_server.cut_connections(url)
    accepted = world.refer()
    world.arrived(accepted)
    assert world.logged(event="submit")["case"] == accepted[0].manifest.case
    world.close()
    postgres_server.drop_database(url)


def test_while_sqlite_is_held_by_somebody_else_the_gateway_says_so_and_nothing_is_lost(embedded: World) -> None:
    holder = sqlite3.connect(embedded.database_file, isolation_level=None)
    try:
        _survives(embedded, lambda: holder.execute("BEGIN IMMEDIATE"), lambda: holder.execute("ROLLBACK"))
    finally:
        holder.close()


def _survives(world: World, fails: Act, returns: Act) -> None:
    before = world.refer()
    world.arrived(before)
    kit = world.kit(SENDER)
    composed = kit.prepare(the_documents())
    fails()
    problem = refusal(lambda: kit.submit(composed))
    assert (problem.code, problem.retry) == ("store-unavailable", "later")
    assert "01632 960100" in problem.help
    assert "999" in problem.help
    returns()
    accepted = kit.submit(composed)
    world.arrived(accepted)
    assert len(world.collect(COORDINATOR, 6).saved) == 6
    assert len(world.read(SERVICE, 4)) == 2


async def _publish_and_stop(world: World) -> int:
    """Publish what is in the outbox, as a worker that dies before its mailbox sees any of it."""
    broker = await build_broker(
        world.settings,
        world.clock,
        ServiceKeys(world.area.gateway, world.area.log, world.area.index),
        clock_is_injected=True,
    )
    try:
        return await broker.relay()
    finally:
        await broker.close()
