"""Open: release the header that waits, to a named reader for a stated purpose, after the entry is committed."""

from dataclasses import dataclass, field

from agencies.names import DeliveryId, EntryId
from broker.errors import Refused
from broker.need_to_know import NOT_AVAILABLE, Act, Asker, Deny
from broker.services.desk import Desk
from broker.services.looking import check_found
from broker.services.ruling import note_recovery, rule
from broker.services.standing import access_to, find_delivery


@dataclass(frozen=True, slots=True)
class Released:
    """A header, and the id of the log's entry about its release."""

    header: bytes = field(repr=False)
    entry: EntryId


async def release(desk: Desk, delivery: DeliveryId, asker: Asker) -> Released:
    """Return the header of a delivery; nothing is released that is not in the log.

    Raises Refused, the same for what may not be had and for what is not there.
    """
    await check_found(desk, Act.OPEN, asker, lambda uow: find_delivery(uow, delivery))
    async with desk.store.unit() as uow:
        found = await find_delivery(uow, delivery)
        directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
        header = await uow.messages.header(delivery)
        message = None if found.message is None else found.message.id
        access = access_to(desk, Act.OPEN, asker, found, directory)
        decision, entry = await rule(desk, uow, access, message)
        if not isinstance(decision, Deny):
            await uow.messages.release(delivery, desk.now())
            await note_recovery(desk, uow, access)
        await uow.commit()  # a crash after this: logged as released though nobody saw it; never the other way
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    if header is None:
        raise Refused(NOT_AVAILABLE)
    return Released(header, entry)
