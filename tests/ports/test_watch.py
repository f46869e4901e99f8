"""Nothing is destroyed by a clock that disagrees with the steady one, the database's, or what was written last."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agencies.names import EntryId
from broker.errors import ClockUnsafe
from broker.ports import Store
from broker.services.watch import TOLERANCE, Watch, check_clock, steady_s
from crypto.draw import draw_uuid7
from tests.ports.log_makers import logged
from tests.ports.makers import NOW, an_entry

A_SECOND = timedelta(seconds=1)


async def checked(store: Store, now: datetime, watch: Watch | None) -> bool:
    async with store.reader() as unit:
        try:
            await check_clock(unit, now, watch)
        except ClockUnsafe:
            return False
    return True


def begun(at: datetime) -> Watch:
    return Watch(at, steady_s())


async def test_the_right_time_is_trusted(store: Store) -> None:
    now = datetime.now(UTC)
    assert await checked(store, now, begun(now))


@pytest.mark.parametrize("by", [timedelta(days=2600), -timedelta(days=1), TOLERANCE + A_SECOND])
async def test_a_clock_that_differs_from_the_databases_is_not_trusted(store: Store, by: timedelta) -> None:
    wrong = datetime.now(UTC) + by
    assert not await checked(store, wrong, begun(wrong))


@pytest.mark.parametrize("by", [timedelta(days=2600), -timedelta(days=1)])
async def test_a_clock_that_was_set_while_the_process_ran_is_not_trusted(store: Store, by: timedelta) -> None:
    now = datetime.now(UTC)
    assert not await checked(store, now, begun(now - by))


async def test_a_clock_behind_the_newest_entry_is_not_trusted(store: Store) -> None:
    now = datetime.now(UTC)
    for ahead, trusted in ((TOLERANCE, True), (TOLERANCE + A_SECOND, False), (-A_SECOND, True)):
        async with store.unit() as unit:
            await unit.log.append(replace(an_entry(), id=EntryId(draw_uuid7(now + ahead))))
            await unit.commit()
        assert await checked(store, now, begun(now)) == trusted


async def test_the_newest_entry_and_the_newest_tombstone_say_when_they_were_made(store: Store) -> None:
    async with store.unit() as unit:
        assert (await unit.log.newest_at(), await unit.tombstones.newest_at()) == (None, None)
        await unit.tombstones.add("sha256:one", "marac/tombstone/v1", NOW - A_SECOND)
        await unit.tombstones.add("sha256:other", "marac/tombstone/v1", NOW)
        await unit.commit()
    await logged(store, 2)
    async with store.reader() as unit:
        assert (await unit.log.newest_at(), await unit.tombstones.newest_at()) == (NOW, NOW)


async def test_a_clock_behind_the_newest_tombstone_is_not_trusted(store: Store) -> None:
    now = datetime.now(UTC)
    async with store.unit() as unit:
        await unit.tombstones.add("sha256:one", "marac/tombstone/v1", now + TOLERANCE)
        await unit.commit()
    assert await checked(store, now, begun(now))
    async with store.unit() as unit:
        await unit.tombstones.add("sha256:other", "marac/tombstone/v1", now + TOLERANCE + A_SECOND)
        await unit.commit()
    assert not await checked(store, now, begun(now))


async def test_an_injected_clock_is_not_measured(store: Store) -> None:
    assert await checked(store, NOW + timedelta(days=2600), None)
