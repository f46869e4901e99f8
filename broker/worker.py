"""The worker: relay, mailbox, sequencer, sweeper, retention; each a loop that outlives what it depends on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from broker.errors import BrokerError, ClockUnsafe, TooMuchDue
from broker.services.desk import Bell
from broker.wiring import Broker
from crypto.errors import CryptoError

RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)  # between failures of one loop; the last for as long as they go on
_log = structlog.get_logger("broker.worker")


@dataclass(frozen=True, slots=True)
class Loop:
    """One thing the worker does again and again.

    round_    does a batch and returns how many items; rounds follow at once while there are any
    bell      wakes it early
    pause_s   how long it waits after an empty round
    """

    name: str
    round_: Callable[[], Awaitable[int]]
    pause_s: float
    bell: Bell | None = None


def loops_of(broker: Broker) -> tuple[Loop, ...]:
    """Return everything a worker does, in the order of a message's way."""
    desk = broker.desk
    return (
        Loop("relay", broker.relay, 1.0, desk.outgoing),
        Loop("mailbox", lambda: broker.fill_mailbox(1.0), 0.0),
        Loop("dead-letters", broker.bury_dead_letters, 5.0),
        Loop("sequencer", broker.sequence, 0.5, desk.logged),
        Loop("republish", broker.republish, broker.settings.republish_after_s / 4),
        # Slower than a kit that waits: who collects at once needs no notice.
        Loop("notices", broker.notify, 15.0, desk.clock_moved),
        Loop("flags", broker.lapse_flags, 60.0, desk.clock_moved),
        Loop("sweeper", broker.sweep, 60.0),
        Loop("schedule", broker.schedule_due, 60.0, desk.clock_moved),
        Loop("purge", broker.purge_due, 60.0, desk.clock_moved),
    )


async def run(broker: Broker, stop: asyncio.Event) -> None:
    """Run every loop until `stop` is set; a loop whose database or queue is away tries again by itself."""
    tasks = [asyncio.create_task(_repeat(loop, stop), name=loop.name) for loop in loops_of(broker)]
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()  # a loop that ends by itself is a fault: let it out, and the process with it
    finally:
        stopping.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)


async def _repeat(loop: Loop, stop: asyncio.Event) -> None:
    failures = 0
    while not stop.is_set():
        heard = 0 if loop.bell is None else loop.bell.rings  # what rings during the round is not missed
        try:
            count = await loop.round_()
            failures = 0
        except (ClockUnsafe, TooMuchDue) as alarm:
            # No failure that passes, but an alarm for a person: said each round, and everything else goes on.
            _log.error("destruction_stopped", loop=loop.name, code=alarm.code)
            count = 0
        except (BrokerError, CryptoError) as error:
            code = error.code if isinstance(error, BrokerError) else type(error).__name__
            _log.warning("loop_failed", loop=loop.name, code=code)
            await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1
            continue
        if count == 0:
            await _pause(loop, heard)


async def _pause(loop: Loop, heard: int) -> None:
    if loop.bell is None:
        await asyncio.sleep(loop.pause_s)
    else:
        await loop.bell.wait(loop.pause_s, heard)
