"""One way of letters, three kinds of queue: in SQLite, in PostgreSQL, and RabbitMQ. May repeat, never loses."""

import asyncio
from collections.abc import Sequence

import pytest

from agencies.names import DeliveryId, PartyId
from broker.ports import Queue
from broker.records import Arrival
from crypto.draw import draw_symbols
from tests.ports.conftest import DELIVERY_LIMIT, Clock, Queues
from tests.ports.makers import AREA, a_letter, until

PATIENCE_S = 20.0


@pytest.fixture
def recipient() -> PartyId:
    """Return a recipient whose queues no other test uses."""
    return PartyId(f"{AREA}/agency/{draw_symbols('abcdefgh', 12)}")


async def receive(queue: Queue, count: int, mine: PartyId) -> list[Arrival]:
    """Return `count` arrivals; what strays in from elsewhere fails the test."""
    arrivals: list[Arrival] = []

    async def enough() -> bool:
        arrivals.extend(await queue.receive(count - len(arrivals), 1.0))
        return len(arrivals) >= count

    await until(enough, PATIENCE_S)
    assert {arrival.recipient for arrival in arrivals} == {mine}
    return arrivals


async def dead_letters(queue: Queue, count: int) -> list[Arrival]:
    """Return `count` dead letters once they are there."""
    arrivals: list[Arrival] = []

    async def enough() -> bool:
        arrivals.extend(await queue.dead(count - len(arrivals)))
        return len(arrivals) >= count

    await until(enough, PATIENCE_S)
    return arrivals


def deliveries(arrivals: Sequence[Arrival]) -> set[DeliveryId]:
    return {arrival.delivery for arrival in arrivals}


async def test_what_is_published_is_received_once_settled_and_then_gone(queue: Queue, recipient: PartyId) -> None:
    letters = [a_letter(recipient) for _ in range(5)]
    await queue.declare([recipient])
    assert set(await queue.publish(letters)) == {letter.delivery for letter in letters}
    arrivals = await receive(queue, 5, recipient)
    assert deliveries(arrivals) == {letter.delivery for letter in letters}
    await queue.settle(arrivals)
    assert list(await queue.receive(9, 0.3)) == []


async def test_declaring_again_and_publishing_nothing_change_nothing(queue: Queue, recipient: PartyId) -> None:
    await queue.declare([recipient])
    await queue.declare([recipient])
    assert list(await queue.publish([])) == []
    assert list(await queue.receive(9, 0.0)) == []
    assert list(await queue.dead(9)) == []


async def test_no_more_than_asked_for_comes_at_once(queue: Queue, recipient: PartyId) -> None:
    await queue.declare([recipient])
    await queue.publish([a_letter(recipient) for _ in range(5)])
    first = await receive(queue, 2, recipient)
    rest = await receive(queue, 3, recipient)
    assert len(deliveries([*first, *rest])) == 5
    await queue.settle([*first, *rest])


async def test_who_waits_is_woken_by_a_letter(queue: Queue, recipient: PartyId) -> None:
    await queue.declare([recipient])
    assert list(await queue.receive(1, 0.0)) == []
    waiting = asyncio.create_task(queue.receive(1, PATIENCE_S))
    letter = a_letter(recipient)
    await queue.publish([letter])
    async with asyncio.timeout(PATIENCE_S / 2):
        arrivals = await waiting
    assert deliveries(arrivals) == {letter.delivery}
    await queue.settle(arrivals)


async def test_letters_for_several_recipients_come_through_one_call(queue: Queue, recipient: PartyId) -> None:
    other = PartyId(f"{recipient}-2")
    await queue.declare([recipient, other])
    await queue.publish([a_letter(recipient), a_letter(other)])
    arrivals: list[Arrival] = []

    async def both() -> bool:
        arrivals.extend(await queue.receive(9, 1.0))
        return {arrival.recipient for arrival in arrivals} == {recipient, other}

    await until(both, PATIENCE_S)
    await queue.settle(arrivals)


async def test_two_who_receive_never_get_the_same_letter(queues: Queues, recipient: PartyId) -> None:
    one, two = queues.open(), queues.open()
    await one.declare([recipient])
    await two.declare([recipient])
    letters = [a_letter(recipient) for _ in range(20)]
    await one.publish(letters)
    got: list[Arrival] = []

    async def all_here() -> bool:
        for queue in (one, two):
            arrivals = await queue.receive(3, 0.2)
            await queue.settle(arrivals)
            got.extend(arrivals)
        return len(got) >= 20

    await until(all_here, PATIENCE_S)
    assert len(got) == 20
    assert deliveries(got) == {letter.delivery for letter in letters}


async def test_what_was_not_settled_comes_again_after_a_restart(queues: Queues, recipient: PartyId) -> None:
    before = queues.open()
    await before.declare([recipient])
    letters = [a_letter(recipient) for _ in range(3)]
    await before.publish(letters)
    settled, *unsettled = await receive(before, 3, recipient)
    await before.settle([settled])
    await before.close()
    after = queues.open()
    await after.declare([recipient])
    again = await receive(after, 2, recipient)
    assert deliveries(again) == deliveries(unsettled)
    await after.settle(again)


async def test_letters_wait_while_nobody_is_there(queues: Queues, recipient: PartyId) -> None:
    publisher = queues.open()
    await publisher.declare([recipient])
    letter = a_letter(recipient)
    await publisher.publish([letter])
    await publisher.close()
    late = queues.open()
    await late.declare([recipient])
    arrivals = await receive(late, 1, recipient)
    assert deliveries(arrivals) == {letter.delivery}
    await late.settle(arrivals)


async def test_a_letter_refused_comes_again_and_in_the_end_is_dead(queue: Queue, recipient: PartyId) -> None:
    await queue.declare([recipient])
    letter = a_letter(recipient)
    await queue.publish([letter])
    for _ in range(DELIVERY_LIMIT + 1):
        arrivals = await receive(queue, 1, recipient)
        assert deliveries(arrivals) == {letter.delivery}
        await queue.refuse(arrivals)
    dead = await dead_letters(queue, 1)
    assert [(one.delivery, one.recipient) for one in dead] == [(letter.delivery, recipient)]
    assert list(await queue.receive(1, 0.2)) == []
    await queue.settle(dead)
    assert list(await queue.dead(1)) == []


async def test_a_dead_letter_that_nobody_recorded_comes_again(queues: Queues, recipient: PartyId) -> None:
    before = queues.open()
    await before.declare([recipient])
    await before.publish([a_letter(recipient)])
    for _ in range(DELIVERY_LIMIT + 1):
        await before.refuse(await receive(before, 1, recipient))
    dead = await dead_letters(before, 1)
    await before.close()
    after = queues.open()
    await after.declare([recipient])
    again = await dead_letters(after, 1)
    assert deliveries(again) == deliveries(dead)
    await after.settle(again)


async def test_closing_twice_is_closing(queue: Queue, recipient: PartyId) -> None:
    await queue.declare([recipient])
    await queue.close()
    await queue.close()


@pytest.mark.parametrize(
    "backend", ["embedded-sqlite", pytest.param("embedded-postgres", marks=pytest.mark.servers)], indirect=True
)
async def test_a_taker_that_says_nothing_is_given_up_after_a_while(
    queues: Queues, clock: Clock, recipient: PartyId
) -> None:
    killed, other = queues.open(), queues.open()
    letter = a_letter(recipient)
    await killed.publish([letter])
    await receive(killed, 1, recipient)
    assert list(await other.receive(1, 0.0)) == []
    clock.forward(10)
    assert deliveries(await other.receive(1, 0.0)) == {letter.delivery}


@pytest.mark.parametrize("backend", ["embedded-sqlite"], indirect=True)
async def test_a_letter_that_kills_every_taker_is_dead_in_the_end(
    queues: Queues, clock: Clock, recipient: PartyId
) -> None:
    queue = queues.open()
    letter = a_letter(recipient)
    await queue.publish([letter])
    for _ in range(DELIVERY_LIMIT + 1):
        assert deliveries(await queue.receive(1, 0.0)) == {letter.delivery}
        clock.forward(10)
    assert list(await queue.receive(1, 0.0)) == []
    assert deliveries(await queue.dead(1)) == {letter.delivery}


@pytest.mark.parametrize("backend", ["embedded-sqlite"], indirect=True)
async def test_the_same_letter_put_twice_is_one(queues: Queues, recipient: PartyId) -> None:
    queue = queues.open()
    letter = a_letter(recipient)
    await queue.publish([letter])
    await queue.publish([letter])
    assert len(await queue.receive(9, 0.0)) == 1
