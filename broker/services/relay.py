"""Relay: from the outbox to the queue, and again where it does not arrive. May repeat, never loses."""

from datetime import timedelta

from broker.ports import Queue
from broker.services.desk import Desk

BATCH = 64


async def relay(desk: Desk, queue: Queue) -> int:
    """Publish a batch of the outbox and return how many letters were confirmed.

    No transaction is open while the network is waited for. A crash between publish and `sent` publishes
    again, which the mailbox does not mind; one before leaves the outbox as it was.
    Raises QueueUnavailable; the outbox waits.
    """
    async with desk.store.unit() as uow:
        letters = await uow.outbox.take(BATCH)
    if not letters:
        return 0
    await queue.declare(sorted({letter.recipient for letter in letters}))
    confirmed = await queue.publish(letters)
    async with desk.store.unit() as uow:
        await uow.outbox.sent(confirmed, desk.now())
        await uow.commit()
    return len(confirmed)


async def republish(desk: Desk) -> int:
    """Put what was published long ago and never arrived in the outbox again: a wiped queue heals. Return how many."""
    before = desk.now() - timedelta(seconds=desk.settings.republish_after_s)
    async with desk.store.unit() as uow:
        again = await uow.outbox.republish(before, BATCH)
        await uow.commit()
    if again:
        desk.outgoing.ring()
    return again
