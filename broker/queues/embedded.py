"""The queue in the broker's own database: the embedded default, for one process or several on one machine."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from agencies.names import DeliveryId, PartyId
from broker.errors import StoreUnavailable
from broker.ports import Store
from broker.records import Arrival, Letter
from crypto.draw import draw_bytes

# After this a letter whose taker says nothing comes again: the taker is taken for dead.
TAKEN_FOR = timedelta(seconds=10)
_LOOK_AGAIN_S = 0.1


class EmbeddedQueue:
    """Letters in a table; see ports.Queue. Raises StoreUnavailable where the database does not answer.

    clock   decides when an unsettled letter comes again, nothing else
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], delivery_limit: int) -> None:
        self._store = store
        self._clock = clock
        self._delivery_limit = delivery_limit
        self._holder = draw_bytes(8).hex()
        self._news = asyncio.Event()

    async def declare(self, recipients: Sequence[PartyId]) -> None:
        """Nothing to do: one table serves every recipient."""

    async def publish(self, letters: Sequence[Letter]) -> Sequence[DeliveryId]:
        """Put letters into the table and return their deliveries: once committed they are there."""
        async with self._store.unit() as unit:
            await unit.letters.put(letters, self._clock())
            await unit.commit()
        self._news.set()
        return [letter.delivery for letter in letters]

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Arrival]:
        """Return up to `limit` letters of any recipient, waiting up to `timeout_s` for the first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            self._news.clear()
            arrivals = await self._take(limit, dead=False)
            remaining = deadline - loop.time()
            if arrivals or remaining <= 0:
                return arrivals
            await self._wait(min(remaining, _LOOK_AGAIN_S))

    async def settle(self, arrivals: Sequence[Arrival]) -> None:
        """Remove letters: they are in the mailbox, durably."""
        async with self._store.unit() as unit:
            await unit.letters.settle([arrival.tag for arrival in arrivals])
            await unit.commit()

    async def refuse(self, arrivals: Sequence[Arrival]) -> None:
        """Give letters back; one that was given back more than the delivery limit is a dead letter."""
        now = self._clock()
        async with self._store.unit() as unit:
            await unit.letters.give_back([arrival.tag for arrival in arrivals], now)
            await unit.letters.bury(now, self._delivery_limit)
            await unit.commit()
        self._news.set()

    async def dead(self, limit: int) -> Sequence[Arrival]:
        """Return dead letters, to be settled once recorded; waits for none."""
        return await self._take(limit, dead=True)

    async def close(self) -> None:
        """What this queue took and did not settle may be taken again at once."""
        try:
            async with self._store.unit() as unit:
                await unit.letters.let_go(self._holder, self._clock())
                await unit.commit()
        except StoreUnavailable:
            # The letters come again by themselves, a little later.
            return

    async def _take(self, limit: int, *, dead: bool) -> Sequence[Arrival]:
        now = self._clock()
        # Looked at with a reader first: an idle queue must not take the writer's turn ten times a second.
        async with self._store.reader() as unit:
            if not await unit.letters.waiting(now, dead=dead):
                return []
        async with self._store.unit() as unit:
            await unit.letters.bury(now, self._delivery_limit)
            arrivals = await unit.letters.take(limit, self._holder, now, now + TAKEN_FOR, dead=dead)
            await unit.commit()
        return arrivals

    async def _wait(self, at_most_s: float) -> None:
        try:
            # Other processes put letters too, without a word to this one: hence the limit.
            async with asyncio.timeout(at_most_s):
                await self._news.wait()
        except TimeoutError:
            return
