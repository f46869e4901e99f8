"""Status: tell the sender one state for a whole message, never by recipient."""

from agencies.names import MessageId
from broker.errors import Refused
from broker.lifecycle import state_of
from broker.need_to_know import Act, Asker, Deny
from broker.services.desk import Desk
from broker.services.looking import check_found
from broker.services.ruling import rule
from broker.services.standing import access_to, find_message


async def status(desk: Desk, message: MessageId, asker: Asker) -> str:
    """Return the message's state: accepted, waiting, collected, dead-lettered or recalled. Raises Refused."""
    await check_found(desk, Act.STATUS, asker, lambda uow: find_message(uow, message), message)
    async with desk.store.unit() as uow:
        found = await find_message(uow, message)
        directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
        decision, _ = await rule(desk, uow, access_to(desk, Act.STATUS, asker, found, directory), message)
        await uow.commit()
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    return state_of(delivery.state for delivery in found.deliveries).value
