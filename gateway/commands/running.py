"""A broker for the length of one command, and stopping it when the process is told to."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from broker import worker
from broker.settings import Settings
from broker.wiring import Broker, ServiceKeys, build_broker
from gateway.commands.outcome import wall_clock
from gateway.queues import declare_queues


@asynccontextmanager
async def open_broker(settings: Settings, keys: ServiceKeys) -> AsyncIterator[Broker]:
    """Yield the area's broker on the wall clock, and close it afterwards.

    Raises BrokerError if the database or the log is not fit.
    """
    broker = await build_broker(settings, wall_clock, keys)
    try:
        yield broker
    finally:
        await broker.close()


async def work(settings: Settings, keys: ServiceKeys) -> None:
    """Run the worker until the process is told to stop (SIGTERM, SIGINT)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stop.set)
    async with open_broker(settings, keys) as broker:
        await declare_queues(broker)
        await worker.run(broker, stop)
