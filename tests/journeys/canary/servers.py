"""The servers of one run, their own folders searched: PostgreSQL that logs all it is told, and RabbitMQ."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aio_pika
import asyncpg

from agencies.names import PartyId
from broker.queues.topology import dead_letter_queue, mailbox_queue
from broker.wiring import build_broker
from gateway.commands.outcome import wall_clock
from tests.journeys.canary.house import House
from tests.servers.postgres import PostgresNode, private_postgres
from tests.servers.rabbitmq import RabbitNode, private_rabbitmq

_TELL_ALL = (
    "log_statement = 'all'",
    "log_parameter_max_length = -1",
    "log_parameter_max_length_on_error = -1",
    "log_min_duration_statement = 0",
    "log_error_verbosity = 'verbose'",
)
CONTROL = "control"


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and RabbitMQ, nobody else's."""

    postgres: PostgresNode
    rabbitmq: RabbitNode

    @property
    def folders(self) -> Sequence[Path]:
        """All that they keep on the disk."""
        return [self.postgres.folder, self.rabbitmq.folder]

    @property
    def database_url(self) -> str:
        """The database of the run."""
        return self.postgres.fresh_database()

    def checkpoint(self) -> None:
        """What PostgreSQL had in its log and in its memory alone is in its tables' files."""
        asyncio.run(_execute(self.postgres.url, "CHECKPOINT"))

    def activity(self) -> bytes:
        """Return what anybody who may look at PostgreSQL's sessions sees."""
        return asyncio.run(_fetch(self.postgres.url, "SELECT a::text FROM pg_stat_activity a"))

    def plant(self, database_url: str, canary: str) -> None:
        """Put a canary in a row, in a value that is compressed, in a statement's parameter and in a queue's message."""
        asyncio.run(_plant_rows(database_url, canary))
        asyncio.run(_plant_message(self.rabbitmq.url, canary))
        self.checkpoint()


@contextmanager
def private_servers() -> Iterator[Servers]:
    """Both servers, running; PostgreSQL logs every statement with every parameter."""
    with private_postgres() as postgres, private_rabbitmq() as rabbitmq:
        for setting in _TELL_ALL:
            asyncio.run(_execute(postgres.url, f"ALTER SYSTEM SET {setting}"))
        asyncio.run(_execute(postgres.url, "SELECT pg_reload_conf()"))
        yield Servers(postgres, rabbitmq)


def relayed(house: House) -> list[bytes]:
    """Return every message that the relay has for RabbitMQ, headers and properties too; it stays in its queue.

    The worker must not run.
    """
    return asyncio.run(_relayed(house))


async def _relayed(house: House) -> list[bytes]:
    broker = await build_broker(house.settings, wall_clock, house.keys)
    try:
        await broker.declare_queues()
        while await broker.relay():
            pass
    finally:
        await broker.close()
    parties = [house.area.party(short) for short in house.area.members]
    async with await aio_pika.connect(house.settings.amqp_url, timeout=10) as connection:
        return await _queued(connection, parties)


async def _queued(connection: aio_pika.abc.AbstractConnection, parties: Sequence[PartyId]) -> list[bytes]:
    channel = await connection.channel()
    found = []
    for name in (name(party) for party in parties for name in (mailbox_queue, dead_letter_queue)):
        queue = await channel.get_queue(name)
        # Never settled: RabbitMQ puts them back when the connection ends.
        while message := await queue.get(fail=False, timeout=10):
            found += [message.body, repr(message.info()).encode(), repr(message.headers).encode()]
    return found


async def _plant_rows(url: str, canary: str) -> None:
    database = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)
    try:
        await database.execute(f"CREATE TABLE {CONTROL} (said text, long text, raw bytea)")
        await database.execute(
            f"INSERT INTO {CONTROL} VALUES ($1, $2, $3)",  # noqa: S608 - a name of our own
            canary, canary * 500, canary.encode(),
        )  # fmt: skip
    finally:
        await database.close()


async def _plant_message(url: str, canary: str) -> None:
    async with await aio_pika.connect(url, timeout=10) as connection:
        channel = await connection.channel()
        await channel.declare_queue(CONTROL, durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(b"", headers={"said": canary}, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, CONTROL, timeout=10)


async def _execute(url: str, statement: str) -> None:
    await _fetch(url, statement)


async def _fetch(url: str, statement: str) -> bytes:
    database = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)
    try:
        return "\n".join(str(row[0]) for row in await database.fetch(statement)).encode()
    finally:
        await database.close()
