"""The ports as they are, with every durable step told to Steps."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType

from agencies.names import DeliveryId, PartyId
from broker.ports import Cases, Log, Messages, Outbox, Queue, Store, Trust, UnitOfWork
from broker.records import Arrival, Letter
from broker.repositories import Letters, Notices, People, Tombstones
from tests.journeys.kills.steps import Steps, caller


class CountedUnit:
    """A writing unit whose commit is a durable step, named by who commits."""

    cases: Cases
    messages: Messages
    outbox: Outbox
    log: Log
    trust: Trust
    tombstones: Tombstones
    letters: Letters
    notices: Notices
    people: People

    def __init__(self, unit: UnitOfWork, steps: Steps) -> None:
        self._unit = unit
        self._steps = steps

    async def __aenter__(self) -> "CountedUnit":
        unit = await self._unit.__aenter__()
        self.cases, self.messages, self.outbox, self.log = unit.cases, unit.messages, unit.outbox, unit.log
        self.trust, self.tombstones, self.letters = unit.trust, unit.tombstones, unit.letters
        self.notices, self.people = unit.notices, unit.people
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._unit.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        with self._steps.step(caller()):
            await self._unit.commit()

    async def now(self) -> datetime:
        return await self._unit.now()


class CountedStore:
    """A store whose commits and compactions are durable steps."""

    def __init__(self, store: Store, steps: Steps) -> None:
        self._store = store
        self._steps = steps

    def unit(self) -> CountedUnit:
        return CountedUnit(self._store.unit(), self._steps)

    def reader(self) -> UnitOfWork:
        return self._store.reader()

    async def compact(self) -> bool:
        with self._steps.step("store.compact"):
            return await self._store.compact()

    async def close(self) -> None:
        await self._store.close()


class CountedQueue:
    """A queue whose publishes, settlements and refusals are durable steps, in RabbitMQ or in the database."""

    def __init__(self, queue: Queue, steps: Steps) -> None:
        self._queue = queue
        self._steps = steps

    async def declare(self, recipients: Sequence[PartyId]) -> None:
        await self._queue.declare(recipients)

    async def publish(self, letters: Sequence[Letter]) -> Sequence[DeliveryId]:
        with self._steps.step("queue.publish"):
            return await self._queue.publish(letters)

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Arrival]:
        return await self._queue.receive(limit, timeout_s)

    async def settle(self, arrivals: Sequence[Arrival]) -> None:
        with self._steps.step("queue.settle"):
            await self._queue.settle(arrivals)

    async def refuse(self, arrivals: Sequence[Arrival]) -> None:
        with self._steps.step("queue.refuse"):
            await self._queue.refuse(arrivals)

    async def dead(self, limit: int) -> Sequence[Arrival]:
        return await self._queue.dead(limit)

    async def close(self) -> None:
        await self._queue.close()
