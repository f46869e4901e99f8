"""Pack: all that an agency may hold of a case now, as one stream: a signed index, then message by message."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from agencies.directory import Directory
from agencies.names import CaseRef, OfficerId
from agencies.notes.pack import MAX_BYTES, PackIndex, PackItem
from agencies.tar import END, encode_member
from broker.errors import Refused
from broker.need_to_know import NOT_AVAILABLE, Access, Act, Asker, Deny, Permit, decide
from broker.ports import UnitOfWork
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.lease import ASK_AGAIN
from broker.services.ruling import as_of, check_asker, entry_for, refuse
from broker.services.standing import Found, access_to, find_delivery
from crypto import note as signed_note

INDEX = "index.note"
_REVOKED = "recipient-revoked"


@dataclass(frozen=True, slots=True)
class _Item:
    """One message that is released; its payload stays in the database until its turn comes."""

    delivery: Delivery
    message: Message
    header: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Question:
    """What need-to-know is asked about one delivery of the asker, or about none."""

    found: Found
    access: Access


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question for each delivery that the asker has in this case; one without a delivery if it has none."""

    directory: Directory
    questions: Sequence[_Question]

    @property
    def permitted(self) -> bool:
        """Whether anything may be had."""
        return any(isinstance(decide(one.access), Permit) for one in self.questions)

    @property
    def refusal(self) -> tuple[Access, Deny]:
        """What to log and to say where nothing may be had."""
        asked = [(one.access, decide(one.access)) for one in self.questions]
        denied = [(access, decision) for access, decision in asked if isinstance(decision, Deny)]
        # Its own key: told to who may know that there is something, and to nobody else.
        return next((one for one in denied if one[1].public == _REVOKED), denied[0])


async def open_pack(desk: Desk, case: CaseRef, asker: Asker) -> AsyncIterator[bytes]:
    """Return the pack as a tar, in parts; every release is logged and committed before its first byte.

    What is refused is absent and uncounted. Each item is asked for once more right before its bytes leave: what was
    excluded or taken back meanwhile breaks the stream off.
    Raises Refused before anything is streamed, the same for what may not be had and for what is not there.
    """
    await check_asker(desk, Access(Act.OPEN, asker, demand_proved=desk.settings.demand_proved))
    async with desk.store.reader() as uow:
        asked = await _ask(desk, uow, case, asker)
    if not asked.permitted:
        await refuse(desk, *asked.refusal, asked.directory)
    async with desk.store.unit() as uow:
        asked = await _ask(desk, uow, case, asker)
        items = [await _release(uow, asked.directory, question) for question in asked.questions]
        await uow.commit()  # a crash after this: logged as released though nobody saw it; asked again, all of it comes
    desk.logged.ring()
    released = [item for item in items if item is not None]
    if not released or asker.officer is None:
        raise Refused(NOT_AVAILABLE)
    return _stream(desk, asker, asker.officer, released)


async def _ask(desk: Desk, uow: UnitOfWork, ref: CaseRef, asker: Asker) -> _Asked:
    """Return the questions, the case locked in a unit that may write; the work is the same where there is no case."""
    case = await uow.cases.lock(ref)
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    held = await uow.messages.held(ref, asker.party.id)
    found = [Found(message, case, delivery) for delivery, message in held] or [Found(None, case)]
    return _Asked(directory, [_question(desk, asker, one, directory) for one in found])


def _question(desk: Desk, asker: Asker, found: Found, directory: Directory) -> _Question:
    return _Question(found, as_of(access_to(desk, Act.OPEN, asker, found, directory), directory, desk.now()))


async def _release(uow: UnitOfWork, directory: Directory, question: _Question) -> _Item | None:
    """Log the answer to one question, a refusal once for each reason; return what is released, or None."""
    delivery, message, access = question.found.delivery, question.found.message, question.access
    decision = decide(access)
    about = None if message is None else message.id
    if isinstance(decision, Deny):
        if delivery is None or delivery.withheld != decision.rule:
            await uow.log.append(entry_for(access, decision, directory, about))
        if delivery is not None:
            await uow.messages.withhold(delivery.id, decision.rule, access.asker.at + ASK_AGAIN)
        return None
    header = None if delivery is None else await uow.messages.header(delivery.id)
    if delivery is None or message is None or header is None:
        return None
    await uow.log.append(entry_for(access, decision, directory, about))
    await uow.messages.release(delivery.id, access.asker.at)
    return _Item(delivery, message, header)


async def _stream(desk: Desk, asker: Asker, officer: OfficerId, items: Sequence[_Item]) -> AsyncIterator[bytes]:
    """Yield the tar: one payload at a time is in memory, and no transaction is open while bytes go out."""
    yield encode_member(INDEX, (await _index(desk, asker, officer, items)).encode())
    for item in items:
        payload = await _payload(desk, asker, item)
        yield encode_member(f"{item.message.id}.age", item.header + payload)
        yield encode_member(f"{item.message.id}.manifest", item.message.manifest.encode())
    yield END


async def _index(desk: Desk, asker: Asker, officer: OfficerId, items: Sequence[_Item]) -> str:
    """Return the signed index; every payload is read for its hash, and once more when its turn comes."""
    listed = []
    for item in items:
        async with desk.store.reader() as uow:
            payload = await uow.messages.payload(item.message.id) or b""
        file, manifest = signed_note.hash_bytes(item.header + payload), signed_note.hash_text(item.message.manifest)
        listed.append(PackItem(item.message.id, file, manifest))
    index = PackIndex(desk.area, items[0].message.case, asker.party.id, officer, desk.now(), tuple(listed))
    return signed_note.sign(index.encode(), [desk.gateway_key], MAX_BYTES)


async def _payload(desk: Desk, asker: Asker, item: _Item) -> bytes:
    """Return the payload of an item that may be had still. Raises Refused, logged, which ends the stream."""
    async with desk.store.reader() as uow:
        found = await find_delivery(uow, item.delivery.id)
        directory = await desk.directories.current(uow)
        access = _question(desk, asker, found, directory).access
        payload = await uow.messages.payload(item.message.id)
    decision = decide(access)
    if isinstance(decision, Deny):
        await refuse(desk, access, decision, directory, item.message.id)
    if payload is None:
        raise Refused(NOT_AVAILABLE)
    return payload
