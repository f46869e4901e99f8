"""Holdings: the office sees who holds what of a case, for which keys, and what is held by whom it excludes now."""

from collections.abc import Sequence
from dataclasses import dataclass

from agencies.directory import Directory
from agencies.names import CaseRef, MessageId, OfficerId, PartyId, coordinator_of
from broker.addressees import recipients_for
from broker.case import Excluded
from broker.lifecycle import DESTROYED, DeliveryState
from broker.need_to_know import Act, Asker
from broker.ports import UnitOfWork
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.heading import fingerprints
from broker.services.looking import permitted
from broker.services.ruling import question
from broker.services.standing import officers_of


@dataclass(frozen=True, slots=True)
class Holding:
    """One recipient's copy of one message; `current`: its header is made for the keys that its recipient has now.

    excluded  who is excluded now, the recipient or officers of it, where the header was released and is not taken back
    """

    message: Message
    delivery: Delivery
    current: bool
    excluded: Sequence[PartyId | OfficerId]


@dataclass(frozen=True, slots=True)
class Held:
    """A released header that its recipient would not be given any more: `excluded` is who, it or an officer of it."""

    message: MessageId
    recipient: PartyId
    excluded: PartyId | OfficerId


async def holdings(desk: Desk, case: CaseRef, asker: Asker) -> Sequence[Holding]:
    """Return who holds what of a case, oldest message first. Raises Refused."""
    async with permitted(desk, question(desk, Act.VIEW, asker), case) as may:
        (found,) = may.cases
        pairs = await may.uow.messages.held(case)
        directory = await desk.directories.current(may.uow)
    now = desk.now()
    keys = {
        one: fingerprints(recipients_for(one, found, directory, now)) for one in {each.recipient for each, _ in pairs}
    }
    return [
        Holding(message, one, one.header_keys == keys[one.recipient], _kept_from(one, found.excluded, directory))
        for one, message in pairs
    ]


async def held_by_excluded(
    uow: UnitOfWork, refs: Sequence[CaseRef], excluded: Excluded, directory: Directory
) -> list[Held]:
    """Return what was released of these cases, and not taken back or destroyed, to whom `excluded` keeps out now."""
    return [
        Held(one.message, one.recipient, who)
        for one in await uow.messages.released(refs)
        for who in _kept_from(one, excluded, directory)
    ]


def _kept_from(delivery: Delivery, excluded: Excluded, directory: Directory) -> list[PartyId | OfficerId]:
    """Return which of its recipient and their officers are excluded, if it is to be taken back from them.

    Not what the office holds itself: it decides about the rest.
    """
    is_back = delivery.state is DeliveryState.RECALLED or DESTROYED in delivery.receipts
    if not excluded or is_back or delivery.released_at is None:
        return []
    if delivery.recipient == coordinator_of(directory.area.name):
        return []
    return sorted(excluded.intersection({delivery.recipient, *officers_of(delivery.recipient, directory)}))
