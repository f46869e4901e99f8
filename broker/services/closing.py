"""Close: the coordinator closes a case for good, and names the officers who may have what it holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agencies.directory import Directory
from agencies.names import CaseRef, OfficerId, PartyId
from agencies.officer import Officer
from broker.addressees import MAX_STANZAS, recipients_for
from broker.case import Case
from broker.errors import CannotBeNamed
from broker.need_to_know import Act, Asker
from broker.services.desk import Desk
from broker.services.looking import permitted
from broker.services.ruling import check_asker, question, rejections_logged


@dataclass(frozen=True, slots=True)
class Naming:
    """Officers, by register id, who may have what a closed case holds; with `removes`, who may no longer."""

    officers: Sequence[OfficerId]
    removes: bool = False


async def close(desk: Desk, case: CaseRef, asker: Asker) -> None:
    """Close the case; from this commit on nothing is released but to the coordinator's office and named officers.

    Closed already, nothing changes. There is no way back: README.md, "Decisions". Raises Refused.
    """
    access = question(desk, Act.CLOSE, asker)
    await check_asker(desk, access)
    async with permitted(desk, access, case) as may:
        await may.uow.cases.close(case)
    desk.mail.ring()


async def name(desk: Desk, case: CaseRef, naming: Naming, asker: Asker) -> None:
    """Record who is named, or no longer; it holds for every release from this commit on.

    What was sealed before is not sealed to who is named now: the coordinator's kit makes those headers.
    Raises Refused; CannotBeNamed, logged.
    """
    access = question(desk, Act.NAME, asker)
    directory = await check_asker(desk, access)
    async with rejections_logged(desk, access):
        _check_register(naming, directory, desk.now())
        async with permitted(desk, access, case) as may:
            if naming.removes:
                await may.uow.cases.unname(case, sorted(set(naming.officers)))
            else:
                _check_named(naming, may.cases[0], await desk.directories.current(may.uow), desk.now())
                await may.uow.cases.name(case, sorted(set(naming.officers)))
    desk.mail.ring()


def _check_register(naming: Naming, directory: Directory, now: datetime) -> None:
    """Refuse who is no officer, and to name who could prove or open nothing: they would be believed to be reached."""
    for index, id_ in enumerate(naming.officers):
        listed = directory.register.officer(id_)
        if listed is None or not (naming.removes or _can_open(listed, directory, now)):
            raise CannotBeNamed("not an active officer with keys of their own", f"/officers/{index}")


def _can_open(officer: Officer, directory: Directory, now: datetime) -> bool:
    active = directory.officer_of(officer.id, officer.agency, now) is not None
    return active and bool(directory.valid_keys_of(officer.id, now) and directory.recipients(officer.id, now))


def _check_named(naming: Naming, case: Case, directory: Directory, now: datetime) -> None:
    """Refuse, under the case's lock, who is kept out of this case, and more of one agency than a header can carry."""
    _check_register(naming, directory, now)
    named = replace(case, named=case.named.union(naming.officers))
    for index, id_ in enumerate(naming.officers):
        if {id_, _agency_of(id_, directory)} & case.excluded:
            raise CannotBeNamed("kept out of this case", f"/officers/{index}")
        check_headers_carry(named, [id_], directory, now, f"/officers/{index}")


def check_headers_carry(
    case: Case, officers: Iterable[OfficerId], directory: Directory, now: datetime, pointer: str
) -> None:
    """Return if a header can carry, once the case is closed, the keys of all that it names of these officers' agencies.

    Raises CannotBeNamed.
    """
    closed = replace(case, closed=True)
    for agency in {_agency_of(one, directory) for one in officers}:
        if len(recipients_for(agency, closed, directory, now)) > MAX_STANZAS:
            raise CannotBeNamed("more officers of one agency than a header can carry", pointer)


def _agency_of(officer: OfficerId, directory: Directory) -> PartyId:
    listed = directory.register.officer(officer)
    return PartyId("") if listed is None else listed.agency
