"""RabbitMQ down, killed, frozen, wiped: told quickly, healed without a restart of ours."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aio_pika
import pytest

from agencies.names import PartyId
from broker.errors import QueueUnavailable
from broker.ports import Queue
from broker.queues import topology
from broker.queues.rabbitmq import RabbitQueue
from broker.records import Arrival, Letter
from crypto.draw import draw_symbols
from tests.ports.conftest import DELIVERY_LIMIT
from tests.ports.makers import AREA, a_letter, until
from tests.servers.child import free_port
from tests.servers.rabbitmq import RabbitNode, private_rabbitmq

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitNode]:
    """Return a node that only this file uses, and that each test leaves running."""
    with private_rabbitmq() as started:
        yield started


@pytest.fixture
def mine() -> PartyId:
    """Return a recipient whose queues no other test uses."""
    return PartyId(f"{AREA}/agency/{draw_symbols('abcdefgh', 12)}")


@asynccontextmanager
async def opened(*urls: str) -> AsyncIterator[Queue]:
    queue = RabbitQueue(urls, DELIVERY_LIMIT)
    try:
        yield queue
    finally:
        await queue.close()


async def received(queue: Queue, count: int) -> list[Arrival]:
    """Return `count` arrivals, however often the queue does not answer meanwhile."""
    arrivals: list[Arrival] = []

    async def enough() -> bool:
        try:
            arrivals.extend(await queue.receive(count - len(arrivals), 1.0))
        except QueueUnavailable:
            return False
        return len(arrivals) >= count

    await until(enough, 60)
    return arrivals


async def published(queue: Queue, letter: Letter) -> None:
    """Return once the letter is confirmed, however often the queue does not answer meanwhile."""

    async def confirmed() -> bool:
        try:
            return list(await queue.publish([letter])) == [letter.delivery]
        except QueueUnavailable:
            return False

    await until(confirmed, 60)


async def test_a_letter_that_no_queue_takes_is_not_confirmed(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        known, unknown = a_letter(mine), a_letter(PartyId(f"{mine}-2"))
        assert list(await queue.publish([unknown, known])) == [known.delivery]
        assert list(await queue.publish([a_letter(PartyId(f"{mine}-2"))])) == []


async def test_a_confirmed_letter_survives_the_death_of_its_node(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        # RabbitMQ 3.10 forgets a quorum queue that was declared in the seconds before it is killed; an orderly restart
        # writes it down, so that this test is about the letters.
        node.restart()
        letters = [a_letter(mine) for _ in range(10)]
        for letter in letters:
            await published(queue, letter)
        node.kill()
        node.start()
        arrivals = await received(queue, 10)
        assert {arrival.delivery for arrival in arrivals} == {letter.delivery for letter in letters}
        await queue.settle(arrivals)


async def test_down_is_told_within_five_seconds_and_up_again_needs_no_restart(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        node.stop()
        letter = a_letter(mine)
        for attempt in (
            queue.publish([letter]),
            queue.declare([PartyId(f"{mine}-2")]),
            queue.receive(1, 1.0),
            queue.dead(1),
        ):
            began = time.monotonic()
            with pytest.raises(QueueUnavailable):
                await attempt
            assert time.monotonic() - began < 6
        node.start()
        assert list(await queue.publish([letter])) == [letter.delivery]
        # What was asked for while it was down is there too.
        assert list(await queue.publish([a_letter(PartyId(f"{mine}-2"))])) != []


async def test_a_node_that_freezes_is_told_within_five_seconds(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        node.freeze()
        began = time.monotonic()
        with pytest.raises(QueueUnavailable):
            await queue.publish([a_letter(mine) for _ in range(3)])
        assert time.monotonic() - began < 6
        node.thaw()
        letter = a_letter(mine)
        await published(queue, letter)


async def test_who_waits_for_letters_notices_a_wiped_node_and_goes_on(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        lost = a_letter(mine)
        await queue.publish([lost])
        node.wipe_and_restart()
        again = a_letter(mine, lost.delivery)
        await published(queue, again)
        arrivals = await received(queue, 1)
        assert [arrival.delivery for arrival in arrivals] == [lost.delivery]
        await queue.settle(arrivals)


async def test_a_queue_deleted_on_a_running_node_is_declared_again(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        assert list(await queue.receive(1, 0.0)) == []
        connection = await aio_pika.connect(node.url, timeout=5)
        channel = await connection.channel()
        await channel.queue_delete(topology.mailbox_queue(mine), if_unused=False, if_empty=False)
        await connection.close()
        letter = a_letter(mine)
        await published(queue, letter)
        arrivals = await received(queue, 1)
        assert arrivals[0].delivery == letter.delivery
        await queue.settle(arrivals)


async def test_the_second_node_is_asked_where_the_first_does_not_answer(node: RabbitNode, mine: PartyId) -> None:
    async with opened(f"amqp://nobody:nothing@127.0.0.1:{free_port()}/", node.url) as queue:
        await queue.declare([mine])
        assert len(await queue.publish([a_letter(mine)])) == 1


async def test_a_letter_given_out_and_never_settled_is_given_out_again(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        await queue.publish([a_letter(mine)])
        first = await received(queue, 1)
        again = await received(queue, 1)
        assert first == again
        await queue.settle(again)


async def test_a_wrong_password_is_unavailable_and_told_without_it(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url.replace("amqp://marac:", "amqp://marac:wrong")) as queue:
        with pytest.raises(QueueUnavailable) as caught:
            await queue.declare([mine])
    assert "wrong" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("foreign", [None, "", "made up", "\x00", "0199f2b1-5c1e-7c52-9d52-0a6f3b1f6a1\x00"])
async def test_a_message_that_is_none_of_ours_is_discarded_and_the_next_letter_comes(
    node: RabbitNode, mine: PartyId, foreign: str | None
) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        async with await aio_pika.connect(node.url, timeout=5) as connection:
            exchange = (await connection.channel()).default_exchange
            for name in (topology.mailbox_queue(mine), topology.dead_letter_queue(mine)):
                await exchange.publish(aio_pika.Message(b"", correlation_id=foreign), name, timeout=5)
            letter = a_letter(mine)
            await published(queue, letter)
            assert list(await queue.dead(5)) == []
            arrivals = await received(queue, 1)
            assert [arrival.delivery for arrival in arrivals] == [letter.delivery]
            await queue.settle(arrivals)

            async def empty() -> bool:
                channel = await connection.channel()
                names = topology.mailbox_queue(mine), topology.dead_letter_queue(mine)
                held = [await channel.declare_queue(name, passive=True, timeout=5) for name in names]
                await channel.close()
                return list(await queue.dead(5)) == [] and not any(one.declaration_result.message_count for one in held)

            await until(empty)


async def test_a_letter_on_the_way_names_nobody_and_is_kept_on_disk(node: RabbitNode, mine: PartyId) -> None:
    async with opened(node.url) as queue:
        await queue.declare([mine])
        letter = a_letter(mine)
        await queue.publish([letter])
        connection = await aio_pika.connect(node.url, timeout=5)
        async with connection:
            channel = await connection.channel()
            held = await (await channel.get_queue(topology.mailbox_queue(mine), ensure=False)).get(timeout=5)
            assert held is not None
            assert (held.body, held.message_id, held.correlation_id) == (letter.body, letter.id, letter.delivery)
            assert held.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
            assert set(held.headers) <= {"x-delivery-count"}
            await held.nack(requeue=True)


async def test_a_wrong_password_is_told_as_that_and_not_repeated(node: RabbitNode, mine: PartyId) -> None:
    user, _, place = node.url.removeprefix("amqp://").partition("@")
    async with opened(f"amqp://{user.partition(':')[0]}:not-it@{place}") as queue:
        with pytest.raises(QueueUnavailable, match="refuses this user or password") as caught:
            await queue.declare([mine])
    assert "not-it" not in str(caught.value)
