"""Letters that came in over a link: first in, first out, and again where nobody settles them."""

import asyncio
from collections import deque
from collections.abc import Sequence

from broker.records import Arrival

# After this a letter that was given out and not settled is given out again, as in the embedded queue.
UNSETTLED_FOR_S = 10.0


class Tray:
    """What came in and is not settled. RabbitMQ itself repeats a letter only once its connection is gone."""

    def __init__(self) -> None:
        self._waiting: deque[Arrival] = deque()
        self._given: dict[str, tuple[Arrival, float]] = {}  # oldest first
        self._news = asyncio.Event()

    def put(self, arrival: Arrival) -> None:
        """Lay a letter in."""
        self._waiting.append(arrival)
        self._news.set()

    def take(self, limit: int) -> Sequence[Arrival]:
        """Return up to `limit` letters and remember them until they are settled or refused."""
        now = asyncio.get_running_loop().time()
        abandoned = [arrival for arrival, until in self._given.values() if until <= now]
        for arrival in abandoned:
            self.forget(arrival)
            self._waiting.append(arrival)
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        self._given.update((arrival.tag, (arrival, now + UNSETTLED_FOR_S)) for arrival in taken)
        return taken

    async def wait(self, at_most_s: float) -> None:
        """Return when a letter lies here, when woken, or after `at_most_s` seconds."""
        self._news.clear()
        if self._waiting:
            return
        try:
            async with asyncio.timeout(at_most_s):
                await self._news.wait()
        except TimeoutError:
            return

    def forget(self, arrival: Arrival) -> None:
        """The letter is settled or refused."""
        self._given.pop(arrival.tag, None)

    def wake(self) -> None:
        """Whoever waits stops waiting: nothing will come any more."""
        self._news.set()
