"""What was destroyed is gone from the database's files too, once they were compacted."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from broker.ports import Store
from broker.records import Addressed
from broker.store import open_store
from broker.store.engines import open_patient
from crypto.draw import draw_bytes
from tests.ports.makers import a_message, a_ref, accepted


def marked(mark: bytes) -> Addressed:
    """Return a message whose payload and header carry `mark`."""
    message = a_message(a_ref(), payload=mark * 50)
    return Addressed(message.message, message.payload, [(delivery, mark * 20) for delivery, _ in message.deliveries])


async def destroy(store: Store, *messages: Addressed) -> None:
    async with store.unit() as unit:
        for one in messages:
            await unit.cases.destroy(one.message.case)
        await unit.commit()


async def test_sqlite_keeps_no_byte_of_a_destroyed_case(sqlite_database_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_database_url)
    gone, stays = draw_bytes(16), draw_bytes(16)
    lost = marked(gone)
    await accepted(store, lost, marked(stays))
    assert _count(tmp_path, gone) > 0
    await destroy(store, lost)
    assert await store.compact()
    assert _count(tmp_path, gone) == 0
    assert _count(tmp_path, lost.message.case.encode()) == 0
    assert _count(tmp_path, stays) > 0
    await store.close()


async def test_sqlite_is_not_compacted_under_a_reader_and_says_so(sqlite_database_url: str) -> None:
    store = open_store(sqlite_database_url)
    lost = marked(draw_bytes(16))
    await accepted(store, lost)
    async with store.reader() as unit:
        assert await unit.cases.count() == 1
        await destroy(store, lost)
        assert not await store.compact()
    assert await store.compact()
    await store.close()


@pytest.mark.servers
async def test_postgresql_keeps_no_header_of_a_destroyed_case(postgres_database_url: str) -> None:
    store = open_store(postgres_database_url)
    gone, stays = draw_bytes(16), draw_bytes(16)
    lost = marked(gone)
    await accepted(store, lost, marked(stays))
    assert gone in await _file_of_headers(postgres_database_url)
    await destroy(store, lost)
    assert await store.compact()
    file = await _file_of_headers(postgres_database_url)
    assert gone not in file
    assert stays in file
    await store.close()


@pytest.mark.servers
async def test_postgresql_clears_every_table_whose_rows_go_with_a_case(postgres_database_url: str) -> None:
    store, engine = open_store(postgres_database_url), open_patient(postgres_database_url, autocommit=True)
    assert await store.compact()
    async with engine.connect() as connection:
        going = set((await connection.execute(text(_GO_WITH_A_CASE))).scalars())
        vacuumed = set((await connection.execute(text(_VACUUMED))).scalars())
    assert {"relations", "tokens", "sameness", "links", "referrals", "flags", "named"} <= going
    assert going - vacuumed == {"headers"}, "which is rewritten whole"
    await engine.dispose()
    await store.close()


@pytest.mark.servers
async def test_postgresql_is_not_compacted_while_others_use_the_table_and_gives_way(postgres_database_url: str) -> None:
    store = open_store(postgres_database_url)
    reads = open_patient(postgres_database_url)
    async with reads.begin() as connection:
        await connection.execute(text("SELECT count(*) FROM headers"))
        async with asyncio.timeout(5):
            assert not await store.compact()
    assert await store.compact()
    await reads.dispose()
    await store.close()


@pytest.mark.servers
async def test_postgresql_is_not_compacted_while_somebody_sees_what_was_destroyed(postgres_database_url: str) -> None:
    store, gone = open_store(postgres_database_url), draw_bytes(16)
    lost = marked(gone)
    await accepted(store, lost)
    sees = open_patient(postgres_database_url)
    async with sees.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        await connection.execute(text("SELECT count(*) FROM cases"))
        await destroy(store, lost)
        assert not await store.compact()
    assert await store.compact()
    assert gone not in await _file_of_headers(postgres_database_url)
    await sees.dispose()
    await store.close()


@pytest.mark.servers
async def test_many_headers_are_rewritten_in_a_quiet_time_alone(postgres_database_url: str) -> None:
    store, now = open_store(postgres_database_url), datetime.now(UTC)
    large = a_message(a_ref(), at=now)
    deliveries = [(delivery, draw_bytes(33 * 1024 * 1024)) for delivery, _ in large.deliveries]
    await accepted(store, Addressed(large.message, large.payload, deliveries))
    assert not await store.compact(), "a message was accepted just now"
    engine = open_patient(postgres_database_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE deliveries SET accepted_at = now() - interval '11 minutes'"))
    assert await store.compact()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE deliveries SET released_at = now()"))
    assert not await store.compact(), "a message was opened just now"
    await engine.dispose()
    await store.close()


# By the database's own catalogue: what a deleted case's row takes with it.
_GO_WITH_A_CASE = """
    WITH RECURSIVE going(id) AS (
        SELECT 'cases'::regclass::oid
        UNION SELECT conrelid FROM pg_constraint JOIN going ON confrelid = going.id WHERE confdeltype = 'c'
    )
    SELECT relname FROM pg_class JOIN going ON pg_class.oid = going.id
"""
_VACUUMED = "SELECT relname FROM pg_stat_user_tables WHERE last_vacuum IS NOT NULL"


def _count(folder: Path, needle: bytes) -> int:
    return sum(file.read_bytes().count(needle) for file in folder.iterdir() if file.is_file())


async def _file_of_headers(url: str) -> bytes:
    engine = open_patient(url, autocommit=True)
    async with engine.connect() as connection:
        await connection.execute(text("CHECKPOINT"))
        read = text("SELECT pg_read_binary_file(pg_relation_filepath('headers'))")
        content: bytes = (await connection.execute(read)).scalar_one()
    await engine.dispose()
    return content
