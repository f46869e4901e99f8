"""RabbitMQ's exchanges and queues: what each is called and with which guarantees it is declared."""

from aiormq.abc import ArgumentsType

from agencies.names import PartyId, parse_party_id

DEAD_LETTER_EXCHANGE = "marac.dead"
# A party id has at most 248 characters, so with either prefix it stays within AMQP's 255.
_MAILBOX = "inbox:"
_DEAD = "dead:"


def mailbox_queue(recipient: PartyId) -> str:
    """Return the name of the queue that leads to the recipient's mailbox."""
    return _MAILBOX + recipient


def dead_letter_queue(recipient: PartyId) -> str:
    """Return the name of the queue for what could not be brought to the recipient's mailbox."""
    return _DEAD + recipient


def recipient_of(queue: str) -> PartyId:
    """Return whose queue (or dead-letter queue) it is.

    Raises Malformed for a name that no queue of ours has.
    """
    return parse_party_id(queue.removeprefix(_MAILBOX).removeprefix(_DEAD))


def mailbox_arguments(recipient: PartyId, delivery_limit: int) -> ArgumentsType:
    """Return the arguments of a mailbox queue: replicated, and nothing leaves it unless settled or dead-lettered."""
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": delivery_limit,
        "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE,
        # Explicit: by default a dead letter keeps its first routing key, whichever queue it died in.
        "x-dead-letter-routing-key": dead_letter_queue(recipient),
        # A letter leaves only once the dead-letter queue has it; RabbitMQ grants that with reject-publish alone.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def dead_letter_arguments() -> ArgumentsType:
    """Return the arguments of a dead-letter queue: replicated, and what is in it stays until it is settled."""
    return {"x-queue-type": "quorum", "x-overflow": "reject-publish"}
