"""Correct: a submission takes the place of an earlier message, and who held that one gets it. Format: formats.md, 4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from agencies.agency import OFFICE_KINDS, Party
from agencies.directory import Directory
from agencies.names import EntryId, MessageId, PartyId
from broker.audit import Entry
from broker.case import NOTHING_KNOWN, Case, Relation
from broker.errors import AlreadyCorrected
from broker.kinds.kind import Kind
from broker.lifecycle import DESTROYED, UNCOLLECTED, DeliveryState
from broker.need_to_know import Corrected
from broker.ports import UnitOfWork
from broker.records import Addressed, Delivery, Message
from broker.services.standing import NO_MESSAGE
from crypto.draw import draw_uuid7


@dataclass(frozen=True, slots=True)
class Older:
    """What became of the older versions of a document, each sent to its recipients.

    held    who has one: it was released to them, never taken back from them, and they did not destroy it
    barred  from whom one was taken back by name, while others kept it: they get no correction either, by role or
            choice, until the office gives them a version again
    waits   of the version that is corrected: what is urgent and not collected yet, by recipient
    """

    held: frozenset[PartyId] = frozenset()
    barred: frozenset[PartyId] = frozenset()
    waits: Mapping[PartyId, Delivery] = field(default_factory=dict)


Olders = Mapping[str, Older]
NOTHING_OLDER = Older()
RETURN = "research-return"


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


def corrected_as(sender: PartyId, id_: MessageId | None, found: Message | None, case: Case | None) -> Corrected:
    """Return what the message that was named is to `sender`, for need-to-know; `case` is that of the message."""
    if id_ is None:
        return Corrected.NOTHING
    if found is None:
        return Corrected.MISSING
    if found.sender != sender:
        return Corrected.ANOTHERS
    return Corrected.ENDING if case is not None and has_ended(case, found) else Corrected.OWN


def has_ended(case: Case, returned: Message) -> bool:
    """Claim that the sender's part in the case ended by this very return, and that nobody has said otherwise since."""
    held = case.related.get(returned.sender)
    return (
        held is not None
        and (held.relation, held.why) == (Relation.ENDED, NOTHING_KNOWN)
        and held.since == returned.accepted_at
        and returned.document == RETURN
        and not any(one.party == returned.sender for one in case.also)
    )


async def olders_of(uow: UnitOfWork, corrected: Message | None) -> Olders:
    """Return, by document, what became of what is corrected and of the versions before it; nothing where nothing is.

    Raises AlreadyCorrected: only the newest version is corrected, or two would be believed to be it.
    """
    if corrected is None:
        return {}
    if corrected.superseded_by is not None:
        raise AlreadyCorrected("another message has taken the place of this one", "/note")
    parts = await uow.messages.parts(corrected)
    return {part.document: older_of(part.id, await uow.messages.history(part.id)) for part in parts}


def older_of(newest: MessageId, history: Sequence[Delivery]) -> Older:
    """Return what became of a document's versions, from the deliveries of all of them.

    What was taken back from everybody, at once or one after the other, was wrong, and is put right for everybody; what
    was taken back from some was for others, and its correction is: until the office says otherwise, by sharing it.
    """
    recalled = [one for one in history if one.state is DeliveryState.RECALLED]
    standing = [one for one in history if one.state is not DeliveryState.RECALLED]
    kept = {one.message for one in standing}
    again = _given_again(recalled, standing)
    had = {one.recipient for one in standing if one.released_at is not None and DESTROYED not in one.receipts}
    waits = [one for one in history if one.message == newest and one.urgent and one.state in UNCOLLECTED]
    return Older(
        held=frozenset(had - ({one.recipient for one in recalled} - again)),
        barred=frozenset({one.recipient for one in recalled if one.message in kept} - again),
        waits={one.recipient: one for one in waits},
    )


def _given_again(recalled: Sequence[Delivery], standing: Sequence[Delivery]) -> set[PartyId]:
    """Return whom the office has given a version since one was last taken back from them: that was a mistake."""
    last: dict[PartyId, datetime] = {}
    for one in recalled:
        if one.recalled_at is not None:
            last[one.recipient] = max(one.recalled_at, last.get(one.recipient, one.recalled_at))
    return {
        one.recipient
        for one in standing
        if one.recipient in last and one.shared_at is not None and one.shared_at > last[one.recipient]
    }


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
