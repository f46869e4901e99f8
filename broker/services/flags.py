"""Flags lapse by themselves: nothing is released by one that has run out, and the log says when that was."""

from broker.services.desk import Desk
from broker.services.ruling import broker_entry

BATCH = 100


async def lapse_flags(desk: Desk) -> int:
    """Log, once a case, that its flags have run out; return how many cases. They grant nothing from their end on.

    A crash before the commit leaves them to the next round. The agencies know the day: it stands in the flag itself.
    """
    async with desk.store.unit() as uow:
        now = desk.now()
        refs = await uow.cases.flags_over(now, BATCH)
        await uow.cases.lock_all(refs)  # in the one order: after a merge that of the references is another
        for ref in refs:
            if await uow.cases.lapse(ref, now):
                await uow.log.append(broker_entry(desk, "flag-lapsed", ref))
        await uow.commit()
    if refs:
        desk.logged.ring()
    return len(refs)
