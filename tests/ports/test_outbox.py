"""From the outbox into the mailbox, again where it was lost; on SQLite and on PostgreSQL."""

import asyncio

from agencies.names import DeliveryId
from broker.lifecycle import DeliveryState
from broker.ports import Store
from broker.records import Addressed
from tests.ports.makers import COORDINATOR, HOUSING, IDVA, NOW, a_message, a_ref, accepted, after, in_mailbox

LATER = after(minutes=5)


async def test_letters_leave_in_the_order_of_acceptance_with_fresh_ids(store: Store) -> None:
    messages = [a_message(a_ref(), [IDVA, COORDINATOR]) for _ in range(3)]
    await accepted(store, *messages)
    async with store.unit() as unit:
        first, again = await unit.outbox.take(4), await unit.outbox.take(4)
    assert [letter.delivery for letter in first] == [one for message in messages for one in _ids(message)][:4]
    assert [letter.recipient for letter in first] == [IDVA, COORDINATOR, IDVA, COORDINATOR]
    assert len({letter.id for letter in (*first, *again)}) == 8


async def test_a_small_payload_travels_and_a_large_one_stays(store: Store) -> None:
    small, large = a_message(a_ref(), payload=bytes(256 * 1024)), a_message(a_ref(), payload=bytes(256 * 1024 + 1))
    await accepted(store, small, large)
    async with store.unit() as unit:
        bodies = [letter.body for letter in await unit.outbox.take(9)]
    assert bodies == [small.payload, b""]


async def test_what_was_sent_leaves_the_outbox_and_what_arrived_waits(store: Store) -> None:
    message = a_message(a_ref())
    await accepted(store, message)
    async with store.unit() as unit:
        await unit.outbox.sent(_ids(message), NOW)
        assert list(await unit.outbox.take(9)) == []
        await unit.outbox.arrived([*_ids(message), DeliveryId("unknown")], LATER)
        await unit.outbox.arrived(_ids(message), after(hours=1))
        held = await unit.messages.delivery(_ids(message)[0])
    assert held is not None
    assert (held.state, held.published_at, held.available_at) == (DeliveryState.WAITING, NOW, LATER)


async def test_a_letter_that_arrives_before_it_counts_as_sent_waits_all_the_same(store: Store) -> None:
    message = a_message(a_ref())
    await accepted(store, message)
    async with store.unit() as unit:
        await unit.outbox.arrived(_ids(message), NOW)
        await unit.outbox.sent(_ids(message), LATER)
        held = await unit.messages.delivery(_ids(message)[0])
    assert held is not None
    assert (held.state, held.published_at) == (DeliveryState.WAITING, LATER)


async def test_only_what_never_arrived_can_be_dead(store: Store) -> None:
    arrived, lost = a_message(a_ref()), a_message(a_ref())
    await in_mailbox(store, arrived)
    await accepted(store, lost)
    async with store.unit() as unit:
        await unit.outbox.dead([*_ids(arrived), *_ids(lost)])
        states = [await unit.messages.delivery(_ids(message)[0]) for message in (arrived, lost)]
    assert [held and held.state for held in states] == [DeliveryState.WAITING, DeliveryState.DEAD_LETTERED]


async def test_what_the_queue_gave_up_on_is_published_again_and_arrives(store: Store) -> None:
    message = a_message(a_ref())
    await accepted(store, message)
    async with store.unit() as unit:
        await unit.outbox.sent(_ids(message), NOW)
        await unit.outbox.dead(_ids(message))
        assert await unit.outbox.republish(LATER, 9) == 1
        assert [letter.delivery for letter in await unit.outbox.take(9)] == _ids(message)
        await unit.outbox.sent(_ids(message), LATER)
        await unit.outbox.arrived(_ids(message), LATER)
        held = await unit.messages.delivery(_ids(message)[0])
    assert held is not None
    assert (held.state, held.available_at) == (DeliveryState.WAITING, LATER)


async def test_what_was_published_and_never_arrived_is_published_again_once(store: Store) -> None:
    lost, arrived, unpublished = (a_message(a_ref()) for _ in range(3))
    await accepted(store, lost)
    await in_mailbox(store, arrived)
    async with store.unit() as unit:
        await unit.outbox.sent(_ids(lost), NOW)
        await unit.commit()
    await accepted(store, unpublished)
    async with store.unit() as unit:
        assert await unit.outbox.republish(NOW, 9) == 0  # not long enough ago
        assert await unit.outbox.republish(LATER, 9) == 1
        assert await unit.outbox.republish(LATER, 9) == 0
        assert {letter.delivery for letter in await unit.outbox.take(9)} == {*_ids(lost), *_ids(unpublished)}


async def test_two_relays_at_once_never_take_the_same_row(store: Store) -> None:
    await accepted(store, *(a_message(a_ref()) for _ in range(12)))

    async def relay() -> list[DeliveryId]:
        async with store.unit() as unit:
            taken = [letter.delivery for letter in await unit.outbox.take(3)]
            await asyncio.sleep(0)
            await unit.outbox.sent(taken, NOW)
            await unit.commit()
            return taken

    taken = [one for found in await asyncio.gather(*(relay() for _ in range(6))) for one in found]
    assert len(taken) == len(set(taken)) == 12


def _ids(message: Addressed) -> list[DeliveryId]:
    return [delivery.id for delivery, _ in message.deliveries]


async def test_sending_arriving_and_recalling_the_same_messages_at_once_never_wait_for_each_other(store: Store) -> None:
    message = a_message(a_ref(), [IDVA, COORDINATOR, HOUSING])
    await accepted(store, message)
    ids = _ids(message)

    async def send(order: list[DeliveryId]) -> None:
        async with store.unit() as unit:
            await unit.outbox.sent(order, NOW)
            await unit.outbox.arrived(order, NOW)
            await unit.commit()

    async def recall() -> None:
        async with store.unit() as unit:
            await unit.messages.recall(dict.fromkeys(ids), NOW)
            await unit.commit()

    await asyncio.gather(send(ids), send(ids[::-1]), recall(), send(ids[::-1]), recall(), send(ids))
    async with store.reader() as unit:
        assert {one.state for one in await unit.messages.deliveries(message.message.id)} == {DeliveryState.RECALLED}
