"""Status: tell the sender one state for a whole message, never by recipient."""

from collections.abc import Sequence

from agencies.names import MessageId, coordinator_of
from broker.errors import Refused
from broker.lifecycle import DeliveryState, state_of
from broker.need_to_know import Act, Asker, Deny
from broker.records import Delivery
from broker.services.desk import Desk
from broker.services.looking import check_found
from broker.services.ruling import rule
from broker.services.standing import Found, access_to, find_message, part_of


async def status(desk: Desk, message: MessageId, asker: Asker) -> str:
    """Return the message's one state, as lifecycle.py names it. Raises Refused."""
    await check_found(desk, Act.STATUS, asker, lambda uow: find_message(uow, message), message)
    async with desk.store.unit() as uow:
        found = await find_message(uow, message)
        directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
        decision, _ = await rule(desk, uow, access_to(desk, Act.STATUS, asker, found, directory), message)
        await uow.commit()
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    corrected = found.message is not None and found.message.superseded_by is not None
    states = [each.state for each in _told(desk, found)]
    return state_of([*states, DeliveryState.SUPERSEDED] if corrected else states).value


def _told(desk: Desk, found: Found) -> Sequence[Delivery]:
    """Return the deliveries that the sender's one state is made of.

    Where it chose the receivers itself, or all are, the office's alone: what the others' are would tell it, choosing
    one after the other, who has a part in the case and who is kept out. Never what the office shared later: a state
    that goes back would tell the sender that somebody has joined.
    """
    part = None if found.message is None else part_of(found.message)
    if part is None or not (part.chosen or part.everybody):
        return [each for each in found.deliveries if each.shared_at is None]
    return [each for each in found.deliveries if each.recipient == coordinator_of(desk.area)]
