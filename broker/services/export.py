"""Export the log with its salts, for an offline check: JSON lines, format in broker/README.md, "The log's export"."""

import base64
import json
from collections.abc import AsyncIterator

from broker.errors import Refused
from broker.need_to_know import Access, Act, Asker, Deny
from broker.ports import LoggedEntry
from broker.services.desk import Desk
from broker.services.ruling import check_asker, rule


async def open_export(desk: Desk, asker: Asker) -> AsyncIterator[str]:
    """Return the lines of the log up to its newest checkpoint; the reading is itself logged, before its first line.

    Raises Refused before anything is read.
    """
    access = Access(Act.AUDIT, asker, demand_proved=desk.settings.demand_proved)
    await check_asker(desk, access)
    async with desk.store.unit() as uow:
        decision, _ = await rule(desk, uow, access)
        await uow.commit()
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    return _lines(desk)


async def _lines(desk: Desk) -> AsyncIterator[str]:
    async with desk.store.reader() as uow:
        state = await uow.log.state()
        head = {"v": 1, "origin": desk.log_origin, "checkpoint": state.checkpoint, "size": state.size}
        yield json.dumps(head, separators=(",", ":")) + "\n"
        async for entry in uow.log.entries(0, state.size):
            yield _line(entry)


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
