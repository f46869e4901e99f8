"""Which relations to its case a submission brings about: by role, for who refers, and by the kind's effect."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from agencies.agency import AGENCY_KINDS, Party
from agencies.directory import Directory
from broker.case import Case, Related, Relation
from broker.kinds.kind import Effects, Kind
from broker.need_to_know import Access, basis_for
from broker.services.desk import Desk
from broker.services.sealing import taking_part

RESEARCH, NOTHING_KNOWN = "research", "nothing-known"
COMPLIANCE = "compliance"  # checks what the others do, and takes part in no case


def brought_by(desk: Desk, access: Access, kind: Kind, effects: Effects, directory: Directory) -> list[Related]:
    """Return the relations to add to the case, or to put in the place of what a party has; its exclusions stay.

    access.case  locked, or None where the submission opens one

    What the coordinator ended is not begun anew by a role, nor by referring again.
    """
    parties = taking_part(desk, directory)
    found = [*_by_role(desk, access, kind, parties), *_by_effect(desk, access.case, effects, parties)]
    if effects.answered_nothing is not None:
        found += _ended(desk, access)
    return found


def _by_role(desk: Desk, access: Access, kind: Kind, parties: list[Party]) -> Iterator[Related]:
    held, sender = {} if access.case is None else access.case.related, access.asker.party
    roles = {"coordinator", "deputy"}.union(*(part.receivers for part in kind.parts.values()))
    if desk.settings.mash_receives_referrals and any(part.mash_too for part in kind.parts.values()):
        roles.add("mash")
    for party in parties:
        if party.kind in roles and _is_raised(held.get(party.id), desk):
            yield _related(desk, party, Relation.INVOLVED, "by-role")
    if kind.opens_case and sender.kind not in roles and sender.id not in held:
        yield _related(desk, sender, Relation.ASKED, "referred" if kind.name == "referral" else kind.name)


def _is_raised(held: Related | None, desk: Desk) -> bool:
    """Claim that its role makes a party involved: whatever lesser part it has or had, unless that was ended.

    Who looked the person up, was asked or was flagged before would otherwise miss the referral.
    """
    if held is None or (held.relation is Relation.ENDED and held.why == NOTHING_KNOWN):
        return True
    return held.relation is not Relation.ENDED and not held.at(desk.now()).at_least(Relation.INVOLVED)


def _by_effect(desk: Desk, case: Case | None, effects: Effects, parties: list[Party]) -> Iterator[Related]:
    for party in parties:
        if party.kind not in AGENCY_KINDS or party.kind == COMPLIANCE:
            continue
        relation = Relation.NONE if case is None else case.relation(party.id, desk.now())
        if relation is Relation.EXCLUDED:
            continue
        if party.id in effects.asked and not relation.at_least(Relation.ASKED):
            yield _related(desk, party, Relation.ASKED, RESEARCH)
        elif effects.informs_until is not None and not relation.at_least(Relation.ASKED):
            held = None if case is None else case.related.get(party.id)
            if not relation.at_least(Relation.FOR_INFORMATION) or _ends_before(held, effects.informs_until):
                flagged = _related(desk, party, Relation.FOR_INFORMATION, "flag-and-tag")
                yield replace(flagged, until=effects.informs_until)


def _ends_before(held: Related | None, until: datetime) -> bool:
    return held is not None and held.until is not None and held.until < until


def _ended(desk: Desk, access: Access) -> Iterator[Related]:
    """Yield the end of the sender's part, if research is all that it was asked for: any other part stays."""
    sender, case = access.asker.party, access.case
    held = None if case is None else case.related.get(sender.id)
    if held is not None and held.relation is Relation.ASKED and held.why == RESEARCH:
        yield _related(desk, sender, Relation.ENDED, NOTHING_KNOWN)


def _related(desk: Desk, party: Party, relation: Relation, why: str) -> Related:
    return Related(party.id, relation, basis_for(party.kind), why, desk.now())
