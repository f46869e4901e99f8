"""Whether the broker is fit to serve, asked of the database once a second at most, however many ask at the door."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from broker.errors import BrokerError

GOOD_FOR_S: Final = 1.0


class Readiness:
    """One answer for all who ask while it is being found, and for a second afterwards.

    _asking  finds, or has found, the newest answer: None, or why it is not ready
    _until   the loop's time from which that answer is too old
    """

    def __init__(self, ask: Callable[[], Awaitable[None]], good_for_s: float = GOOD_FOR_S) -> None:
        self._ask = ask
        self._good_for_s = good_for_s
        self._asking: asyncio.Task[BrokerError | None] | None = None
        self._until = 0.0

    async def check(self) -> None:
        """Return if it is ready. Raises BrokerError as `ask` did."""
        asking = self._asking
        if asking is None or (asking.done() and asyncio.get_running_loop().time() >= self._until):
            asking = self._asking = asyncio.create_task(self._find())
        # Shielded: who goes away takes the answer from nobody else.
        if (fault := await asyncio.shield(asking)) is not None:
            raise fault.with_traceback(None)

    async def _find(self) -> BrokerError | None:
        try:
            await self._ask()
        except BrokerError as fault:
            return fault
        finally:
            self._until = asyncio.get_running_loop().time() + self._good_for_s
        return None
