"""Survey: what the office must see over all cases: look-ups that stand out, and what waits for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agencies.names import CaseRef, PartyId
from agencies.uk_days import start_of_uk_day, uk_day
from broker.case import Case, Stage
from broker.errors import Refused
from broker.lookups import AgencyLookups, lookups_of
from broker.need_to_know import Act, Asker, Deny
from broker.ports import UnitOfWork
from broker.services.desk import Desk
from broker.services.ruling import question, rule
from broker.services.sealing import taking_part
from broker.services.standing import officers_of

MOST = 500  # cases in one answer, the oldest: whoever has more to do than that begins with these
TRIAGE, EXCLUSIONS, SERVICE = "triage", "exclusions", "idva-service"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in which something is missing: a triage, who is meant by exclusions in words, or the IDVA service."""

    case: CaseRef
    stage: Stage
    opened_at: datetime
    last_referral_at: datetime | None
    missing: tuple[str, ...]


async def lookups(desk: Desk, asker: Asker) -> Sequence[AgencyLookups]:
    """Return each agency's look-ups as long as they are kept, by date and without a person. Raises Refused."""
    since = desk.now() - desk.settings.lookups_kept
    async with desk.store.unit() as uow:
        hidden = await _permitted(desk, uow, asker)
        looked_up: dict[PartyId, list[datetime]] = {}
        referred: dict[PartyId, list[datetime]] = {}
        for kind, found in (("lookup", looked_up), ("referral", referred)):
            for message in await uow.messages.first_of(kind, since):
                if message.case not in hidden:
                    found.setdefault(message.sender, []).append(message.accepted_at)
        await uow.commit()
    desk.logged.ring()
    return [lookups_of(agency, looked_up[agency], referred.get(agency, ())) for agency in sorted(looked_up)]


async def waiting(desk: Desk, asker: Asker) -> Sequence[Waiting]:
    """Return the cases in which something is missing, those first that were referred first. Raises Refused."""
    async with desk.store.unit() as uow:
        hidden = await _permitted(desk, uow, asker)
        directory = await desk.directories.current(uow)
        services = [one.id for one in taking_part(desk, directory) if one.kind == SERVICE]
        before = start_of_uk_day(uk_day(desk.now()) - timedelta(days=desk.settings.triage_days))
        missing: dict[CaseRef, list[str]] = {}
        cases: dict[CaseRef, Case] = {}
        for word, found in (
            (TRIAGE, await uow.cases.untriaged(before, MOST)),
            (EXCLUSIONS, await uow.cases.pending(MOST)),
            # An area without such a service does not lack it in each case.
            (SERVICE, await uow.cases.unserved(services, MOST) if services else []),
        ):
            for case in found:
                cases[case.ref] = case
                missing.setdefault(case.ref, []).append(word)
        await uow.commit()
    desk.logged.ring()
    ordered = sorted(cases.values(), key=lambda case: (case.last_referral_at or case.opened_at, case.ref))
    return [
        Waiting(case.ref, case.stage(desk.now()), case.opened_at, case.last_referral_at, tuple(missing[case.ref]))
        for case in ordered
        if case.ref not in hidden
    ]


async def _permitted(desk: Desk, uow: UnitOfWork, asker: Asker) -> frozenset[CaseRef]:
    """Log the survey in this unit, and return the cases that exclude whoever may be asking: exclusions beat it too.

    Raises Refused, logged and committed.
    """
    access = question(desk, Act.SURVEY, asker)
    decision, _ = await rule(desk, uow, access)
    if isinstance(decision, Deny):
        await uow.commit()
        raise Refused(decision.public)
    directory = await desk.directories.current(uow)
    readers = officers_of(asker.party.id, directory) if asker.officer is None else [asker.officer]
    return await uow.cases.excluding([asker.party.id, *readers])
