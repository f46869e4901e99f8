"""Correct: a submission takes the place of an earlier message, and who held that one gets it. Format: formats.md, 4."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agencies.agency import OFFICE_KINDS, Party
from agencies.directory import Directory
from agencies.names import EntryId, MessageId, PartyId
from broker.audit import Entry
from broker.case import Case
from broker.errors import AlreadyCorrected
from broker.kinds.kind import Kind
from broker.need_to_know import Corrected
from broker.ports import UnitOfWork
from broker.records import Addressed, Message
from broker.services.standing import NO_MESSAGE
from crypto.draw import draw_uuid7

Held = Mapping[str, frozenset[PartyId]]


async def find_corrected(uow: UnitOfWork, id_: MessageId | None, case: Case | None, kind: Kind) -> Message | None:
    """Return the message of this id, if it is one that a submission of this kind to this case can correct.

    That is the message of the kind's first document: a referral's body stands for its parts.
    """
    if id_ is None:
        return None
    found = await uow.messages.get(NO_MESSAGE if case is None else id_)
    first = next(iter(kind.parts))
    if found is None or case is None or found.case != case.ref:
        return None
    return found if (found.kind.partition("/")[0], found.document) == (kind.name, first) else None


def corrected_as(sender: PartyId, id_: MessageId | None, found: Message | None) -> Corrected:
    """Return what the message that was named is to `sender`, for need-to-know."""
    if id_ is None:
        return Corrected.NOTHING
    if found is None:
        return Corrected.MISSING
    return Corrected.OWN if found.sender == sender else Corrected.ANOTHERS


async def holders_of(uow: UnitOfWork, corrected: Message | None) -> Held:
    """Return, by document, who holds what is corrected, or a version before it; nobody where nothing is.

    Raises AlreadyCorrected: only the newest version is corrected, or two would be believed to be it.
    """
    if corrected is None:
        return {}
    if corrected.superseded_by is not None:
        raise AlreadyCorrected("another message has taken the place of this one", "/note")
    return {part.document: await uow.messages.holders(part.id) for part in await uow.messages.parts(corrected)}


async def supersede(
    uow: UnitOfWork, corrected: Message | None, addressed: Sequence[Addressed], directory: Directory, entry: Entry
) -> None:
    """Each part of what is corrected ends, for all but coordinator's office and chair, and the log says so.

    entry  that of the submission, which does it
    """
    if corrected is None:
        return
    by = {one.message.document: one.message.id for one in addressed}
    members = directory.register.participants()
    offices = [one.id for one in members if isinstance(one, Party) and one.kind in OFFICE_KINDS]
    for part in await uow.messages.parts(corrected):
        await uow.messages.supersede(part.id, by[part.document], offices)
        said = replace(entry, id=EntryId(draw_uuid7(entry.at)), event="supersede", message=part.id)
        await uow.log.append(said)
