"""One connection to RabbitMQ with its channels, good until anything on it goes wrong; then another one is made."""

import asyncio
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, DeliveryMode, ExchangeType
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, DeliveryError, PublishError

from agencies.names import DeliveryId, PartyId
from broker.ports import Arrival, Letter
from broker.queues import topology
from broker.queues.tray import Tray

ANSWER_WITHIN_S = 5.0
GOODBYE_WITHIN_S = 1.0
# A node that froze is noticed after two of these.
_HEARTBEAT_S = 5
_PREFETCH = 16
NO_ANSWER = (AMQPError, ChannelInvalidStateError, OSError)


class Link:
    """One connection: what was declared on it, what came in over it, and whether it still stands.

    letters, dead   what came in
    """

    def __init__(self, serial: int, connection: AbstractConnection) -> None:
        self.letters = Tray()
        self.dead = Tray()
        self.broken = False
        self._serial = serial
        self._connection = connection
        self._declared: set[PartyId] = set()
        self._consumed: set[str] = set()

    async def open_channels(self) -> None:
        """Open a channel to publish with confirms on, and one to consume on."""
        # Without on_return_raises an unroutable letter would look like a confirmed one.
        self._publishing = await self._channel(publisher_confirms=True, on_return_raises=True)
        self._consuming = await self._channel(publisher_confirms=False, on_return_raises=False)
        await self._consuming.set_qos(prefetch_count=_PREFETCH, timeout=ANSWER_WITHIN_S)
        underlay = await self._consuming.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(self._break)
        self._connection.close_callbacks.add(self._break)

    async def declare(self, recipients: Sequence[PartyId], delivery_limit: int) -> None:
        """Each recipient's queue and dead-letter queue exist; those this link declared before are not asked again."""
        for recipient in recipients:
            if recipient not in self._declared:
                await self._declare(recipient, delivery_limit)
                self._declared.add(recipient)

    async def consume(self, *, letters: bool, dead: bool) -> None:
        """Letters (dead letters) of every declared recipient come in, to `letters` (to `dead`)."""
        for recipient in sorted(self._declared):
            if letters:
                await self._consume(topology.mailbox_queue(recipient), self.letters)
            if dead:
                await self._consume(topology.dead_letter_queue(recipient), self.dead)

    async def publish(self, letter: Letter) -> bool:
        """Publish a letter; True once a durable queue confirmed it. A link that fails to answer is broken."""
        message = aio_pika.Message(
            letter.body,
            # Returns are matched to publishes by this id alone: it must differ each time.
            message_id=letter.id,
            correlation_id=letter.delivery,
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        exchange = self._publishing.default_exchange
        queue = topology.mailbox_queue(letter.recipient)
        try:
            await exchange.publish(message, queue, mandatory=True, timeout=ANSWER_WITHIN_S)
        except PublishError:
            # No such queue. Where we did declare it the node has lost it: only a new link declares it again.
            self.broken = self.broken or letter.recipient in self._declared
            return False
        except DeliveryError:
            return False
        except NO_ANSWER:
            self._break()
            return False
        return True

    async def settle(self, arrivals: Sequence[Arrival]) -> None:
        """Acknowledge what came in over this link."""
        channel = await self._consuming.get_underlay_channel()
        for tag in self._own(arrivals):
            await channel.basic_ack(tag)

    async def refuse(self, arrivals: Sequence[Arrival]) -> None:
        """Give back what came in over this link; the queue counts how often."""
        channel = await self._consuming.get_underlay_channel()
        for tag in self._own(arrivals):
            await channel.basic_nack(tag, requeue=True)

    async def close(self) -> None:
        """The connection is closed, whether or not the other side says goodbye."""
        self._break()
        try:
            async with asyncio.timeout(GOODBYE_WITHIN_S):
                await self._connection.close()
        except NO_ANSWER:
            pass

    async def _channel(self, *, publisher_confirms: bool, on_return_raises: bool) -> AbstractChannel:
        channel = self._connection.channel(publisher_confirms=publisher_confirms, on_return_raises=on_return_raises)
        await channel.initialize(timeout=ANSWER_WITHIN_S)
        channel.close_callbacks.add(self._break)
        return channel

    async def _declare(self, recipient: PartyId, delivery_limit: int) -> None:
        channel = self._publishing
        exchange = await channel.declare_exchange(
            topology.DEAD_LETTER_EXCHANGE, ExchangeType.DIRECT, durable=True, timeout=ANSWER_WITHIN_S
        )
        dead_name = topology.dead_letter_queue(recipient)
        dead = await channel.declare_queue(
            dead_name, durable=True, arguments=topology.dead_letter_arguments(), timeout=ANSWER_WITHIN_S
        )
        await dead.bind(exchange, dead_name, timeout=ANSWER_WITHIN_S)
        await channel.declare_queue(
            topology.mailbox_queue(recipient),
            durable=True,
            arguments=topology.mailbox_arguments(recipient, delivery_limit),
            timeout=ANSWER_WITHIN_S,
        )

    async def _consume(self, name: str, into: Tray) -> None:
        if name in self._consumed:
            return
        recipient = topology.recipient_of(name)

        async def take_in(message: AbstractIncomingMessage) -> None:
            # The body stays behind: who receives needs the delivery alone, and bodies of a backlog fill memory.
            tag = f"{self._serial}.{message.delivery_tag}"
            into.put(Arrival(DeliveryId(message.correlation_id or ""), recipient, tag))

        queue = await self._consuming.get_queue(name, ensure=False)
        await queue.consume(take_in, timeout=ANSWER_WITHIN_S)
        self._consumed.add(name)

    def _own(self, arrivals: Sequence[Arrival]) -> list[int]:
        # Delivery tags count from 1 on every channel: one of an earlier link would settle somebody else's letter.
        tags = [arrival.tag.split(".") for arrival in arrivals]
        for arrival in arrivals:
            self.letters.forget(arrival)
            self.dead.forget(arrival)
        return [int(number) for serial, number in tags if int(serial) == self._serial]

    def _break(self, *_why: object) -> None:
        self.broken = True
        self.letters.wake()


async def open_link(urls: Sequence[str], serial: int) -> Link:
    """Return a link to the first node of `urls` that answers.

    Raises what the last one raised, one of NO_ANSWER.
    """
    *others, last = urls
    for url in others:
        try:
            return await _open(url, serial)
        except NO_ANSWER:
            continue
    return await _open(last, serial)


async def _open(url: str, serial: int) -> Link:
    connection = await aio_pika.connect(_with_heartbeat(url), timeout=ANSWER_WITHIN_S)
    link = Link(serial, connection)
    try:
        await link.open_channels()
    except NO_ANSWER:
        await link.close()
        raise
    return link


def _with_heartbeat(url: str) -> str:
    parts = urlsplit(url)
    query = {"heartbeat": str(_HEARTBEAT_S), **dict(parse_qsl(parts.query))}
    return urlunsplit(parts._replace(query=urlencode(query)))
