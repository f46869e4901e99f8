"""A database that does not answer is StoreUnavailable, soon and from everywhere; nothing was changed."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.errors import StoreUnavailable
from broker.ports import Store
from broker.store import is_current, open_store, upgrade
from tests.ports.makers import a_case, a_ref, until
from tests.servers.child import free_port
from tests.servers.postgres import PostgresNode, private_postgres

SOON_S = 20


@pytest.fixture(scope="module")
def node() -> Iterator[PostgresNode]:
    """Return a PostgreSQL that only this file uses, and that each test leaves running."""
    with private_postgres() as started:
        yield started


async def works(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.commit()
    async with store.reader() as unit:
        assert await unit.cases.get(case.ref) == case


async def is_unavailable(store: Store) -> None:
    began = time.monotonic()
    for unit in (store.unit(), store.reader()):
        with pytest.raises(StoreUnavailable):
            async with unit:
                await unit.cases.count()
    assert time.monotonic() - began < SOON_S


@pytest.mark.servers
async def test_a_killed_postgresql_is_unavailable_and_comes_back_by_itself(node: PostgresNode) -> None:
    url = node.fresh_database()
    await upgrade(url)
    store, ref = open_store(url), a_ref()
    await works(store)

    async def killed_before_commit() -> None:
        async with store.unit() as unit:
            await unit.cases.add(a_case(ref))
            node.kill()
            await unit.commit()

    with pytest.raises(StoreUnavailable):
        await killed_before_commit()
    await is_unavailable(store)
    with pytest.raises(StoreUnavailable):
        await is_current(url)
    with pytest.raises(StoreUnavailable):
        await store.compact()
    node.start()
    await works(store)
    async with store.reader() as unit:
        assert await unit.cases.get(ref) is None
    await store.close()


@pytest.mark.servers
async def test_a_frozen_postgresql_is_unavailable_and_comes_back_by_itself(node: PostgresNode) -> None:
    url = node.fresh_database()
    await upgrade(url)
    store = open_store(url)
    await works(store)
    node.freeze()
    try:
        await is_unavailable(store)
    finally:
        node.thaw()
    await works(store)
    await store.close()


async def test_no_postgresql_at_all_is_unavailable() -> None:
    store = open_store(f"postgresql+asyncpg://marac:made-up@127.0.0.1:{free_port()}/marac")
    with pytest.raises(StoreUnavailable) as caught:
        async with store.unit():
            pass
    assert "made-up" not in str(caught.value)
    await store.close()


@pytest.mark.servers
async def test_a_wrong_password_is_unavailable(node: PostgresNode) -> None:
    store = open_store(node.url.replace("marac:", "marac:wrong"))
    await is_unavailable(store)
    with pytest.raises(StoreUnavailable, match="refuses this user or password") as caught:
        async with store.reader() as unit:
            await unit.cases.count()
    assert "wrong" not in str(caught.value)
    await store.close()


@pytest.mark.servers
async def test_a_database_that_is_not_there_is_named_as_that(node: PostgresNode) -> None:
    with pytest.raises(StoreUnavailable, match="no database of this name"):
        await upgrade(f"{node.url.rpartition('/')[0]}/nowhere")


async def test_a_missing_folder_is_unavailable(tmp_path: Path) -> None:
    threads = threading.active_count()
    store = open_store(f"sqlite+aiosqlite:///{tmp_path / 'nowhere' / 'broker.sqlite'}")
    await is_unavailable(store)
    await store.close()

    # The driver ends the thread of a connection that never came about without waiting for it.
    async def no_thread_is_left() -> bool:
        return threading.active_count() <= threads

    await until(no_thread_is_left)


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "broker.sqlite").write_bytes(b"not a database at all" * 100)
    store = open_store(f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite'}")
    await is_unavailable(store)
    await store.close()


async def test_a_file_that_another_process_keeps_locked_is_unavailable_until_it_lets_go(sqlite_url: str) -> None:
    await upgrade(sqlite_url)
    store = open_store(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        async with store.unit():
            pass
    async with store.reader() as unit:
        assert await unit.cases.count() == 0
    other.execute("ROLLBACK")
    other.close()
    await works(store)
    await store.close()
