"""The broker's tables behind the ports: SQLite, or PostgreSQL."""

from broker.store.migrations.running import is_current, upgrade
from broker.store.opening import open_store

__all__ = ["is_current", "open_store", "upgrade"]
