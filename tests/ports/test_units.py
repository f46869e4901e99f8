"""A unit of work is all or nothing, whatever ends it; on SQLite and on PostgreSQL."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from agencies.names import CaseRef
from broker.ports import Store
from broker.store import open_store
from tests.ports.log_makers import sequenced
from tests.ports.makers import NOW, POLICE, a_case, a_message, a_ref, accepted, an_entry

ROOT = Path(__file__).parents[2]


async def test_what_was_not_committed_is_gone(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        assert await unit.cases.get(case.ref) == case
    async with store.reader() as unit:
        assert await unit.cases.get(case.ref) is None


async def test_what_was_committed_is_there_for_everyone(store: Store, database_url: str) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.commit()
    other = open_store(database_url)
    async with other.reader() as unit:
        assert await unit.cases.get(case.ref) == case
    await other.close()


async def test_an_error_rolls_the_unit_back_and_leaves_the_store_usable(store: Store) -> None:
    case = a_case()

    async def fail() -> None:
        async with store.unit() as unit:
            await unit.cases.add(case)
            raise LookupError("something went wrong")

    with pytest.raises(LookupError):
        await fail()
    await accepted(store, a_message(a_ref()))
    async with store.reader() as unit:
        assert await unit.cases.get(case.ref) is None


async def test_a_cancelled_unit_is_rolled_back_and_lets_the_next_one_in(store: Store) -> None:
    case, added = a_case(), asyncio.Event()

    async def hang() -> None:
        async with store.unit() as unit:
            await unit.cases.add(case)
            added.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await added.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.unit() as unit:
        assert await unit.cases.lock(case.ref) is None
        await unit.cases.add(case)
        await unit.commit()


async def test_units_cancelled_while_they_run_a_statement_leave_nothing(store: Store) -> None:
    cases = [a_case() for _ in range(20)]

    async def add(one: int) -> None:
        async with store.unit() as unit:
            await unit.cases.add(cases[one])
            await unit.messages.add([a_message(cases[one].ref) for _ in range(20)])

    for one in range(20):
        task = asyncio.create_task(add(one))
        for _ in range(one):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with store.unit() as unit:
        assert await unit.cases.count() == 0
        await unit.cases.add(cases[0])
        await unit.commit()


async def test_two_tasks_that_change_one_case_take_turns(store: Store) -> None:
    ref = a_ref()
    async with store.unit() as unit:
        await unit.cases.add(a_case(ref))
        await unit.commit()

    async def a_day_later() -> None:
        async with store.unit() as unit:
            case = await unit.cases.lock(ref)
            assert case is not None
            await asyncio.sleep(0)  # the other task gets its chance between reading and writing
            await unit.cases.restart(ref, case.last_referral_at + timedelta(days=1))
            await unit.commit()

    await asyncio.gather(*(a_day_later() for _ in range(12)))
    async with store.reader() as unit:
        case = await unit.cases.get(ref)
    assert case is not None
    assert case.last_referral_at == NOW + timedelta(days=12)


async def test_a_locked_case_is_read_meanwhile_as_it_was(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.commit()
    async with store.unit() as writing:
        await writing.cases.lock(case.ref)
        await writing.cases.close(case.ref)
        async with store.reader() as reading:
            assert await reading.cases.lock(case.ref) == case


async def test_many_readers_and_writers_at_once_all_get_their_turn(store: Store) -> None:
    async def write() -> None:
        await accepted(store, a_message(a_ref()))

    async def read() -> int:
        async with store.reader() as unit:
            return await unit.cases.count()

    await asyncio.gather(*(write() for _ in range(30)), *(read() for _ in range(30)))
    assert await read() == 30


async def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    local = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    case = a_case(last_referral_at=local)
    async with store.unit() as unit:
        await unit.cases.add(case)
        held = await unit.cases.get(case.ref)
    assert held is not None
    assert held.last_referral_at == local
    assert held.last_referral_at.tzinfo == UTC


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = NOW.replace(tzinfo=None)
    async with store.unit() as unit:
        with pytest.raises(Exception, match="without a time zone"):
            await unit.cases.add(a_case(last_referral_at=naive))


async def test_the_database_has_a_clock(store: Store) -> None:
    async with store.reader() as unit:
        assert abs(await unit.now() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_process_killed_in_the_middle_of_a_unit_leaves_nothing(store: Store, database_url: str) -> None:
    kept, lost = a_ref(), a_ref()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.ports.dies_in_a_unit",
        database_url,
        kept,
        lost,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"in the middle\n"
    child.send_signal(signal.SIGKILL)
    await child.wait()
    async with store.unit() as unit:
        assert await unit.cases.lock(kept) is not None
        assert await unit.cases.lock(lost) is None
        assert await unit.log.entry_of(lost, "submit") is None
        await unit.log.append(an_entry(CaseRef(kept)))
        await unit.commit()


def test_a_new_sqlite_file_is_its_owners_alone(sqlite_url: str) -> None:
    asyncio.run(open_store(sqlite_url).close())
    assert Path(sqlite_url.removeprefix("sqlite+aiosqlite:///")).stat().st_mode & 0o777 == 0o600


async def test_who_only_reads_sees_one_instant(store: Store) -> None:
    """What an export reads of a page's exclusions is of the page's own instant, though a purge comes in between."""
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.log.append(an_entry(case.ref))
        await unit.commit()
    await sequenced(store, 0)
    async with store.reader() as reader:
        (entry,) = await reader.log.entries(0, 1)
        async with store.unit() as unit:
            await unit.cases.destroy(case.ref)
            await unit.log.expire(case.ref, NOW, [POLICE])
            await unit.commit()
        assert (entry.withheld_from, await reader.cases.excluding([POLICE])) == (frozenset(), {case.ref})
    async with store.reader() as reader:
        (entry,) = await reader.log.entries(0, 1)
        assert (entry.withheld_from, await reader.cases.excluding([POLICE])) == ({POLICE}, frozenset())
