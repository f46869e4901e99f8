"""Receipt: keep a recipient's signed word of what became of its copy."""

from dataclasses import replace

from agencies.directory import Directory
from agencies.names import DeliveryId
from agencies.notes.receipt import TYPE, Receipt, parse_receipt
from broker.errors import NoteMismatch, NoteRejected, ReceiptOutOfOrder, Refused
from broker.lifecycle import may_follow
from broker.need_to_know import Access, Act, Asker, Deny
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.looking import check_found
from broker.services.reading import CLOCK_AHEAD
from broker.services.ruling import rejections_logged, rule
from broker.services.standing import access_to, find_delivery
from crypto import note as signed_note
from crypto.errors import CryptoError
from crypto.note import hash_text, text_of


async def receipt(desk: Desk, delivery: DeliveryId, note: str, asker: Asker) -> None:
    """Keep the receipt; the same one again changes nothing.

    Raises, logged, Refused where there is no such delivery for the asker; NoteRejected, NoteMismatch,
    ReceiptOutOfOrder.
    """
    await check_found(desk, Act.RECEIPT, asker, lambda uow: find_delivery(uow, delivery))
    async with rejections_logged(desk, Access(Act.RECEIPT, asker)), desk.store.unit() as uow:
        found = await find_delivery(uow, delivery)
        directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
        message = None if found.message is None else found.message.id
        decision, _ = await rule(desk, uow, access_to(desk, Act.RECEIPT, asker, found, directory), message)
        if not isinstance(decision, Deny) and found.delivery is not None and found.message is not None:
            stated, kept = _read(note, replace(asker, at=desk.now()), directory)
            _match(stated, found.delivery, found.message)
            _match_reader(desk, stated, found.message, asker, directory)
            if stated.state not in found.delivery.receipts:
                await uow.messages.receipt(delivery, stated.state, kept, desk.now())
        await uow.commit()  # a crash after this: the kit sends the same receipt again, and nothing changes
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)


def _read(note: str, asker: Asker, directory: Directory) -> tuple[Receipt, str]:
    """Return what the receipt says, and the note to keep: signatures of others could be any words at all."""
    try:
        keys = directory.valid_keys_of(asker.party.id, asker.at)
        stated = parse_receipt(signed_note.verify(note, keys, TYPE).text)
        officer = () if stated.officer is None else directory.valid_keys_of(stated.officer, asker.at)
        if stated.proved:
            signed_note.verify(note, officer, TYPE)
        return stated, signed_note.without_strangers(note, [*keys, *officer], TYPE)
    except CryptoError as error:
        raise NoteRejected("the receipt does not verify by the recipient's keys", "/note") from error


def _match_reader(desk: Desk, stated: Receipt, message: Message, asker: Asker, directory: Directory) -> None:
    """Refuse another area, an officer of somebody else, or a time that cannot be.

    The officer need not be the one who hands it in: a kit sends what it could not send yesterday.
    """
    officer = None if stated.officer is None else directory.register.officer(stated.officer)
    if stated.area != desk.area or (
        stated.officer is not None and (officer is None or officer.agency != asker.party.id)
    ):
        raise NoteMismatch("the receipt names another area, or an officer of another agency", "/note")
    if not message.accepted_at <= stated.at <= desk.now() + CLOCK_AHEAD:
        raise NoteMismatch("the receipt's time is before its message, or ahead of now", "/note")


def _match(stated: Receipt, delivery: Delivery, message: Message) -> None:
    if (stated.delivery, stated.message) != (delivery.id, message.id):
        raise NoteMismatch("the receipt is for another delivery", "/note")
    if stated.manifest != hash_text(text_of(message.manifest)):
        raise NoteMismatch("the receipt is for another manifest", "/note")
    if stated.state not in delivery.receipts and not may_follow(delivery.receipts, stated.state):
        raise ReceiptOutOfOrder("this state cannot follow what was receipted before", "/note")
