"""Exclude: the coordinator turns people excluded in words into rules, or says that it is dealt with."""

from collections.abc import Sequence
from dataclasses import replace

from agencies.directory import Directory
from agencies.names import CaseRef, OfficerId, PartyId, coordinator_of, is_officer
from broker.errors import Refused, UnknownExclusion
from broker.need_to_know import Access, Act, Asker, Deny
from broker.services.desk import Desk
from broker.services.ruling import check_asker, rejections_logged, rule


async def exclude(desk: Desk, case: CaseRef, parties: Sequence[str], *, settled: bool, asker: Asker) -> None:
    """Exclude agencies or officers from a case; `settled` says that nobody excluded in words is left to deal with.

    Holds for every release from this commit on.
    Raises Refused, UnknownExclusion.
    """
    access = Access(Act.EXCLUDE, asker, demand_proved=desk.settings.demand_proved)
    directory = await check_asker(desk, access)
    async with rejections_logged(desk, access):
        excluded = _known(parties, directory)
    async with desk.store.unit() as uow:
        held = await uow.cases.lock(case)
        decision, _ = await rule(desk, uow, replace(access, case=held))
        if not isinstance(decision, Deny):
            await uow.cases.exclude(case, excluded, pending=False)
            if settled:
                await uow.cases.settle_exclusions(case)
        await uow.commit()
    desk.logged.ring()
    desk.mail.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)


def _known(parties: Sequence[str], directory: Directory) -> list[PartyId | OfficerId]:
    excluded: list[PartyId | OfficerId] = []
    for index, party in enumerate(parties):
        known = directory.register.party(party) or directory.register.officer(party)
        if known is None or party == coordinator_of(directory.area.name):
            raise UnknownExclusion("not an agency or officer that can be excluded", f"/parties/{index}")
        excluded.append(OfficerId(party) if is_officer(party) else PartyId(party))
    return excluded
