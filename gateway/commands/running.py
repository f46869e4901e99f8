"""A broker for the length of one command, and stopping it when the process is told to."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from broker import worker
from broker.errors import QueueUnavailable
from broker.settings import Settings
from broker.wiring import Broker, ServiceKeys, build_broker
from gateway.commands.outcome import wall_clock

_LOG: Final = structlog.get_logger()


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
        try:
            await broker.declare_queues()
        except QueueUnavailable as error:  # the relay declares what it needs once the queue is back
            _LOG.warning("loop_failed", code=error.code)
        await worker.run(broker, stop)
