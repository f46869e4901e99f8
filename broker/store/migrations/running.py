"""Bringing a database's schema up to date, from within the process."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from broker.store.engines import open_patient
from broker.store.transaction import answering

_FOLDER = Path(__file__).parent
# One lock for whoever migrates: two processes that start together must not both create the tables.
_LOCK = "SELECT pg_advisory_xact_lock(7226112)"


async def upgrade(url: str) -> None:
    """The database at `url` has the newest schema; in one transaction, so all of it or nothing.

    Raises StoreUnavailable.
    """
    engine = open_patient(url)
    try:
        with answering():
            async with engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    await connection.exec_driver_sql(_LOCK)
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def is_current(url: str) -> bool:
    """Whether the database at `url` has the newest schema.

    Raises StoreUnavailable.
    """
    engine = open_patient(url, autocommit=True)
    try:
        with answering():
            async with engine.connect() as connection:
                return await connection.run_sync(_is_current)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    held = MigrationContext.configure(connection).get_current_heads()
    return set(held) == _newest()


@cache
def _newest() -> frozenset[str]:
    """Return the heads of the migrations; reading them loads every migration, and readiness is asked all the time."""
    return frozenset(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
