"""Nothing is destroyed by a clock that disagrees with the steady one, the database's, or what was written last."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agencies.names import EntryId
from broker.errors import ClockUnsafe, TooMuchDue
from broker.ports import Store
from broker.services.watch import FEW, MOST_SILENT, NO, TOLERANCE, Watch, Yes, check_clock, check_share, steady_s
from crypto.draw import draw_uuid7
from tests.ports.log_makers import logged
from tests.ports.makers import NOW, an_entry

A_SECOND = timedelta(seconds=1)


async def checked(store: Store, now: datetime, watch: Watch | None, yes: Yes = NO) -> bool:
    async with store.reader() as unit:
        try:
            await check_clock(unit, now, watch, yes)
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


@pytest.mark.parametrize(
    ("silent", "yes", "trusted"),
    [
        (MOST_SILENT - timedelta(hours=1), NO, True),
        (MOST_SILENT + timedelta(hours=1), NO, False),
        (MOST_SILENT + timedelta(hours=1), Yes(so_many=True), False),
        (timedelta(days=2600), Yes(clock_is_right=True), True),
    ],
)
async def test_a_clock_far_ahead_of_the_newest_entry_is_trusted_only_if_an_operator_says_so(
    store: Store, silent: timedelta, yes: Yes, trusted: bool
) -> None:
    """It was so when the process started, on the machine that the database runs on too: nothing else disagrees."""
    now = datetime.now(UTC)
    async with store.unit() as unit:
        await unit.log.append(replace(an_entry(), id=EntryId(draw_uuid7(now - silent))))
        await unit.commit()
    assert await checked(store, now, begun(now), yes) == trusted


async def test_a_log_without_any_entry_says_nothing_about_the_clock(store: Store) -> None:
    now = datetime.now(UTC)
    assert await checked(store, now, begun(now))


@pytest.mark.parametrize(
    ("due", "cases", "too_many"),
    [(FEW - 1, FEW, False), (FEW, FEW, True), (FEW, 10 * FEW, False), (FEW, 10 * FEW - 1, True), (500, 4000, True)],
)
def test_a_share_is_judged_from_twenty_cases_on_and_a_tenth_is_not_too_much(
    due: int, cases: int, *, too_many: bool
) -> None:
    check_share(due, cases, 10, Yes(so_many=True))
    if too_many:
        with pytest.raises(TooMuchDue):
            check_share(due, cases, 10, Yes(clock_is_right=True))
    else:
        check_share(due, cases, 10)


async def test_an_injected_clock_is_not_measured(store: Store) -> None:
    assert await checked(store, NOW + timedelta(days=2600), None)
