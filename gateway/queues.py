"""What a service says when it starts and the message queue is not there: it goes on, and a person should know."""

from typing import Final

import structlog

from agencies.kit.terminal import warn
from broker.errors import QueueUnavailable
from broker.wiring import Broker

_LOG: Final = structlog.get_logger()


async def declare_queues(broker: Broker) -> None:
    """Every agency has its queue, or the log and a line on standard error say why not.

    It is no reason to end: submissions are accepted and wait, and go out once the queue answers.
    """
    try:
        await broker.declare_queues()
    except QueueUnavailable as error:
        _LOG.warning("loop_failed", code=error.code)
        warn(f"{error}: what is accepted waits; check RabbitMQ, and address, user and password in MARAC_AMQP_URL")
