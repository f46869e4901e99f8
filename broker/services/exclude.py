"""Exclude: the coordinator turns people excluded in words into rules, says that it is done, or lifts a mistake."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agencies.directory import Directory
from agencies.names import CaseRef, MessageId, OfficerId, PartyId, coordinator_of, is_officer
from broker.errors import ExclusionLeavesNobody, Refused, UnknownExclusion
from broker.need_to_know import Access, Act, Asker, Deny
from broker.ports import UnitOfWork
from broker.services.desk import Desk
from broker.services.looking import check_case
from broker.services.office import check_somebody_is_left
from broker.services.ruling import check_asker, question, rejections_logged, rule
from broker.services.standing import officers_of


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a case's exclusions, by register id.

    excluded  must learn nothing more; who is in both stays excluded
    lifted    may again what else permits them; no header is made for what was handed in while they were excluded
    settled   messages of which nobody excluded in words is left to deal with: it opens the case, as lifting does,
              once no other waits; one that came meanwhile, or that nobody has read, is not among them
    """

    excluded: Sequence[str] = ()
    lifted: Sequence[str] = ()
    settled: Sequence[MessageId] = ()

    @property
    def acts(self) -> list[Act]:
        """What is asked, each logged by itself; first what fewest may: who may lift may exclude too."""
        asked = [(self.settled, Act.SETTLE), (self.lifted, Act.LIFT), (self.excluded, Act.EXCLUDE)]
        return [act for named, act in asked if named] or [Act.EXCLUDE]


async def exclude(desk: Desk, case: CaseRef, change: Change, asker: Asker) -> None:
    """Exclude agencies or officers from a case, or lift that, or settle whom messages exclude in words.

    Holds for every release from this commit on. Lifting who is not excluded, or settling what does not wait, changes
    nothing. Of merged cases the reference's own exclusions are lifted: who is in another's stays out of all.
    Raises Refused, UnknownExclusion, ExclusionLeavesNobody.
    """
    access = question(desk, change.acts[0], asker)
    directory = await check_asker(desk, access)
    async with rejections_logged(desk, access):
        _check_known(change, directory)
        for act in change.acts:
            await check_case(desk, replace(access, act=act), case)
        async with desk.store.unit() as uow:
            deny = await _commit(desk, uow, case, change, access)
    desk.logged.ring()
    desk.mail.ring()
    if deny is not None:
        raise Refused(deny.public)


async def _commit(desk: Desk, uow: UnitOfWork, case: CaseRef, change: Change, access: Access) -> Deny | None:
    held = await uow.cases.lock(case)
    directory = await desk.directories.current(uow)  # after the lock, which may have been waited for
    colleagues = frozenset(officers_of(access.asker.party.id, directory))
    for act in change.acts:
        decision, _ = await rule(desk, uow, replace(access, act=act, case=held, colleagues=colleagues))
        if isinstance(decision, Deny):
            await uow.commit()
            return decision
    before = frozenset() if held is None else held.excluded
    await uow.cases.lift(case, _ids(change.lifted))
    await uow.cases.exclude(case, _ids(change.excluded))
    await uow.cases.settle(case, change.settled)
    changed = await uow.cases.get(case)
    # By what holds now: another of the merged references may exclude whom this one lifts. Raised, all is rolled back.
    check_somebody_is_left(desk, directory, before, before if changed is None else changed.excluded, "/parties")
    await uow.commit()
    return None


def _check_known(change: Change, directory: Directory) -> None:
    for field, parties in (("parties", change.excluded), ("lifted", change.lifted)):
        for index, party in enumerate(parties):
            if directory.register.party(party) is None and directory.register.officer(party) is None:
                raise UnknownExclusion("not an agency or officer in the register", f"/{field}/{index}")
    office = coordinator_of(directory.area.name)
    if office in change.excluded:
        pointer = f"/parties/{list(change.excluded).index(office)}"
        raise ExclusionLeavesNobody("the coordinator's office cannot be excluded", pointer)


def _ids(parties: Sequence[str]) -> list[PartyId | OfficerId]:
    return [OfficerId(party) if is_officer(party) else PartyId(party) for party in sorted(set(parties))]
