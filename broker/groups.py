"""Cases that are one: what need-to-know sees of merged cases together. Rules: same-person.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agencies.names import CaseRef, PartyId
from broker.case import RESEARCH, Case, Flag, Related, Relation, strength


@dataclass(frozen=True, slots=True)
class Member:
    """A case as it is by itself, and since when it is one with another."""

    case: Case
    merged_into: CaseRef | None = None
    merged_at: datetime | None = None


def older(one: Case, other: Case) -> bool:
    """Claim that `one` leads where the two become one: it was opened first."""
    return (one.opened_at, one.ref) < (other.opened_at, other.ref)


def as_one(ref: CaseRef, members: Sequence[Member]) -> Case:
    """Return the members together as the one case that they are, asked for by the reference `ref`.

        members  all that are one, the lead among them

    Excluded is whom any excludes; closed, or waiting for exclusions in words, is all of it if any is; whose part the
    coordinator ended in any has none in all; who is named or flagged in any is so in all; the last referral is the
    latest; destruction is scheduled once that of each is, and then from the latest.
    """
    cases = [member.case for member in members]
    lead = next(member for member in members if member.merged_into is None)
    held = _but_for_the_ended(list(_counting(lead, members)))
    related: dict[PartyId, Related] = {}
    for one in sorted(held, key=by_strength):
        related[one.party] = one
    scheduled = [case.scheduled_at for case in cases if case.scheduled_at is not None]
    return replace(
        lead.case,
        ref=ref,
        last_referral_at=max((at for case in cases if (at := case.last_referral_at) is not None), default=None),
        related=related,
        also=tuple(one for one in held if related[one.party] is not one),
        excluded=frozenset().union(*(case.excluded for case in cases)),
        closed=any(case.closed for case in cases),
        named=frozenset().union(*(case.named for case in cases)),
        flags=_flags(cases, held),
        unsettled=frozenset().union(*(case.unsettled for case in cases)),
        scheduled_at=max(scheduled) if len(scheduled) == len(cases) else None,
        merged={member.case.ref: member.merged_into for member in members if member.merged_into is not None},
    )


def leaving(ref: CaseRef, merged: Mapping[CaseRef, CaseRef]) -> frozenset[CaseRef]:
    """Return which cases leave when `ref` is split off: itself, and what was merged into it before."""
    inner = (leaving(one, merged) for one, into in merged.items() if into == ref)
    return frozenset({ref}).union(*inner)


def to_split(case: CaseRef, other: CaseRef, merged: Mapping[CaseRef, CaseRef]) -> CaseRef:
    """Return which of two cases that are one has to leave for them to be two: `other`, unless it leads to `case`."""
    return case if case in leaving(other, merged) else other


def _counting(member: Member, members: Sequence[Member]) -> Iterator[Related]:
    """Yield the relations that count: all, but for what the case that was merged into has decided about since."""
    own = member.case.related
    yield from own.values()
    for inner in members:
        if inner.merged_into == member.case.ref and inner.merged_at is not None:
            for one in _counting(inner, members):
                is_left = one.party not in own or own[one.party].since < inner.merged_at
                if is_left or one.relation is Relation.EXCLUDED:
                    yield one


def _flags(cases: Sequence[Case], held: Sequence[Related]) -> dict[PartyId, Flag]:
    """Return each party's flag, of several the one that runs longest; none that was set before its part was ended."""
    ended = {one.party: one.since for one in sorted(held, key=lambda one: one.since) if one.ended_by_hand}
    flags = sorted((flag for case in cases for flag in case.flags.values()), key=lambda flag: flag.until)
    return {flag.party: flag for flag in flags if flag.party not in ended or ended[flag.party] <= flag.since}


def _but_for_the_ended(held: Sequence[Related]) -> list[Related]:
    """Return the relations without the grants of parties whose part the coordinator ended in any of the cases."""
    ended = {one.party for one in held if one.ended_by_hand}
    return [one for one in held if one.party not in ended or one.ended_by_hand or one.relation is Relation.EXCLUDED]


def gives_way(own: Related | None, new: Related) -> bool:
    """Claim that what a merged case itself records of a party gives way to `new`, recorded of all of them together.

    What takes away is not undone by a split: each of them loses what grants more, and where the coordinator ended a
    part, each knows it. What grants is the lead's alone. An answer that nothing is known ends what research gave.
    """
    if own is None or new.ended_by_hand:
        return new.ended_by_hand
    if new.relation is Relation.ENDED and own.why != RESEARCH:
        return False
    return by_strength(new) < by_strength(replace(own, relation=own.at(new.since)))


def by_strength(one: Related) -> tuple[int, bool, float]:
    """Return what orders relations of one party: by what they grant, and then by how long."""
    until = 0.0 if one.until is None else one.until.timestamp()
    return strength(one.relation), one.until is None, until
