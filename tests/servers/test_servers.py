"""The test servers do what the tests that break them rely on."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import asyncpg
import psutil
import pytest
from aio_pika.exceptions import ChannelNotFoundEntity

from tests.servers.child import answers
from tests.servers.postgres import (
    PostgresNode,
    PostgresServer,
    bundled_programs,
    database_name,
    private_postgres,
    system_programs,
)
from tests.servers.programs import Missing, Program, install_line, missing
from tests.servers.rabbitmq import RabbitNode, private_rabbitmq, reachable

pytestmark = pytest.mark.servers


@pytest.fixture(params=[system_programs, bundled_programs])
def postgres(request: pytest.FixtureRequest) -> Iterator[PostgresNode]:
    """Return a PostgreSQL of our own: once the system's, if it has one, and once the bundled one."""
    programs = request.param()
    if programs is None and request.param is system_programs:
        pytest.skip("this system has no PostgreSQL; the bundled one is tested")
    with private_postgres(programs) as node:
        yield node


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[RabbitNode]:
    """Return a RabbitMQ of our own, shared by the tests of this file."""
    with private_rabbitmq() as node:
        yield node


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def keep(url: str, body: bytes) -> None:
    """Publish `body`, durable and confirmed, to the quorum queue `kept`."""
    async with await aio_pika.connect(url, timeout=10) as connection:
        channel = await connection.channel()
        await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key="kept", timeout=10)


async def kept(url: str) -> bytes:
    """Return what the queue `kept` holds; its count is 0 until a restarted node has elected the queue's leader."""
    async with await aio_pika.connect(url, timeout=10) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue("kept")
        async with queue.iterator(timeout=30) as messages:
            return (await anext(messages)).body


async def test_what_postgres_committed_survives_a_kill_and_not_a_wipe(postgres: PostgresNode) -> None:
    url = postgres.fresh_database()
    await execute(url, "CREATE TABLE seen (number int)")
    postgres.kill()
    assert not postgres.server.reachable()
    postgres.start()
    await execute(url, "INSERT INTO seen VALUES (1)")
    postgres.wipe_and_restart()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await execute(url, "SELECT 1")


async def test_a_frozen_postgres_answers_only_after_it_thaws(postgres: PostgresNode) -> None:
    connection = await asyncpg.connect(postgres.url.replace("+asyncpg", ""))
    postgres.freeze()
    answer = asyncio.create_task(connection.fetchval("SELECT 1"))
    done, _ = await asyncio.wait([answer], timeout=0.3)
    assert not done
    postgres.thaw()
    assert await answer == 1
    await connection.close()


async def test_a_fresh_database_can_be_a_copy_of_a_prepared_one(postgres_server: PostgresServer) -> None:
    prepared = postgres_server.fresh_database()
    await execute(prepared, "CREATE TABLE seen (number int)")
    copy = postgres_server.fresh_database(template=database_name(prepared))
    await execute(copy, "INSERT INTO seen VALUES (1)")
    assert database_name(copy) != database_name(prepared)
    for url in (copy, prepared):
        postgres_server.drop_database(url)


async def test_each_test_has_an_empty_database(postgres_url: str) -> None:
    await execute(postgres_url, "CREATE TABLE seen (number int)")


def test_what_a_private_server_kept_is_gone_afterwards() -> None:
    with private_postgres() as node:
        folder, port = node.folder, node.port
        assert folder.exists()
    assert not folder.exists()
    assert not answers(port)


async def test_confirmed_messages_survive_a_kill_of_rabbitmq_and_not_a_wipe(rabbitmq: RabbitNode) -> None:
    await keep(rabbitmq.url, b"one")
    rabbitmq.wait_until_queues_are_on_disk()
    rabbitmq.kill()
    assert not answers(rabbitmq.port)
    rabbitmq.start()
    assert await kept(rabbitmq.url) == b"one"
    rabbitmq.wipe_and_restart()
    with pytest.raises(ChannelNotFoundEntity):
        await kept(rabbitmq.url)


async def test_a_frozen_rabbitmq_confirms_only_after_it_thaws(rabbitmq: RabbitNode) -> None:
    rabbitmq.freeze()
    publish = asyncio.create_task(keep(rabbitmq.url, b"two"))
    done, _ = await asyncio.wait([publish], timeout=0.3)
    assert not done
    rabbitmq.thaw()
    await publish


def test_rabbitmq_knows_no_guest_and_listens_to_this_machine_alone(rabbitmq: RabbitNode) -> None:
    assert not reachable(f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}/tests")
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in psutil.Process().children(recursive=True)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and process.name() == "beam.smp"
    }
    assert listening
    assert {ip for ip, _ in listening} == {"127.0.0.1"}


async def test_the_shared_rabbitmq_lets_the_tests_in(amqp_url: str) -> None:
    async with await aio_pika.connect(amqp_url, timeout=10) as connection:
        assert not connection.is_closed


def test_every_program_of_the_full_run_is_here(age_program: Path) -> None:
    assert age_program.is_file()
    assert missing() == []


def test_a_missing_program_is_named_with_what_installs_it() -> None:
    here, absent = Program("coreutils", ("true",)), Program("no-such-package", ("no-such-program", "/no/such/program"))
    assert here.require().is_file()
    with pytest.raises(Missing, match=r"no-such-package is not installed.*apt-get install -y no-such-package"):
        absent.require()
    assert install_line([here, absent]).endswith("apt-get install -y coreutils no-such-package")
