"""Notify: tell a party, without a word of content, that a lease would give it something; see notices/README.md."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from agencies.directory import Directory
from agencies.names import DeliveryId, PartyId, coordinator_of
from broker.errors import NoticeNotDelivered
from broker.lifecycle import DeliveryState
from broker.need_to_know import Access, Act, Asker, Decision, Permit, decide, decide_asker
from broker.ports import Courier, UnitOfWork
from broker.records import Channel, Delivery
from broker.services.desk import Desk
from broker.services.hearing import decide_hearing
from broker.services.lease import reach_of_all
from broker.services.overdue import Overdue, find_overdue
from broker.services.ruling import as_of, broker_entry, entry_for
from broker.services.standing import Found, access_to, find_delivery

LOOK_AT = 500  # of what waits for one party, until something is found that it may have
UNDER_WAY = timedelta(minutes=5)  # a notice of which nothing more is heard is sent again after this
AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
_log = structlog.get_logger("broker.notices")


@dataclass(frozen=True, slots=True)
class _About:
    """Why a party is told: a delivery that it could lease; the coordinator's office also of what others are owed."""

    delivery: DeliveryId | None = None
    overdue: tuple[Overdue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A notice that this process is to send, and which deliveries are escalated once it got through."""

    channel: Channel
    overdue: tuple[Overdue, ...]


async def notify(desk: Desk, couriers: Mapping[str, Courier]) -> int:
    """Send the notices that are due now, each once; return how many got through.

    Decided and logged in one commit, sent after it, recorded in another: a crash in between sends a notice twice, and
    none without an entry in the log. No transaction is open while a mail server or a webhook is waited for.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        channels = await uow.notices.all()
        overdue = tuple(each for each in await find_overdue(desk, uow, desk.now()) if each.escalated_at is None)
    await _forget_who_left(desk, channels, directory)
    claimed: list[_Claimed] = []
    for party, found in groupby(channels, key=lambda channel: channel.party):
        offered = [channel for channel in found if channel.channel in couriers]
        claimed += await _claim(desk, party, offered, overdue if party == coordinator_of(desk.area) else ())
    got_through = await asyncio.gather(*(_send(desk, couriers[each.channel.channel], each) for each in claimed))
    return sum(got_through)


async def _forget_who_left(desk: Desk, channels: Sequence[Channel], directory: Directory) -> None:
    """Destroy the addresses of who is no longer in the register, or was removed; who is suspended may come back."""
    gone = {channel.party for channel in channels if not _is_listed(channel.party, directory, desk.now())}
    if not gone:
        return
    async with desk.store.unit() as uow:
        for party in sorted(gone):
            await uow.notices.drop(party, [channel.channel for channel in channels if channel.party == party])
        await uow.commit()


def _is_listed(party: PartyId, directory: Directory, now: datetime) -> bool:
    held = directory.register.party(party)
    return held is not None and held.status != "removed" and (held.until is None or now < held.until)


async def _claim(
    desk: Desk, party: PartyId, channels: Sequence[Channel], overdue: tuple[Overdue, ...]
) -> Sequence[_Claimed]:
    """Return the notices that go to the party now, claimed for this process; logged and committed."""
    now, gap = desk.now(), timedelta(minutes=desk.settings.notice_gap_minutes)
    ready = [channel for channel in channels if _is_ready(channel, now, gap, again=bool(overdue))]
    if not ready:
        return []
    about = _About(await _would_lease(desk, party), overdue)
    if about == _About():
        return []
    async with desk.store.unit() as uow:
        if not await _still(desk, uow, party, about):
            return []
        claimed = [channel for channel in ready if await uow.notices.claim(channel, now, now + UNDER_WAY)]
        if claimed:
            await uow.commit()  # a crash after this: what is not recorded as told is sent again
    desk.logged.ring()
    return [_Claimed(channel, overdue) for channel in claimed]


def _is_ready(channel: Channel, now: datetime, gap: timedelta, *, again: bool) -> bool:
    """Claim that a notice may go out now: not too soon, and not before the party has looked after the last one.

    again  something urgent is overdue: the office is told whether or not it has looked
    """
    if channel.again_at is not None:
        return channel.again_at <= now
    if channel.told_at is not None and now < channel.told_at + gap:
        return False
    return again or not channel.unseen


async def _would_lease(desk: Desk, party: PartyId) -> DeliveryId | None:
    """Return a delivery that a lease by some officer of this party would give it now, read without a lock.

    Where an officer is excluded, and where nobody in force is named in a closed case, it is as if there were none; but
    of a recall it is told as long as some officer may hear of it: a notice names no case.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        asker = _asker(party, directory, desk.now())
        if asker is None:
            return None
        for delivery, _ in await uow.messages.waiting(reach_of_all(asker, directory), LOOK_AT, desk.now()):
            _, decision = _decide(desk, asker, await find_delivery(uow, delivery), directory)
            if isinstance(decision, Permit):
                return delivery
    return None


async def _still(desk: Desk, uow: UnitOfWork, party: PartyId, about: _About) -> bool:
    """Claim that there is still something to tell, and log it in this unit: the delivery's case is locked."""
    found = Found(None, None) if about.delivery is None else await find_delivery(uow, about.delivery)
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    asker = _asker(party, directory, desk.now())
    if asker is None:
        return False
    for each in about.overdue:
        await uow.log.append(replace(broker_entry(desk, "escalate", each.case, "urgent"), agency=party))
    if found.message is None or found.delivery is None or not _waits(found.delivery, desk.now()):
        return bool(about.overdue)
    access, decision = _decide(desk, asker, found, directory)
    if isinstance(decision, Permit):
        await uow.log.append(entry_for(access, decision, directory, found.message.id))
    return isinstance(decision, Permit) or bool(about.overdue)


def _waits(delivery: Delivery, now: datetime) -> bool:
    """Claim that nobody has leased it meanwhile: who is at it needs no notice."""
    is_there = delivery.state is DeliveryState.WAITING or delivery.recall_notice is not None
    return is_there and (delivery.leased_until is None or delivery.leased_until <= now)


def _asker(party: PartyId, directory: Directory, now: datetime) -> Asker | None:
    """Return the party as nobody in particular of it: who reads its mailbox is not known. None: it may ask nothing."""
    held = directory.register.party(party)
    if held is None:
        return None
    asker = Asker(held, None, None, None, now)
    return asker if decide_asker(Access(Act.NOTICE, asker)) is None else None


def _decide(desk: Desk, asker: Asker, found: Found, directory: Directory) -> tuple[Access, Decision]:
    """Return the question and its answer: what a recalled message's notice is told by is asked as a lease of it is."""
    if found.delivery is not None and found.delivery.recall_notice is not None:
        return decide_hearing(desk, asker.party, found, directory)
    access = as_of(access_to(desk, Act.NOTICE, asker, found, directory), directory, desk.now())
    return access, decide(access)


async def _send(desk: Desk, courier: Courier, claimed: _Claimed) -> bool:
    """Send one notice and record how it went; a failure is tried again, ever later, and hinders nothing else."""
    channel, fault = claimed.channel, None
    try:
        await courier.send(channel.address)
    except NoticeNotDelivered as error:
        fault = error.fault
        _log.warning("notice_failed", code=error.code)
    now = desk.now()
    async with desk.store.unit() as uow:
        if fault is None:
            await uow.messages.escalated([each.delivery for each in claimed.overdue], now)
            await uow.notices.told(channel)
        else:
            pause = AGAIN_AFTER[min(channel.failures, len(AGAIN_AFTER) - 1)]
            await uow.notices.failed(channel, fault, now, now + pause)
        await uow.commit()
    return fault is None
