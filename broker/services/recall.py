"""Recall: sender or coordinator takes a message back, from one recipient or all."""

from collections.abc import Sequence
from datetime import datetime

from agencies.names import MessageId, PartyId
from agencies.notes.recall import Recall
from broker.errors import Refused
from broker.lifecycle import DeliveryState, state_of
from broker.need_to_know import Access, Act, Asker, Deny
from broker.records import Delivery
from broker.services.desk import Desk
from broker.services.ruling import broker_entry, check_asker, rule
from broker.services.standing import Found, access_to, find_message
from crypto import note as signed_note


async def recall(
    desk: Desk, message: MessageId, recipients: Sequence[PartyId] | None, reason: str, asker: Asker
) -> str:
    """Recall a message from `recipients` (None: from all) and return its state afterwards.

    Headers are gone in this transaction. Who had theirs released gets a signed notice to destroy and confirm,
    and an incident is logged. Recalling again changes nothing.
    Only the coordinator's office names recipients: a sender who could would learn who they are.
    Raises Refused; naming somebody who is not a recipient is answered as if there were no message.
    """
    act = Act.RECALL if recipients is None else Act.RECALL_SOME
    await check_asker(desk, Access(act, asker, demand_proved=desk.settings.demand_proved))
    async with desk.store.unit() as uow:
        directory = await desk.directories.current(uow)
        found = await find_message(uow, message)
        deliveries = await uow.messages.deliveries(message)
        if recipients is not None and not {each.recipient for each in deliveries}.issuperset(recipients):
            found = Found(None, None)
        decision, _ = await rule(desk, uow, access_to(desk, act, asker, found, directory), message)
        chosen = _chosen(deliveries, recipients)
        notices = {each.id: _notice(desk, each, reason, desk.now()) for each in chosen}
        if not isinstance(decision, Deny) and notices:
            await uow.messages.recall(notices, desk.now())
            if any(notices.values()):
                await uow.log.append(broker_entry(desk, "incident", chosen[0].case, "released-before-recall"))
        await uow.commit()  # a crash after this: the notices go out with the recipients' next lease
    desk.logged.ring()
    desk.mail.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    remaining = {DeliveryState.RECALLED} if notices else {delivery.state for delivery in deliveries}
    return state_of(remaining).value


def _chosen(deliveries: Sequence[Delivery], recipients: Sequence[PartyId] | None) -> list[Delivery]:
    """Return the deliveries to recall: those named, or all, that were not recalled before."""
    wanted = [each for each in deliveries if recipients is None or each.recipient in recipients]
    return [each for each in wanted if each.state is not DeliveryState.RECALLED]


def _notice(desk: Desk, delivery: Delivery, reason: str, at: datetime) -> str | None:
    if delivery.released_at is None:
        return None
    text = Recall(desk.area, delivery.id, delivery.message, delivery.case, reason, at).encode()
    return signed_note.sign(text, [desk.gateway_key])
