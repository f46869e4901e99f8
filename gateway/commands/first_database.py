"""The database of a new area: its tables, and the trust that everything in it will be judged by."""

from datetime import datetime

from agencies.names import AreaName, EntryId, coordinator_of
from broker.audit import Entry
from broker.errors import RegisterConflict
from broker.ports import Store
from broker.store import open_store, upgrade
from crypto.draw import draw_uuid7
from gateway.commands.founding import Founded, Terms
from gateway.commands.outcome import Exit, Stopped


async def begin_database(url: str, terms: Terms, founded: Founded, now: datetime) -> None:
    """The database at `url` has its tables, the area's first delegation and its first register.

    Raises Stopped if it holds an area already; StoreUnavailable.
    """
    await upgrade(url)
    store = open_store(url)
    try:
        await _keep(store, terms, founded, now)
    except RegisterConflict:
        raise Stopped(
            "the database holds an area already: nothing was changed", "give an empty database", Exit.USAGE
        ) from None
    finally:
        await store.close()


async def _keep(store: Store, terms: Terms, founded: Founded, now: datetime) -> None:
    async with store.unit() as uow:
        await uow.trust.add_delegation(1, founded.delegation)
        await uow.trust.add_register(1, founded.register, now)
        await uow.log.append(_entry(terms.area, terms.isa.version, now))
        await uow.commit()


def _entry(area: AreaName, isa: str, now: datetime) -> Entry:
    return Entry(
        id=EntryId(draw_uuid7(now)),
        at=now,
        area=area,
        event="steward",
        outcome="permit",
        rule="area-founded",
        agency=coordinator_of(area),
        isa=isa,
        register=1,
    )
