"""Holdings: the office sees who holds what of a case, for which keys, and what it has to get back by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from agencies.directory import Directory
from agencies.names import CaseRef, MessageId, OfficerId, PartyId, coordinator_of
from broker.addressees import recipients_for
from broker.case import Case, Excluded
from broker.lifecycle import DESTROYED, DeliveryState
from broker.need_to_know import Act, Asker
from broker.ports import UnitOfWork
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.heading import fingerprints
from broker.services.hearing import is_unanswered, is_unheard
from broker.services.looking import permitted
from broker.services.ruling import question
from broker.services.standing import officers_of


@dataclass(frozen=True, slots=True)
class Holding:
    """One recipient's copy of one message; `current`: its header is made for the keys that its recipient has now.

    excluded  who is excluded now, the recipient or officers of it, where the header was released and is not taken back,
              or nobody hears of that
    unheard   it was taken back after its release, that is not answered, and nobody of its recipient may hear of it
    """

    message: Message
    delivery: Delivery
    current: bool
    excluded: Sequence[PartyId | OfficerId]
    unheard: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A released header that its recipient would not be given any more: `excluded` is who, it or an officer of it.

    unheard  it was taken back, and nobody of the recipient may hear of that; then perhaps nobody is excluded
    """

    message: MessageId
    recipient: PartyId
    excluded: PartyId | OfficerId | None
    unheard: bool


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
    held = []
    for one, message in pairs:
        unheard = is_unheard(desk, found, one, message, directory)
        kept_from = _kept_from(one, found.excluded, directory, unheard=unheard)
        held.append(Holding(message, one, one.header_keys == keys[one.recipient], kept_from, unheard))
    return held


async def held_by_excluded(
    desk: Desk, uow: UnitOfWork, refs: Sequence[CaseRef], case: Case, directory: Directory
) -> list[Held]:
    """Return what was released of these cases, which are or become the one `case`, to whom it keeps out now.

    Not what was taken back or destroyed; but what was taken back and nobody of its recipient may hear of is.
    """
    held: list[Held] = []
    for one in await uow.messages.released(refs):
        message = await uow.messages.get(one.message) if is_unanswered(one) else None
        unheard = message is not None and is_unheard(desk, case, one, message, directory)
        kept_from = _kept_from(one, case.excluded, directory, unheard=unheard)
        held += [Held(one.message, one.recipient, who, unheard) for who in kept_from]
        if unheard and not kept_from:
            held.append(Held(one.message, one.recipient, None, unheard))
    return held


def _kept_from(
    delivery: Delivery, excluded: Excluded, directory: Directory, *, unheard: bool
) -> list[PartyId | OfficerId]:
    """Return which of its recipient and their officers are excluded, if it is to be taken back from them.

    Not what the office holds itself: it decides about the rest.
    """
    is_back = DESTROYED in delivery.receipts or (delivery.state is DeliveryState.RECALLED and not unheard)
    if is_back or delivery.released_at is None:
        return []
    if delivery.recipient == coordinator_of(directory.area.name):
        return []
    return sorted(excluded.intersection({delivery.recipient, *officers_of(delivery.recipient, directory)}))
