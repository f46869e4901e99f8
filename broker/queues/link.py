"""One connection to RabbitMQ with its channels, good until anything on it goes wrong; then another one is made."""

import asyncio
from collections.abc import Sequence
from enum import Enum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, DeliveryMode, ExchangeType
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, DeliveryError, PublishError
from aiormq.abc import AbstractChannel as UnderlayChannel

from agencies.names import PartyId, parse_delivery_id
from broker.queues import topology
from broker.queues.tray import Tray
from broker.records import Arrival, Letter
from crypto.errors import Malformed

ANSWER_WITHIN_S = 5.0
GOODBYE_WITHIN_S = 1.0
# A node that froze is noticed after two of these.
_HEARTBEAT_S = 5
_PREFETCH = 16
_ASK_AGAIN_AFTER_S = 30.0
NO_ANSWER = (AMQPError, ChannelInvalidStateError, OSError)
_log = structlog.get_logger("broker.queues")


class Answer(Enum):
    """What became of a publish."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"  # no such queue, or it is full
    SILENT = "silent"


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
        self._consumers: dict[str, AbstractChannel] = {}
        self._ask_again: dict[str, float] = {}

    async def open_channel(self) -> None:
        """Open the channel that letters are published on; each consumer gets a channel of its own."""
        # Without on_return_raises an unroutable letter would look like a confirmed one.
        self._publishing = await self._channel(publisher_confirms=True, on_return_raises=True)
        self._publishing.close_callbacks.add(self._break)
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

    async def publish(self, letter: Letter) -> Answer:
        """Publish a letter; confirmed is what a durable queue has."""
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
            return Answer.REFUSED
        except DeliveryError:
            return Answer.REFUSED
        except TimeoutError:
            # Perhaps one queue alone has lost its leader: the others must not suffer.
            return Answer.SILENT
        except NO_ANSWER:
            self._break()
            return Answer.SILENT
        return Answer.CONFIRMED

    async def settle(self, arrivals: Sequence[Arrival]) -> None:
        """Acknowledge what came in over this link."""
        for channel, tag in await self._own(arrivals):
            await channel.basic_ack(tag)

    async def refuse(self, arrivals: Sequence[Arrival]) -> None:
        """Give back what came in over this link; the queue counts how often."""
        for channel, tag in await self._own(arrivals):
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
        now = asyncio.get_running_loop().time()
        if name in self._consumers or self._ask_again.get(name, now) > now:
            return
        recipient, channel = (
            topology.recipient_of(name),
            await self._channel(publisher_confirms=False, on_return_raises=False),
        )

        async def take_in(message: AbstractIncomingMessage) -> None:
            # The body stays behind: who receives needs the delivery alone, and bodies of a backlog fill memory.
            tag = f"{self._serial} {message.delivery_tag} {name}"
            try:
                delivery = parse_delivery_id(message.correlation_id or "")
            except Malformed:
                await self._discard(message, recipient)
            else:
                into.put(Arrival(delivery, recipient, tag))

        try:
            await channel.set_qos(prefetch_count=_PREFETCH, timeout=ANSWER_WITHIN_S)
            await (await channel.get_queue(name, ensure=False)).consume(take_in, timeout=ANSWER_WITHIN_S)
        except TimeoutError:
            # A queue without a leader answers nobody. Its channel is gone with the wait; the others are not touched.
            self._ask_again[name] = now + _ASK_AGAIN_AFTER_S
            return
        channel.close_callbacks.add(self._break)
        (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(self._break)
        self._consumers[name] = channel

    async def _discard(self, message: AbstractIncomingMessage, recipient: PartyId) -> None:
        # Not ours: nothing that we publish lacks its delivery's id. Given back, it would come for ever.
        _log.warning("letter_discarded", agency=recipient)
        try:
            await message.ack()
        except NO_ANSWER:
            self._break()

    async def _own(self, arrivals: Sequence[Arrival]) -> list[tuple[UnderlayChannel, int]]:
        own: list[tuple[UnderlayChannel, int]] = []
        for arrival in arrivals:
            self.letters.forget(arrival)
            self.dead.forget(arrival)
            serial, tag, name = arrival.tag.split(" ", 2)
            # Delivery tags count from 1 on every channel: one of an earlier link would settle somebody else's letter.
            if int(serial) == self._serial:
                own.append((await self._consumers[name].get_underlay_channel(), int(tag)))
        return own

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
        await link.open_channel()
    except NO_ANSWER:
        await link.close()
        raise
    return link


def _with_heartbeat(url: str) -> str:
    parts = urlsplit(url)
    query = {"heartbeat": str(_HEARTBEAT_S), **dict(parse_qsl(parts.query))}
    return urlunsplit(parts._replace(query=urlencode(query)))
