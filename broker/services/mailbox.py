"""Mailbox: what comes out of the queues is marked available, durably, before the queue forgets it."""

from broker.ports import Queue
from broker.services.desk import Desk

BATCH = 64


async def fill_mailbox(desk: Desk, queue: Queue, timeout_s: float) -> int:
    """Mark a batch of letters available and return how many came.

    A crash between the commit and `settle` brings the letters again, which changes nothing.
    Raises QueueUnavailable, StoreUnavailable; letters not settled come again.
    """
    arrivals = await queue.receive(BATCH, timeout_s)
    if not arrivals:
        return 0
    async with desk.store.unit() as uow:
        await uow.outbox.arrived([arrival.delivery for arrival in arrivals], desk.now())
        await uow.commit()
    await queue.settle(arrivals)
    desk.mail.ring()
    return len(arrivals)


async def bury_dead_letters(desk: Desk, queue: Queue) -> int:
    """Record what the queue gave up on, so that sender and sweeper know; return how many."""
    arrivals = await queue.dead(BATCH)
    if not arrivals:
        return 0
    async with desk.store.unit() as uow:
        await uow.outbox.dead([arrival.delivery for arrival in arrivals])
        await uow.commit()
    await queue.settle(arrivals)
    return len(arrivals)
