"""Lease: give an agency the payloads and manifests that wait for it; what it may not have is absent and uncounted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from agencies.directory import Directory
from agencies.names import DeliveryId, MessageId
from agencies.officer import Officer
from broker.need_to_know import Act, Asker, Deny, Permit, decide
from broker.ports import UnitOfWork
from broker.records import Delivery, Message, Reach
from broker.services.desk import Desk
from broker.services.ruling import as_of, check_asker, entry_for, question
from broker.services.standing import Found, access_to, listed_keys, officers_of

ASK_AGAIN = timedelta(seconds=30)  # how soon a delivery that was withheld is looked at again
LOOK_AGAIN_S = 1.0  # another process may have filled the mailbox: the bell rings in this one alone


@dataclass(frozen=True, slots=True)
class Leased:
    """What a lease gives: payload and manifest, no header. With a `notice` (a recall), the payload is empty."""

    delivery: DeliveryId
    message: MessageId
    manifest: str
    payload: bytes = field(repr=False)
    leased_until: datetime
    notice: str | None = None


async def lease(desk: Desk, asker: Asker, limit: int, wait_s: float) -> Sequence[Leased]:
    """Return up to `limit` deliveries, waiting up to `wait_s` for the first.

    Each is leased and logged in one commit; not receipted by the end of the lease, it is given again.
    Raises Refused where the asker may lease nothing at all.
    """
    await check_asker(desk, question(desk, Act.LEASE, asker))
    ends = asyncio.get_running_loop().time() + wait_s
    while True:
        heard = desk.mail.rings
        leased = await _lease_all(desk, asker, limit)
        remaining = ends - asyncio.get_running_loop().time()
        if leased or remaining <= 0:
            return leased
        await desk.mail.wait(min(remaining, LOOK_AGAIN_S), heard)


async def _lease_all(desk: Desk, asker: Asker, limit: int) -> list[Leased]:
    """Return up to `limit` of what may be had now: what is withheld takes nobody's place, and cannot be counted."""
    given: list[Leased] = []
    while len(given) < limit:
        page, looked_at = await _lease_page(desk, asker, limit - len(given))
        given += page
        if not looked_at:
            break
    return given


async def _lease_page(desk: Desk, asker: Asker, limit: int) -> tuple[list[Leased], int]:
    """Return what may be had of a page of what waits, and how many were looked at.

    Most of what may not is not even looked at: the store leaves it out.
    """
    now = desk.now()
    until = now + timedelta(seconds=desk.settings.lease_s)
    given: list[Leased] = []
    async with desk.store.unit() as uow:
        directory = await desk.directories.current(uow)
        waiting = await uow.messages.waiting(_reach(asker, directory), limit, now)
        # The cases first and in one order, as on every other way: an exclusion holds from its own commit on.
        cases = await uow.cases.lock_all(sorted({case for _, case in waiting}))
        directory = await desk.directories.current(uow)  # again: the locks may have been waited for
        taken = await uow.messages.take([delivery for delivery, _ in waiting], now)
        for delivery, message in taken:
            found = Found(message, cases[delivery.case], delivery)
            if await _may_have(desk, uow, asker, found, directory):
                given.append(await _give(uow, delivery, message, until))
        await uow.messages.lease([item.delivery for item in given], until)
        await uow.notices.seen(asker.party.id)
        await uow.commit()  # a crash after this: the lease runs out and they are given again
    if taken:
        desk.logged.ring()
    return given, len(taken)


def _reach(asker: Asker, directory: Directory) -> Reach:
    """Return who may be behind a lease, and how far it goes: of a closed case only to an officer who signed."""
    reach = reach_of_all(asker, directory)
    readers = reach.readers if asker.officer is None else (asker.officer,)
    proved = (asker.officer,) if asker.officer is not None and asker.proved else ()
    held = _keys_of(directory.officers_in_force(asker.party.id, proved, asker.at))
    return replace(reach, readers=readers, hearers=readers, proved=proved, held=held)


def reach_of_all(asker: Asker, directory: Directory) -> Reach:
    """Return how far all officers of a party reach together: which of them will look is not known.

    Of recalls too far: who of them may hear has to be asked of each. One who is excluded keeps no other from it.
    """
    officers = tuple(officers_of(asker.party.id, directory))
    in_force = directory.officers_in_force(asker.party.id, officers, asker.at)
    return Reach(
        asker.party.id,
        readers=officers,
        hearers=(),
        proved=tuple(officer.id for officer in in_force),
        whole=asker.party.kind == "coordinator",
        keys=listed_keys(directory.register.party(asker.party.id)),
        held=_keys_of(in_force),
    )


def _keys_of(officers: Sequence[Officer]) -> tuple[str, ...]:
    return tuple(key for officer in officers for key in listed_keys(officer))


async def _may_have(desk: Desk, uow: UnitOfWork, asker: Asker, found: Found, directory: Directory) -> bool:
    """Ask need-to-know, and log the answer; a refusal once for each reason, or a waiting kit would fill the log."""
    message, delivery = found.message, found.delivery
    if message is None or delivery is None:
        return False
    act = Act.LEASE if delivery.recall_notice is None else Act.HEAR  # a notice releases nothing
    access = as_of(access_to(desk, act, asker, found, directory), directory, desk.now())
    decision = decide(access)
    if isinstance(decision, Permit) or delivery.withheld != decision.rule:
        await uow.log.append(entry_for(access, decision, directory, message.id))
    if isinstance(decision, Deny):
        await uow.messages.withhold(delivery.id, decision.rule, access.asker.at + ASK_AGAIN)
    return isinstance(decision, Permit)


async def _give(uow: UnitOfWork, delivery: Delivery, message: Message, until: datetime) -> Leased:
    if delivery.recall_notice is not None:
        return Leased(delivery.id, message.id, message.manifest, b"", until, delivery.recall_notice)
    payload = await uow.messages.payload(message.id)
    return Leased(delivery.id, message.id, message.manifest, payload or b"", until)
