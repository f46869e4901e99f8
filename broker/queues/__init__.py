"""The way of letters from outbox to mailbox: RabbitMQ, or the broker's own database."""

from collections.abc import Callable
from datetime import datetime

from broker.ports import Queue, Store
from broker.queues.embedded import EmbeddedQueue
from broker.queues.rabbitmq import RabbitQueue

__all__ = ["open_queue"]


def open_queue(amqp_url: str, store: Store, clock: Callable[[], datetime], delivery_limit: int) -> Queue:
    """Return the queue on RabbitMQ, or the one in `store` where no URL is given; nothing is connected yet.

    amqp_url   one node, or several of one cluster, comma-separated
    """
    if not amqp_url:
        return EmbeddedQueue(store, clock, delivery_limit)
    return RabbitQueue([url.strip() for url in amqp_url.split(",")], delivery_limit)
