"""Pack: all that an agency may hold of a case now, as one stream: a signed index, then message by message."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from agencies.directory import Directory
from agencies.names import CaseRef, OfficerId
from agencies.notes.pack import MAX_BYTES, MAX_ITEMS, MAX_PACKED_BYTES, PackIndex, PackItem
from agencies.tar import END, encode_member
from broker.audit import Entry
from broker.errors import PackTooLarge, Refused
from broker.need_to_know import NOT_AVAILABLE, Access, Act, Asker, Deny, Permit, decide, decide_asker
from broker.ports import UnitOfWork
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.heading import MAX_HEADER_BYTES
from broker.services.lease import ASK_AGAIN
from broker.services.ruling import as_of, entry_for, note_recovery, question, refuse, rejections_logged
from broker.services.standing import Found, about, access_to
from crypto import note as signed_note

INDEX = "index.note"
BATCH_BYTES = 256 * 1024  # of payloads, read and asked for again at once: one query each for what is small
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

    What is refused is absent and uncounted. All is asked for once more before each batch of bytes is read: what was
    excluded or taken back meanwhile breaks the stream off.
    Raises Refused before anything is streamed, the same for what may not be had and for what is not there;
    PackTooLarge before anything is released.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        alone = as_of(question(desk, Act.OPEN, asker), directory, desk.now())
        denied = decide_asker(alone)
        asked = _Asked(directory, []) if denied is not None else await _ask(desk, uow, case, asker)
    if denied is not None:
        await refuse(desk, alone, denied, directory)
    if not asked.permitted:
        await refuse(desk, *asked.refusal, asked.directory)
    async with rejections_logged(desk, question(desk, Act.OPEN, asker)), desk.store.unit() as uow:
        released = await _release(desk, uow, await _ask(desk, uow, case, asker))
        await uow.commit()  # a crash after this: logged as released though nobody saw it; asked again, all of it comes
    if not released or asker.officer is None:
        raise Refused(NOT_AVAILABLE)
    return _stream(desk, asker, asker.officer, released)


async def _ask(desk: Desk, uow: UnitOfWork, ref: CaseRef, asker: Asker) -> _Asked:
    """Return the questions, the case locked in a unit that may write; the work is the same where there is no case."""
    case = await uow.cases.lock(ref)
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    held = await uow.messages.held(ref, asker.party.id)
    found = [Found(message, case, delivery) for delivery, message in held] or [Found(None, case)]
    # What all have in common once: there may be hundreds.
    common = as_of(access_to(desk, Act.OPEN, asker, Found(None, case), directory), directory, desk.now())
    return _Asked(directory, [_Question(one, about(common, one, directory)) for one in found])


async def _release(desk: Desk, uow: UnitOfWork, asked: _Asked) -> list[_Item]:
    """Log every answer, a refusal once for each reason; return what is released. Raises PackTooLarge."""
    entries: list[Entry] = []
    permitted: list[tuple[Delivery, Message]] = []
    for one in asked.questions:
        delivery, message, decision = one.found.delivery, one.found.message, decide(one.access)
        if isinstance(decision, Permit) or delivery is None or delivery.withheld != decision.rule:
            asked_for = None if message is None else message.id
            entries.append(entry_for(one.access, decision, asked.directory, asked_for))
        if delivery is not None and isinstance(decision, Deny):
            await uow.messages.withhold(delivery.id, decision.rule, desk.now() + ASK_AGAIN)
        elif delivery is not None and message is not None:
            permitted.append((delivery, message))
    _check_size([message for _, message in permitted])
    await uow.log.append(*entries)
    await note_recovery(desk, uow, *(one.access for one in asked.questions if isinstance(decide(one.access), Permit)))
    await uow.messages.release_all([delivery.id for delivery, _ in permitted], desk.now())
    headers = await uow.messages.headers([delivery.id for delivery, _ in permitted])
    return [_Item(delivery, message, headers[delivery.id]) for delivery, message in permitted if delivery.id in headers]


def _check_size(messages: Sequence[Message]) -> None:
    """Return only if the index has room for all, and the reader's memory: nothing is logged as released in vain."""
    size = sum(message.payload_length + MAX_HEADER_BYTES for message in messages)
    if len(messages) > MAX_ITEMS or size > MAX_PACKED_BYTES:
        raise PackTooLarge("more, or larger, messages than a pack may hold")


async def _stream(desk: Desk, asker: Asker, officer: OfficerId, items: Sequence[_Item]) -> AsyncIterator[bytes]:
    """Yield the tar: a batch of payloads at a time is in memory, and no transaction is open while bytes go out."""
    yield encode_member(INDEX, (await _index(desk, asker, officer, items)).encode())
    desk.logged.ring()  # only now: the sequencer would take its time before the first bytes are out
    for batch in _batches(items):
        payloads = await _read_again(desk, asker, batch)
        for item, payload in zip(batch, payloads, strict=True):
            yield encode_member(f"{item.message.id}.age", item.header + payload)
            yield encode_member(f"{item.message.id}.manifest", item.message.manifest.encode())
    yield END


async def _index(desk: Desk, asker: Asker, officer: OfficerId, items: Sequence[_Item]) -> str:
    """Return the signed index; every payload is read for its hash, and once more when its turn comes."""
    listed: list[PackItem] = []
    for batch in _batches(items):
        async with desk.store.reader() as uow:
            payloads = await _payloads(uow, batch)
        listed += [_listed(item, payload) for item, payload in zip(batch, payloads, strict=True)]
    index = PackIndex(desk.area, items[0].message.case, asker.party.id, officer, desk.now(), tuple(listed))
    return signed_note.sign(index.encode(), [desk.gateway_key], MAX_BYTES)


def _listed(item: _Item, payload: bytes) -> PackItem:
    file, manifest = signed_note.hash_bytes(item.header + payload), signed_note.hash_text(item.message.manifest)
    return PackItem(item.message.id, file, manifest)


async def _read_again(desk: Desk, asker: Asker, batch: Sequence[_Item]) -> list[bytes]:
    """Return the payloads of what may be had still. Raises Refused, logged, which ends the stream."""
    wanted = {item.delivery.id for item in batch}
    async with desk.store.reader() as uow:
        asked = await _ask(desk, uow, batch[0].message.case, asker)
        payloads = await _payloads(uow, batch)
    permitted = set[str]()
    for one in asked.questions:
        delivery, decision = one.found.delivery, decide(one.access)
        if isinstance(decision, Permit) and delivery is not None:
            permitted.add(delivery.id)
        elif isinstance(decision, Deny) and (delivery is None or delivery.id in wanted):
            message = None if one.found.message is None else one.found.message.id
            await refuse(desk, one.access, decision, asked.directory, message)
    if not wanted <= permitted:
        raise Refused(NOT_AVAILABLE)
    return payloads


async def _payloads(uow: UnitOfWork, batch: Sequence[_Item]) -> list[bytes]:
    found = await uow.messages.payloads([item.message.id for item in batch])
    if len(found) != len(batch):
        raise Refused(NOT_AVAILABLE)  # destroyed in this moment
    return [found[item.message.id] for item in batch]


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Yield the items in batches whose payloads are BATCH_BYTES at most together; a larger one is alone."""
    batch: list[_Item] = []
    size = 0
    for item in items:
        if batch and size + item.message.payload_length > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.message.payload_length
    yield batch
