"""Share: a header made by the coordinator's kit, for somebody who joined a case later or whose keys are new ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agencies.agency import OFFICE_KINDS, Party
from agencies.directory import Directory
from agencies.names import CaseRef, DeliveryId, MessageId, PartyId, coordinator_of
from broker.addressees import recipients_for
from broker.case import Relation
from broker.errors import PartyUnknown, Refused
from broker.kinds.kind import Part
from broker.lifecycle import DeliveryState
from broker.need_to_know import NOT_AVAILABLE, Access, Act, Asker, Deny
from broker.ports import UnitOfWork
from broker.records import Delivery
from broker.services.desk import Desk
from broker.services.heading import check_made_for, fingerprints, new_delivery, parse_uploaded
from broker.services.looking import check_found
from broker.services.ruling import check_asker, question, rejections_logged, rule
from broker.services.standing import Found, access_to, find_message, is_withdrawn, part_of

NOT_TO_BE_SHARED = "share-refused"  # said to the office alone, which may know why


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which message, with whom, and the header for them in base64, as it was handed in.

    made_for  fingerprints of the keys that the header was made for, in its order, as its maker states them
    """

    message: MessageId
    recipient: PartyId
    made_for: tuple[str, ...]
    header: str = field(repr=False)


async def share(desk: Desk, case: CaseRef, sharing: Sharing, asker: Asker) -> DeliveryId:
    """Return the recipient's delivery of the message, with this header: a new one, or the one that was there.

    What is there for keys that are not the recipient's any more gets this header in its place; one for the keys of
    now stays as it is, and the answer is the same. One that was taken back from the recipient by name, the office
    keeping its own, stays taken back, and there is a new one: who took it back by mistake can give it again.
    Raises Refused, with NOT_TO_BE_SHARED where it is the recipient who may not have it; PartyUnknown, HeaderInvalid.
    """
    access = question(desk, Act.SHARE, asker)
    directory = await check_asker(desk, access)
    async with rejections_logged(desk, access):
        header = parse_uploaded(sharing.header)
        _check_known(sharing.recipient, directory)
        await check_found(desk, Act.SHARE, asker, lambda uow: _find(uow, case, sharing.message), sharing.message)
        async with desk.store.unit() as uow:
            shared = await _commit(desk, uow, case, sharing, asker, header)
    desk.logged.ring()
    desk.outgoing.ring()
    if isinstance(shared, Deny):
        raise Refused(shared.public)
    return shared


async def _find(uow: UnitOfWork, case: CaseRef, message: MessageId) -> Found:
    """Return the message with its case; nothing, at the same cost, where it is another case's."""
    found = await find_message(uow, message)
    return found if found.message is not None and found.message.case == case else Found(None, None)


async def _commit(
    desk: Desk, uow: UnitOfWork, case: CaseRef, sharing: Sharing, asker: Asker, header: bytes
) -> DeliveryId | Deny:
    found = await _find(uow, case, sharing.message)
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    decision, _ = await rule(desk, uow, access_to(desk, Act.SHARE, asker, found, directory), sharing.message)
    message, held = found.message, found.case
    if isinstance(decision, Deny) or message is None or held is None:
        await uow.commit()
        return decision if isinstance(decision, Deny) else Deny("N7", NOT_AVAILABLE)
    # A second entry, in the recipient's name: the log says to whom, and on which relation and basis.
    received, _ = await rule(desk, uow, _receiving(desk, found, sharing.recipient, directory), message.id)
    if isinstance(received, Deny):
        await uow.commit()
        return Deny(received.rule, NOT_TO_BE_SHARED)
    keys = recipients_for(sharing.recipient, held, directory, desk.now())
    check_made_for(header, sharing.made_for, keys, message)
    urgent = any(each.urgent for each in found.deliveries)
    new = new_delivery(message, sharing.recipient, fingerprints(keys), desk.now(), urgent=urgent, is_shared=True)
    given = await _give(uow, found.deliveries, new, header)
    await uow.commit()  # a crash after this: handed in again, nothing changes and the answer is the same
    return given


async def _give(uow: UnitOfWork, there: Sequence[Delivery], new: Delivery, header: bytes) -> DeliveryId:
    """Keep `new` with its header, or give the delivery that its recipient has the header; return which."""
    theirs = (each for each in there if each.recipient == new.recipient)
    held = next((each for each in theirs if each.state is not DeliveryState.RECALLED), None)
    if held is None:
        await uow.messages.share(new, header)
        return new.id
    if held.header_keys != new.header_keys:
        await uow.messages.rehead(held.id, new.header_keys, header)
    return held.id


def _receiving(desk: Desk, found: Found, recipient: PartyId, directory: Directory) -> Access:
    """Return the recipient's own question: whether it may have what the office would share with it."""
    party = directory.register.party(recipient)
    if party is None:
        raise PartyUnknown("not an agency or office in the register", "/recipient")
    part = None if found.message is None else part_of(found.message)
    held = found.case
    by_officers = held is not None and held.closed and bool(recipients_for(recipient, held, directory, desk.now()))
    corrected = found.message is not None and found.message.superseded_by is not None
    # What was taken back from everybody was taken back from the office too: that stands. What was taken back from the
    # recipient by name the office may give it again, whatever it answered to that.
    office = coordinator_of(desk.area)
    judged = [
        each
        for each in found.deliveries
        if each.recipient == office or (each.recipient == recipient and each.state is not DeliveryState.RECALLED)
    ]
    return Access(
        Act.RECEIVE,
        Asker(party, None, None, None, desk.now()),
        case=held,
        least=_least(part, party),
        withdrawn=(corrected and party.kind not in OFFICE_KINDS) or any(is_withdrawn(each) for each in judged),
        for_named=by_officers,  # it is made for no other keys: see check_made_for
    )


def _least(part: Part | None, party: Party) -> Relation:
    """Return the relation to ask of a receiver; `none`, which nobody grants, for what is the office's alone."""
    if part is None or (part.office_alone and party.kind != "coordinator"):
        return Relation.NONE
    return part.least


def _check_known(recipient: PartyId, directory: Directory) -> None:
    if directory.register.party(recipient) is None:
        raise PartyUnknown("not an agency or office in the register", "/recipient")
