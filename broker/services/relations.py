"""Which relations to its case a submission brings about: by role, for who refers, and by the kind's effect."""

from collections.abc import Iterator

from agencies.agency import TAKING_PART, Party
from agencies.directory import Directory
from broker.case import NOTHING_KNOWN, RESEARCH, Case, Flag, Related, Relation
from broker.kinds.kind import Effects, Kind
from broker.need_to_know import Access, Corrected, basis_for
from broker.services.desk import Desk
from broker.services.sealing import taking_part

CHAIR = "chair"


def brought_by(desk: Desk, access: Access, kind: Kind, effects: Effects, directory: Directory) -> list[Related]:
    """Return the relations to add to the case, or to put in the place of what a party has; its exclusions stay.

    access.case  locked, or None where the submission opens one

    What the coordinator ended is not begun anew by a role, nor by referring again.
    """
    parties = taking_part(desk, directory)
    found = [*_by_role(desk, access, kind, parties), *_by_effect(desk, access.case, effects, parties)]
    if effects.answered_nothing is not None:
        found += _ended(desk, access)
    elif access.corrected is Corrected.ENDING:  # it knows something: it is asked as before
        found.append(_related(desk, access.asker.party, Relation.ASKED, RESEARCH))
    return found


def _by_role(desk: Desk, access: Access, kind: Kind, parties: list[Party]) -> Iterator[Related]:
    held, sender = {} if access.case is None else access.case.related, access.asker.party
    roles = {"coordinator", "deputy"}.union(*(part.receivers for part in kind.parts.values()))
    if desk.settings.mash_receives_referrals and any(part.mash_too for part in kind.parts.values()):
        roles.add("mash")
    if sum(party.kind == CHAIR for party in parties) > 1:
        roles.discard(CHAIR)  # whose meeting it is, the coordinator says
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
    for party in _agencies(parties):
        relation = Relation.NONE if case is None else case.relation(party.id, desk.now())
        asks = party.id in effects.asked and relation is not Relation.EXCLUDED
        if asks and not relation.at_least(Relation.ASKED):
            yield _related(desk, party, Relation.ASKED, RESEARCH)


def flags_set(desk: Desk, case: Case, effects: Effects, directory: Directory, *, corrects: bool) -> list[Flag]:
    """Return the flags to set: each agency's that takes part and is not excluded, also one whose part was ended.

    One that runs longer already stays so, unless this `corrects` one: its day was wrong.
    """
    until, now = effects.informs_until, desk.now()
    if until is None:
        return []
    held = {} if corrects else case.flags
    return [
        Flag(party.id, basis_for(party.kind), now, max(until, held[party.id].until) if party.id in held else until)
        for party in _agencies(taking_part(desk, directory))
        if case.relation(party.id, now) is not Relation.EXCLUDED
    ]


def _agencies(parties: list[Party]) -> Iterator[Party]:
    return (party for party in parties if party.kind in TAKING_PART)


def _ended(desk: Desk, access: Access) -> Iterator[Related]:
    """Yield the end of the sender's part, if research is all that it was asked for: any other part stays.

    One that corrects the return by which it ended ends it anew: by that one it can be corrected again.
    """
    sender, case = access.asker.party, access.case
    held = None if case is None else case.related.get(sender.id)
    was_asked = held is not None and held.relation is Relation.ASKED and held.why == RESEARCH
    if was_asked or access.corrected is Corrected.ENDING:
        yield _related(desk, sender, Relation.ENDED, NOTHING_KNOWN)


def _related(desk: Desk, party: Party, relation: Relation, why: str) -> Related:
    return Related(party.id, relation, basis_for(party.kind), why, desk.now())
