"""Look first: a refusal is decided by what is read without a lock; only who may be permitted waits for one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from agencies.names import CaseRef, MessageId
from broker.case import Case
from broker.errors import Refused
from broker.need_to_know import NOT_AVAILABLE, Access, Act, Asker, Deny, decide, decide_asker
from broker.ports import UnitOfWork
from broker.services.desk import Desk
from broker.services.ruling import as_of, question, refuse, rule
from broker.services.standing import Found, access_to, officers_of

Find = Callable[[UnitOfWork], Awaitable[Found]]


async def check_case(desk: Desk, access: Access, ref: CaseRef) -> None:
    """Return if need-to-know permits what is asked about a case as it is now; the caller asks again, under its lock.

    Raises Refused, logged and committed; for a reason that lies in the asker alone before anything of a case is read.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        alone = decide_asker(as_of(access, directory, desk.now())) is not None
        case = None if alone else await uow.cases.get(ref)
    colleagues = frozenset(officers_of(access.asker.party.id, directory))
    access = as_of(replace(access, case=case, colleagues=colleagues), directory, desk.now())
    decision = decide(access)
    if isinstance(decision, Deny):
        await refuse(desk, access, decision, directory)


async def permits(desk: Desk, uow: UnitOfWork, access: Access, case: Case | None) -> bool:
    """Claim that need-to-know permits what is asked about a case that this unit holds locked; the answer is logged."""
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    colleagues = frozenset(officers_of(access.asker.party.id, directory))
    decision, _ = await rule(desk, uow, replace(access, case=case, colleagues=colleagues))
    return not isinstance(decision, Deny)


@dataclass(frozen=True, slots=True)
class Permitted:
    """The unit of an act that is permitted, and the cases that it is about, locked, in the order they were named."""

    uow: UnitOfWork
    cases: Sequence[Case]


@asynccontextmanager
async def permitted(desk: Desk, access: Access, *refs: CaseRef) -> AsyncIterator[Permitted]:
    """Yield the unit and the cases if need-to-know permits what is asked about each of them, as it is under its lock.

    What the block does is committed with the entries that permit it, or not at all. A crash after that commit: asked
    again, the act repeats itself, and each act says what that changes.
    Raises Refused, logged and committed, and the block is not entered: the same whichever may not be had.
    """
    for ref in refs:
        await check_case(desk, access, ref)
    async with desk.store.unit() as uow:
        held = await uow.cases.lock_all(sorted(set(refs)))
        may = [await permits(desk, uow, access, held[ref]) for ref in refs]
        cases = [case for ref in refs if (case := held[ref]) is not None]
        is_permitted = all(may) and len(cases) == len(refs)
        if is_permitted:
            yield Permitted(uow, cases)
        await uow.commit()
    desk.logged.ring()
    if not is_permitted:
        raise Refused(NOT_AVAILABLE)


async def check_found(desk: Desk, act: Act, asker: Asker, find: Find, message: MessageId | None = None) -> None:
    """Return if need-to-know permits `act` on what `find` finds now; whoever goes on asks again, under the lock.

        message  the id that was asked about, whether or not there is such a message; None: that of what was found

    In a unit that only reads, and locks nothing. Who has no part in a case and waited for its lock would learn by the
    waiting that there is one; and many of them at once would hold up whoever works with it.
    Raises Refused, logged and committed; for a reason that lies in the asker alone before anything of a case is read.
    """
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        alone = question(desk, act, asker)
        found = Found(None, None)
        if decide_asker(as_of(alone, directory, desk.now())) is None:
            found = await find(uow)
        access = as_of(access_to(desk, act, asker, found, directory), directory, desk.now())
    decision = decide(access)
    if isinstance(decision, Deny):
        about = message if message is not None or found.message is None else found.message.id
        await refuse(desk, access, decision, directory, about)
