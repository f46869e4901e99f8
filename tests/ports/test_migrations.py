"""The migrations make exactly the tables that the code uses; on SQLite and on PostgreSQL."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from broker.store import is_current, upgrade
from broker.store.engines import open_patient
from broker.store.tables import metadata
from tests.ports.conftest import POSTGRES


@pytest.fixture(params=["sqlite", POSTGRES])
def empty_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database without tables."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


async def test_after_the_migrations_the_schema_is_that_of_the_code(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    engine = open_patient(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_a_database_is_current_once_it_was_upgraded_and_again_changes_nothing(empty_url: str) -> None:
    assert not await is_current(empty_url)
    await upgrade(empty_url)
    assert await is_current(empty_url)
    await upgrade(empty_url)
    assert await is_current(empty_url)


async def test_two_processes_that_start_together_both_find_the_schema(empty_url: str) -> None:
    await asyncio.gather(upgrade(empty_url), upgrade(empty_url))
    assert await is_current(empty_url)


def test_every_column_says_what_it_is() -> None:
    bare = [f"{table}.{column.name}" for table in metadata.tables.values() for column in table.c if not column.comment]
    assert bare == []
