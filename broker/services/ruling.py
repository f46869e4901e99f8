"""Ask need-to-know within a unit of work, with the directory that this transaction sees, and log the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from agencies.directory import Directory
from agencies.names import CaseRef, EntryId, MessageId
from broker.audit import Entry
from broker.errors import (
    AddressInvalid,
    AlreadyCorrected,
    BasisNotAllowed,
    BelowThreshold,
    CannotBeNamed,
    ChannelNotOffered,
    DocumentRejected,
    ExclusionLeavesNobody,
    HeaderInvalid,
    IdempotencyConflict,
    MergeConflict,
    MergeCrossed,
    NobodyToReceive,
    NoteMismatch,
    NoteRejected,
    PackTooLarge,
    PartyUnknown,
    ReceiptOutOfOrder,
    Refused,
    RegisterConflict,
    RevocationLeavesNobody,
    UnknownExclusion,
    UnknownKind,
    UnknownVersion,
)
from broker.need_to_know import Access, Act, Asker, Decision, Deny, Permit, decide, decide_asker
from broker.ports import UnitOfWork
from broker.services.desk import Desk
from crypto.draw import draw_uuid7

_REJECTIONS = (
    NoteRejected, NoteMismatch, DocumentRejected, UnknownKind, UnknownVersion, AlreadyCorrected, UnknownExclusion,
    ExclusionLeavesNobody, BelowThreshold, IdempotencyConflict, NobodyToReceive, RegisterConflict, ReceiptOutOfOrder,
    RevocationLeavesNobody, PartyUnknown, AddressInvalid, ChannelNotOffered, CannotBeNamed, HeaderInvalid,
    MergeConflict, PackTooLarge, MergeCrossed, BasisNotAllowed,
)  # fmt: skip


def question(desk: Desk, act: Act, asker: Asker) -> Access:
    """Return the question whether `asker` may do this at all; what it is about is put into it later."""
    return Access(act, asker, demand_proved=desk.settings.demand_proved)


async def rule(
    desk: Desk, uow: UnitOfWork, access: Access, message: MessageId | None = None
) -> tuple[Decision, EntryId]:
    """Return need-to-know's decision and the id of its entry, which is appended in this unit.

    message  the id that was asked about, whether or not there is such a message
    """
    directory = await desk.directories.current(uow)
    access = as_of(access, directory, desk.now())
    decision = decide(access)
    entry = entry_for(access, decision, directory, message)
    await uow.log.append(entry)
    return decision, entry.id


def as_of(access: Access, directory: Directory, now: datetime) -> Access:
    """Return `access` with its asker as this directory shows them at `now`, the instant of this unit.

    A request may be long under way (a slow body, a long poll): a revocation, the end of a key, of an officer or of
    an agreement holds from the next transaction on, and a case that came meanwhile is there.
    """
    asker = replace(access.asker, at=now)
    party = directory.register.party(asker.party.id)
    ended = any(directory.valid_key(keyid, now) is None for keyid in asker.keyids)
    officer_gone = asker.officer is not None and directory.officer_of(asker.officer, asker.party.id, now) is None
    if party is None or ended or officer_gone:
        return replace(access, asker=asker, superseded_key=True)
    return replace(access, asker=replace(asker, party=party))


def entry_for(access: Access, decision: Decision, directory: Directory, message: MessageId | None) -> Entry:
    """Return the log's entry for a decision: who asked what, under which agreement and register."""
    asker = access.asker
    return Entry(
        id=EntryId(draw_uuid7(asker.at)),
        at=asker.at,
        area=directory.area.name,
        event=access.act.value,
        outcome="permit" if isinstance(decision, Permit) else "deny",
        rule=decision.rule,
        agency=asker.party.id,
        officer=asker.officer,
        proved=asker.proved,
        case=None if access.case is None else access.case.ref,
        message=message,
        purpose=_known_purpose(asker),
        isa=None if asker.party.isa is None else asker.party.isa.version,
        register=directory.register.number,
    )


def _known_purpose(asker: Asker) -> str | None:
    # Any other word is the caller's own, and could be a name: entries hold nothing that was not agreed on.
    isa = asker.party.isa
    return asker.purpose if isa is not None and asker.purpose in isa.purposes else None


def broker_entry(desk: Desk, event: str, case: CaseRef | None = None, rule_: str | None = None) -> Entry:
    """Return an entry for what the broker does by rule and nobody asked for: scheduling, destruction, incidents."""
    now = desk.now()
    return Entry(
        id=EntryId(draw_uuid7(now)), at=now, area=desk.area, event=event, outcome="permit", rule=rule_, case=case
    )


async def note_recovery(desk: Desk, uow: UnitOfWork, *released: Access) -> None:
    """Log an incident if a header was released that is made for a revoked key too: whoever has that may open it."""
    recovered = {access.case.ref for access in released if access.key_revoked and access.case is not None}
    await uow.log.append(
        *(broker_entry(desk, "incident", ref, "released-for-revoked-key") for ref in sorted(recovered))
    )


async def check_asker(desk: Desk, access: Access) -> Directory:
    """Return the directory as of now, if no rule that looks at the asker alone refuses.

    In a unit of its own, before anything about a case is read or any costly work is done.
    Raises Refused, logged and committed.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
    access = as_of(access, directory, desk.now())
    deny = decide_asker(access)
    if deny is not None:
        await refuse(desk, access, deny, directory)
    return directory


async def refuse(
    desk: Desk, access: Access, deny: Deny, directory: Directory, message: MessageId | None = None
) -> NoReturn:
    """Raise Refused, once the refusal is logged and committed in a unit of its own."""
    async with desk.store.unit() as uow:
        await uow.log.append(entry_for(access, deny, directory, message))
        await uow.commit()
    desk.logged.ring()
    raise Refused(deny.public)


@asynccontextmanager
async def rejections_logged(desk: Desk, access: Access) -> AsyncIterator[None]:
    """What a known party handed in and is rejected in this block is in the log, by its code, in a unit of its own.

    The block's own unit was rolled back with whatever it had appended. The error goes on to the caller.
    """
    try:
        yield
    except _REJECTIONS as error:
        async with desk.store.unit() as uow:
            directory = await desk.directories.current(uow)
            deny = Deny(error.code, error.code)
            await uow.log.append(entry_for(as_of(access, directory, desk.now()), deny, directory, None))
            await uow.commit()
        desk.logged.ring()
        raise
