"""Export the log with its salts, for an offline check: JSON lines, format in broker/log/README.md."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from agencies.names import CaseRef
from broker.errors import Refused
from broker.need_to_know import Act, Asker, Deny
from broker.records import LoggedEntry
from broker.services.desk import Desk
from broker.services.ruling import check_asker, question, rule
from broker.services.standing import officers_of

PAGE = 1000  # entries read at once


async def open_export(desk: Desk, asker: Asker) -> AsyncIterator[str]:
    """Return the lines of the log up to its newest checkpoint; the reading is itself logged, before its first line.

    Raises Refused before anything is read.
    """
    access = question(desk, Act.AUDIT, asker)
    await check_asker(desk, access)
    async with desk.store.unit() as uow:
        decision, _ = await rule(desk, uow, access)
        await uow.commit()
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    return _lines(desk, await _readers(desk, asker))


async def _readers(desk: Desk, asker: Asker) -> frozenset[str]:
    """Return who may be reading: the party, and its named officer, or any of its officers where none is named."""
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
    named = officers_of(asker.party.id, directory) if asker.officer is None else [asker.officer]
    return frozenset({asker.party.id, *named})


async def _lines(desk: Desk, readers: frozenset[str]) -> AsyncIterator[str]:
    async with desk.store.reader() as uow:
        state = await uow.log.state()
    head = {"v": 1, "origin": desk.log_origin, "checkpoint": state.checkpoint, "size": state.size}
    yield json.dumps(head, separators=(",", ":")) + "\n"
    for first in range(0, state.size, PAGE):
        # A unit a page: whoever reads slowly must not keep a transaction open. The exclusions are those of the page's
        # own instant: once a purge has taken them away, its entries say themselves from whom they are withheld.
        async with desk.store.reader() as uow:
            page = await uow.log.entries(first, min(first + PAGE, state.size))
            excluding = await uow.cases.excluding(sorted(readers))
        for entry in page:
            yield _line(_withheld(entry) if _is_withheld(entry, readers, excluding) else entry)


def _is_withheld(entry: LoggedEntry, readers: frozenset[str], excluding: frozenset[CaseRef]) -> bool:
    """Claim that the entry is about a case that excludes a reader: exclusions beat every grant, auditing too."""
    return entry.case in excluding or not entry.withheld_from.isdisjoint(readers)


def _withheld(entry: LoggedEntry) -> LoggedEntry:
    """Return the entry as one that was destroyed: its leaf is in the tree, and tells nothing."""
    return replace(entry, encoded=None, salt=None)


def _line(entry: LoggedEntry) -> str:
    return (
        json.dumps(
            {
                "index": entry.index,
                "leaf": base64.b64encode(entry.leaf).decode("ascii"),
                "entry": None if entry.encoded is None else entry.encoded.decode("utf-8"),
                "salt": None if entry.salt is None else base64.b64encode(entry.salt).decode("ascii"),
            },
            separators=(",", ":"),
        )
        + "\n"
    )
