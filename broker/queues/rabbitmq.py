"""The queue on RabbitMQ: confirmed, mandatory, persistent publishes; one quorum queue a recipient."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aio_pika.exceptions import ProbableAuthenticationError

from agencies.names import DeliveryId, PartyId
from broker.errors import QueueUnavailable
from broker.queues.link import NO_ANSWER, Answer, Link, open_link
from broker.records import Arrival, Letter


class RabbitQueue:
    """Letters through RabbitMQ; see ports.Queue.

    A link that breaks is replaced at the next call, with everything that was ever declared: a node that
    lost its queues gets them again, and the sweeper publishes again what was in them.

    urls   nodes of one cluster, asked in this order
    """

    def __init__(self, urls: Sequence[str], delivery_limit: int) -> None:
        self._urls = urls
        self._delivery_limit = delivery_limit
        self._serials = itertools.count(1)
        self._recipients: dict[PartyId, None] = {}  # a set that keeps its order
        self._wants_letters = False
        self._wants_dead = False
        self._link: Link | None = None
        self._linking = asyncio.Lock()

    async def declare(self, recipients: Sequence[PartyId]) -> None:
        """Make sure that each recipient has its queue and its dead-letter queue.

        Raises QueueUnavailable; the recipients are remembered and declared once RabbitMQ answers.
        """
        self._recipients.update(dict.fromkeys(recipients))
        await self._linked()

    async def publish(self, letters: Sequence[Letter]) -> Sequence[DeliveryId]:
        """Publish letters and return those whose arrival in a durable queue is confirmed; the rest is not lost.

        Raises QueueUnavailable if nothing answers.
        """
        if not letters:
            return []
        link = await self._linked()
        answers = await asyncio.gather(*(link.publish(letter) for letter in letters))
        if Answer.CONFIRMED not in answers and Answer.SILENT in answers:
            link.broken = True
            raise QueueUnavailable("the message queue does not confirm")
        pairs = zip(letters, answers, strict=True)
        return [letter.delivery for letter, answer in pairs if answer is Answer.CONFIRMED]

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Arrival]:
        """Return up to `limit` letters from any recipient's queue, waiting up to `timeout_s` for the first.

        Raises QueueUnavailable.
        """
        self._wants_letters = True
        link = await self._linked()
        await link.letters.wait(timeout_s)
        return link.letters.take(limit)

    async def settle(self, arrivals: Sequence[Arrival]) -> None:
        """Acknowledge letters: they are in the mailbox, durably. Where the link broke meanwhile, they come again."""
        if self._link is not None and not self._link.broken:
            with self._answering(self._link):
                await self._link.settle(arrivals)

    async def refuse(self, arrivals: Sequence[Arrival]) -> None:
        """Give letters back; one that was given back more than the delivery limit is dead-lettered."""
        if self._link is not None and not self._link.broken:
            with self._answering(self._link):
                await self._link.refuse(arrivals)

    async def dead(self, limit: int) -> Sequence[Arrival]:
        """Return letters from the dead-letter queues, to be settled once recorded; waits for none.

        Raises QueueUnavailable.
        """
        self._wants_dead = True
        return (await self._linked()).dead.take(limit)

    async def close(self) -> None:
        """Let go of the connection; what was not settled comes again."""
        async with self._linking:
            if self._link is not None:
                await self._link.close()
                self._link = None

    async def _linked(self) -> Link:
        async with self._linking:
            if self._link is not None and self._link.broken:
                await self._link.close()
                self._link = None
            try:
                if self._link is None:
                    self._link = await open_link(self._urls, next(self._serials))
                await self._link.declare(list(self._recipients), self._delivery_limit)
                await self._link.consume(letters=self._wants_letters, dead=self._wants_dead)
            except ProbableAuthenticationError as error:
                await self._drop()
                raise QueueUnavailable(
                    f"the message queue refuses this user or password ({type(error).__name__})"
                ) from None
            except NO_ANSWER as error:
                await self._drop()
                raise QueueUnavailable(f"the message queue does not answer ({type(error).__name__})") from None
            return self._link

    async def _drop(self) -> None:
        if self._link is not None:
            await self._link.close()
            self._link = None

    @contextmanager
    def _answering(self, link: Link) -> Iterator[None]:
        try:
            yield
        except NO_ANSWER as error:
            link.broken = True
            raise QueueUnavailable(f"the message queue does not answer ({type(error).__name__})") from None
