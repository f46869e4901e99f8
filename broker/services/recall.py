"""Recall: sender or coordinator takes a message back, from one recipient or all."""

from collections.abc import Sequence

from agencies.agency import COORDINATING
from agencies.names import MessageId, PartyId, coordinator_of
from agencies.notes.recall import Recall
from broker.errors import Refused
from broker.lifecycle import DeliveryState, state_of
from broker.need_to_know import Act, Asker, Deny
from broker.ports import UnitOfWork
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.looking import check_found
from broker.services.ruling import broker_entry, rule
from broker.services.standing import Found, access_to, find_message
from crypto import note as signed_note


async def recall(
    desk: Desk, message: MessageId, recipients: Sequence[PartyId] | None, reason: str, asker: Asker
) -> str:
    """Recall a message from `recipients` (None: from all) and return its state afterwards.

    Headers are gone in this transaction. Who had theirs released gets a signed notice to destroy and confirm,
    and an incident is logged; the coordinator's office gets one of whatever another takes back. Again changes nothing.
    Only the coordinator's office names recipients: a sender who could would learn who they are.
    Raises Refused; naming somebody who is not a recipient is answered as if there were no message.
    """
    act = Act.RECALL if recipients is None else Act.RECALL_SOME
    await check_found(desk, act, asker, lambda uow: _find(uow, message, recipients), message)
    async with desk.store.unit() as uow:
        found = await _find(uow, message, recipients)
        directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
        decision, _ = await rule(desk, uow, access_to(desk, act, asker, found, directory), message)
        permitted = not isinstance(decision, Deny)
        chosen = _chosen(found.deliveries, recipients) if permitted else []
        await _take_back(desk, uow, chosen, reason, asker)
        if permitted and recipients is None and found.message is not None:
            await _forget(uow, found.message, asker)
        await uow.commit()  # a crash after this: the notices go out with the recipients' next lease
    desk.logged.ring()
    desk.mail.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    remaining = {DeliveryState.RECALLED} if chosen else {delivery.state for delivery in found.deliveries}
    return state_of(remaining).value


async def _find(uow: UnitOfWork, message: MessageId, recipients: Sequence[PartyId] | None) -> Found:
    """Return what was found; nothing, at the same cost, where somebody named is not a recipient."""
    found = await find_message(uow, message)
    if recipients is not None and not {each.recipient for each in found.deliveries}.issuperset(recipients):
        return Found(None, None)
    return found


def _chosen(deliveries: Sequence[Delivery], recipients: Sequence[PartyId] | None) -> list[Delivery]:
    """Return the deliveries to recall: those named, or all, that were not recalled before."""
    wanted = [each for each in deliveries if recipients is None or each.recipient in recipients]
    return [each for each in wanted if each.state is not DeliveryState.RECALLED]


async def _take_back(desk: Desk, uow: UnitOfWork, chosen: Sequence[Delivery], reason: str, asker: Asker) -> None:
    if not chosen:
        return
    # The office is always told what others take back, its deputy too: no referral vanishes before anybody has read it.
    office = coordinator_of(desk.area) if asker.party.kind != "coordinator" else None
    told = [each for each in chosen if each.released_at is not None or each.recipient == office]
    notices = {each.id: _notice(desk, each, reason) for each in told}
    await uow.messages.recall({each.id: notices.get(each.id) for each in chosen}, desk.now())
    if any(each.released_at is not None for each in chosen):
        await uow.log.append(broker_entry(desk, "incident", chosen[0].case, "released-before-recall"))


async def _forget(uow: UnitOfWork, message: Message, asker: Asker) -> None:
    """What was taken back from everybody is no referral any more: it proposes nobody, and dates nothing.

    Only an office's recall brings the destruction of the case nearer: the referral before may be years old, and an
    agency that takes its own back knows nothing of what else hangs on the case.
    """
    referred = await uow.people.forget(message.case, message.id)
    if referred is not None and not referred.informs and asker.party.kind in COORDINATING:
        await uow.cases.redate(message.case)


def _notice(desk: Desk, delivery: Delivery, reason: str) -> str:
    text = Recall(desk.area, delivery.id, delivery.message, delivery.case, reason, desk.now()).encode()
    return signed_note.sign(text, [desk.gateway_key])
