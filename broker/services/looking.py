"""Look first: a refusal is decided by what is read without a lock; only who may be permitted waits for one."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agencies.names import CaseRef, MessageId
from broker.case import Case
from broker.need_to_know import Access, Act, Asker, Deny, decide, decide_asker
from broker.ports import UnitOfWork
from broker.services.desk import Desk
from broker.services.ruling import as_of, refuse, rule
from broker.services.standing import Found, access_to, officers_of

Find = Callable[[UnitOfWork], Awaitable[Found]]


async def check_case(desk: Desk, access: Access, ref: CaseRef) -> None:
    """Return if need-to-know permits what is asked about a case as it is now; the caller asks again, under its lock.

    Raises Refused, logged and committed.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        case = await uow.cases.get(ref)
    colleagues = frozenset(officers_of(access.asker.party.id, directory))
    access = as_of(replace(access, case=case, colleagues=colleagues), directory, desk.now())
    decision = decide(access)
    if isinstance(decision, Deny):
        await refuse(desk, access, decision, directory)


async def rule_on_case(desk: Desk, uow: UnitOfWork, access: Access, ref: CaseRef) -> Case | None:
    """Return the case, locked, if need-to-know permits what is asked about it; the decision is logged in this unit."""
    held = await uow.cases.lock(ref)
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    colleagues = frozenset(officers_of(access.asker.party.id, directory))
    decision, _ = await rule(desk, uow, replace(access, case=held, colleagues=colleagues))
    return None if isinstance(decision, Deny) else held


async def check_found(desk: Desk, act: Act, asker: Asker, find: Find, message: MessageId | None = None) -> None:
    """Return if need-to-know permits `act` on what `find` finds now; whoever goes on asks again, under the lock.

        message  the id that was asked about, whether or not there is such a message; None: that of what was found

    In a unit that only reads, and locks nothing. Who has no part in a case and waited for its lock would learn by the
    waiting that there is one; and many of them at once would hold up whoever works with it.
    Raises Refused, logged and committed; for a reason that lies in the asker alone before anything of a case is read.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        alone = Access(act, asker, demand_proved=desk.settings.demand_proved)
        found = Found(None, None)
        if decide_asker(as_of(alone, directory, desk.now())) is None:
            found = await find(uow)
        access = as_of(access_to(desk, act, asker, found, directory), directory, desk.now())
    decision = decide(access)
    if isinstance(decision, Deny):
        about = message if message is not None or found.message is None else found.message.id
        await refuse(desk, access, decision, directory, about)
