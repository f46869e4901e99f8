"""Purge: destroy a scheduled case in one transaction, and leave a signed tombstone inside and outside the database."""

from collections.abc import Sequence
from typing import Protocol

from agencies.names import CaseRef
from agencies.notes.tombstone import Tombstone, case_commitment
from broker.case import Case
from broker.kinds.table import KINDS
from broker.ports import Destroyed, UnitOfWork
from broker.retention import due_at, may_destroy
from broker.services.desk import Desk
from broker.services.ruling import broker_entry
from broker.services.schedule import retention_years
from crypto import note as signed_note
from crypto.draw import draw_salt

BATCH = 20


class Graves(Protocol):
    """What is kept of destroyed cases outside the database; see log/outside.py."""

    def tombstones(self) -> Sequence[str]:
        """Return the tombstone notes, oldest first."""

    def add_tombstone(self, note: str) -> None:
        """`note` is among the tombstones, on the disk; the same note again changes nothing."""

    def cleared(self) -> int:
        """Return for how many tombstones, from the oldest, the database's files were cleared too."""

    def keep_cleared(self, count: int) -> None:
        """Keep that number, on the disk."""


async def purge_due(desk: Desk, graves: Graves) -> int:
    """Destroy a batch of cases whose grace is over and return how many are gone.

    One transaction a case, so that a run that is stopped anywhere has destroyed whole cases only. What it left
    undone of its last case, or what failed, the next run does: tombstone outside first, then the files.
    """
    before = desk.now() - desk.settings.purge_grace
    async with desk.store.reader() as uow:
        scheduled = await uow.cases.scheduled(before, BATCH)
    destroyed = [case.ref for case in scheduled if await _destroy(desk, case.ref)]
    # A crash here leaves the tombstones in the database alone.
    await bury(desk, graves)
    # A crash here leaves deleted rows in the database's files.
    await _clear(desk, graves)
    if destroyed:
        desk.logged.ring()
    return len(destroyed)


async def bury(desk: Desk, graves: Graves) -> None:
    """Every tombstone in the database is kept outside it too."""
    async with desk.store.reader() as uow:
        inside = await uow.tombstones.all()
    held = set(graves.tombstones())
    for note in inside:
        if note not in held:
            graves.add_tombstone(note)


async def _clear(desk: Desk, graves: Graves) -> None:
    """What was deleted has left free pages and write-ahead log; where readers were in the way, the next run does it."""
    count = len(graves.tombstones())  # counted first: what is destroyed meanwhile is for the next run
    if graves.cleared() < count and await desk.store.compact():
        graves.keep_cleared(count)


async def _destroy(desk: Desk, ref: CaseRef) -> bool:
    async with desk.store.unit() as uow:
        case = await uow.cases.lock(ref)
        years = await retention_years(desk, uow)
        # Asked again under the lock: a referral that came meanwhile has restarted the clock.
        if case is None or not may_destroy(case.scheduled_at, desk.settings.purge_grace, desk.now()):
            return False
        if desk.now() < due_at(case.last_referral_at, years):
            return False
        scheduled = await uow.log.entry_of(ref, "schedule")
        if scheduled is None or scheduled.index is None:
            return False  # not yet in the log that outsiders can check: the next run finds it there
        await _bury(desk, uow, case, years, scheduled.index)
        await uow.commit()
    return True


async def _bury(desk: Desk, uow: UnitOfWork, case: Case, years: int, log_index: int) -> None:
    gone: Destroyed = await uow.cases.destroy(case.ref)
    salt = draw_salt()
    tombstone = Tombstone(
        area=desk.area,
        case=case_commitment(salt, case.ref),
        salt=salt,
        rule=f"retention-{years}-years",
        destroyed=desk.now(),
        counts=tuple(sorted((kind, count) for kind, count in gone.counts.items() if kind in KINDS)),
        log_origin=desk.log_origin,
        log_index=log_index,
    )
    note = signed_note.sign(tombstone.encode(), [desk.gateway_key])
    await uow.log.append(broker_entry(desk, "purge", case.ref, tombstone.rule))
    await uow.log.expire(case.ref, desk.now() + desk.settings.access_entries_kept)
    await uow.tombstones.add(tombstone.case, note, desk.now())
