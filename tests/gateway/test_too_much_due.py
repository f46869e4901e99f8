"""What falls due all at once, or was scheduled by a clock that ran ahead, is not destroyed without a person's yes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agencies.names import CaseRef
from broker import worker
from broker.case import Case
from broker.errors import TooMuchDue
from broker.services.watch import FEW, TOLERANCE, Yes
from broker.wiring import Broker
from gateway.logs import keep_allowed
from tests.agencies.made_area import NOW
from tests.gateway.house import House, a_house
from tests.ports.makers import a_ref, by, until

LONG_AGO = NOW - timedelta(days=8 * 366)
GRACE = timedelta(days=7, hours=1)
SO_MANY = Yes(so_many=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else ""


@asynccontextmanager
async def with_cases(home: Path, due: int, others: int, **changes: object) -> AsyncIterator[House]:
    """Yield a house with so many cases that are due, and so many that are not."""
    async with a_house(home, **changes) as house:
        async with house.broker.store.unit() as uow:
            for number in range(due + others):
                at = LONG_AGO if number < due else NOW
                await uow.cases.add(Case(ref=a_ref(), opened_at=at, last_referral_at=at))
            await uow.commit()
        yield house


async def scheduled(broker: Broker) -> list[CaseRef]:
    return [due.case for due in await broker.preview_retention() if due.scheduled_at is not None]


async def events(broker: Broker) -> list[str]:
    """Return what was logged of cases, oldest first."""
    while await broker.sequence():
        pass
    async with broker.store.reader() as uow:
        entries = await uow.log.entries(0, (await uow.log.state()).size)
    return [json.loads(entry.encoded)["event"] for entry in entries if entry.encoded is not None]


async def test_more_than_a_tenth_of_all_cases_is_not_scheduled_at_once_without_a_yes(
    tmp_path: Path, database_url: str
) -> None:
    async with with_cases(tmp_path, due=FEW, others=FEW * 9 - 1, database_url=database_url) as house:
        with pytest.raises(TooMuchDue, match=f"{FEW} of {FEW * 10 - 1} cases"):
            await house.broker.schedule_due()
        with pytest.raises(TooMuchDue):
            await house.broker.schedule_due(Yes(clock_is_right=True))
        assert await scheduled(house.broker) == []
        assert await house.broker.schedule_due(SO_MANY) == FEW


async def test_what_was_scheduled_with_a_yes_is_destroyed_with_another_one_alone(
    tmp_path: Path, database_url: str
) -> None:
    async with with_cases(tmp_path, due=FEW, others=1, database_url=database_url) as house:
        await house.broker.schedule_due(SO_MANY)
        await house.broker.sequence()
        house.clock.advance(GRACE)
        with pytest.raises(TooMuchDue):
            await house.broker.purge_due()
        assert len(await scheduled(house.broker)) == FEW
        assert await house.broker.purge_due(SO_MANY) == FEW


@pytest.mark.parametrize(("due", "others"), [(FEW - 1, 0), (FEW, FEW * 9)], ids=["few", "a tenth"])
async def test_a_few_cases_or_a_tenth_of_them_are_destroyed_without_being_asked_for(
    tmp_path: Path, due: int, others: int
) -> None:
    async with with_cases(tmp_path, due, others) as house:
        assert await house.broker.schedule_due() == due
        await house.broker.sequence()
        house.clock.advance(GRACE)
        assert await house.broker.purge_due() == due


async def test_an_area_may_set_another_share(tmp_path: Path) -> None:
    async with with_cases(tmp_path, due=FEW, others=0, due_at_once_percent=100) as house:
        assert await house.broker.schedule_due() == FEW


async def test_a_schedule_that_lies_ahead_is_taken_back_and_logged(tmp_path: Path, database_url: str) -> None:
    async with with_cases(tmp_path, due=0, others=3, database_url=database_url) as house:
        async with house.broker.store.unit() as uow:
            first, second, third = [case.ref for case in await uow.cases.due(by(NOW), 9)]
            for ref, at in (
                (first, NOW + timedelta(days=365)),
                (second, NOW + TOLERANCE + timedelta(seconds=1)),
                (third, NOW + TOLERANCE),
            ):
                await uow.cases.schedule([ref], at, by(NOW))
            await uow.commit()
        assert await house.broker.schedule_due() == 0
        async with house.broker.store.reader() as uow:
            held = {ref: (await uow.cases.get(ref)) for ref in (first, second, third)}
        assert [ref for ref, case in held.items() if case is not None and case.scheduled_at is not None] == [third]
        assert await events(house.broker) == ["unschedule", "unschedule"]


async def test_the_worker_says_that_a_person_must_look_and_goes_on_with_everything_else(tmp_path: Path) -> None:
    async with with_cases(tmp_path, due=FEW, others=0) as house:
        stop = asyncio.Event()
        with capture_logs() as said:
            working = asyncio.create_task(worker.run(house.broker, stop))

            async def is_said() -> bool:
                return any(line["event"] == "destruction_stopped" for line in said)

            async def is_sequenced() -> bool:
                async with house.broker.store.reader() as uow:
                    return (await uow.log.state()).size > 0

            await until(is_said)
            await house.broker.schedule_due(SO_MANY)
            await until(is_sequenced)
            stop.set()
            await working
    (line,) = (line for line in said if line["event"] == "destruction_stopped")
    assert (line["loop"], line["code"], line["log_level"]) == ("schedule", "too-much-due", "error")
    assert keep_allowed(None, "error", dict(line)).keys() >= {"event", "loop", "code"}
