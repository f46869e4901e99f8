"""Registers that change during a journey: as the registrar signs them and the coordinator's office hands them in."""

from collections.abc import Sequence
from dataclasses import replace

from agencies.area import delegate
from agencies.notes.register import Entry
from crypto.keys import VerifyKey
from tests.journeys.world import COORDINATOR, World


def entries_of(world: World) -> list[Entry]:
    """Return the first register's entries."""
    return [entry for member in world.area.members.values() for entry in member.entries]


def with_entry(world: World, changed: Entry) -> list[Entry]:
    """Return the first register's entries with one in the place of its predecessor."""
    return [changed if entry.id == changed.id else entry for entry in entries_of(world)]


def with_note(world: World, entry: Entry, note: str) -> list[Entry]:
    """Return the first register's entries, one of them with another note by its party."""
    return with_entry(world, replace(entry, note=note))


def publish(world: World, entries: Sequence[Entry]) -> str:
    """The second register, with `entries`, holds; return it."""
    note = world.area.next_register(entries, world.area.register, world.clock().replace(microsecond=0))
    world.kit(COORDINATOR).publish_register(note)
    return note


def renew(world: World, log: VerifyKey | None = None) -> None:
    """The root has delegated for another year, as it does every year; the keys stay, or the log gets another."""
    area = world.area
    keys = (area.gateway.verify_key, log or area.log.verify_key, area.registrar.verify_key)
    note = delegate(area.root, area.delegation, *keys, world.clock().replace(microsecond=0))
    world.kit(COORDINATOR).publish_delegation(note)
