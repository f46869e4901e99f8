"""Lease: give an agency the payloads and manifests that wait for it; what it may not have is absent and uncounted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agencies.directory import Directory
from agencies.names import DeliveryId, MessageId
from broker.need_to_know import Access, Act, Asker, Deny, decide
from broker.ports import Delivery, Message, UnitOfWork
from broker.services.desk import Desk
from broker.services.ruling import as_of, check_asker, entry_for
from broker.services.standing import Found, access_to

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
    await check_asker(desk, Access(Act.LEASE, asker, demand_proved=desk.settings.demand_proved))
    ends = asyncio.get_running_loop().time() + wait_s
    while True:
        heard = desk.mail.rings
        leased = await _lease_now(desk, asker, limit)
        remaining = ends - asyncio.get_running_loop().time()
        if leased or remaining <= 0:
            return leased
        await desk.mail.wait(min(remaining, LOOK_AGAIN_S), heard)


async def _lease_now(desk: Desk, asker: Asker, limit: int) -> list[Leased]:
    now = desk.now()
    until = now + timedelta(seconds=desk.settings.lease_s)
    given: list[Leased] = []
    async with desk.store.unit() as uow:
        directory = await desk.directories.current(uow)
        waiting = await uow.messages.to_lease(asker.party.id, limit, now)
        for delivery, message in waiting:
            if await _may_have(desk, uow, asker, (delivery, message), directory):
                given.append(await _give(uow, delivery, message, until))
        await uow.messages.lease([item.delivery for item in given], until)
        if waiting:
            await uow.commit()  # a crash after this: the lease runs out and they are given again
            desk.logged.ring()
    return given


async def _may_have(
    desk: Desk, uow: UnitOfWork, asker: Asker, item: tuple[Delivery, Message], directory: Directory
) -> bool:
    delivery, message = item
    case = await uow.cases.get(delivery.case)
    act = Act.LEASE if delivery.recall_notice is None else Act.RECEIPT  # a notice releases nothing
    access = as_of(access_to(desk, act, asker, Found(message, case, delivery), directory), directory)
    decision = decide(access)
    if isinstance(decision, Deny):
        if delivery.withheld != decision.rule:  # each reason once, or a waiting kit would fill the log
            await uow.log.append(entry_for(access, decision, directory, message.id))
        await uow.messages.withhold(delivery.id, decision.rule, access.asker.at + ASK_AGAIN)
        return False
    await uow.log.append(entry_for(access, decision, directory, message.id))
    return True


async def _give(uow: UnitOfWork, delivery: Delivery, message: Message, until: datetime) -> Leased:
    if delivery.recall_notice is not None:
        return Leased(delivery.id, message.id, message.manifest, b"", until, delivery.recall_notice)
    payload = await uow.messages.payload(message.id)
    return Leased(delivery.id, message.id, message.manifest, payload or b"", until)
