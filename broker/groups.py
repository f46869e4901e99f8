"""Cases that are one: what need-to-know sees of merged cases together. Rules: same-person.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

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
    coordinator ended in any has none in all, but for what it was given after that; who is named or flagged in any is
    so in all; the last referral is the latest; destruction is scheduled once that of each is, and then from the latest.
    """
    cases = [member.case for member in members]
    lead = next(member for member in members if member.merged_into is None)
    counting = list(_counting(lead, members))
    held = _but_for_the_ended(counting)
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
        outranked=tuple(one for one in counting if one not in held and related[one.party].ended_by_hand),
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
    ended = _ended_at(held)
    flags = sorted((flag for case in cases for flag in case.flags.values()), key=lambda flag: flag.until)
    return {flag.party: flag for flag in flags if flag.party not in ended or ended[flag.party] <= flag.since}


def _but_for_the_ended(held: Sequence[Related]) -> list[Related]:
    """Return the relations without what a party had before the coordinator ended its part in any of the cases.

    What it was given later is a new event, of which that end said nothing: the role that a new referral brought, say.
    That nothing is known, answered later, gives nothing, and hides no end.
    """
    ended = _ended_at(held)
    return [
        one
        for one in held
        if one.party not in ended
        or one.ended_by_hand
        or one.relation is Relation.EXCLUDED
        or (grants(one.relation) and ended[one.party] <= one.since)
    ]


def outranked(case: Case, at: datetime) -> list[Related]:
    """Return, of each party, the strongest grant that would hold at `at`, had its part not been ended in another case.

    A person says whether that end was meant for this too. Not of who is excluded: no grant would give it anything.
    """
    found = {}
    for one in sorted(case.outranked, key=by_strength):
        if grants(one.at(at)) and case.relation(one.party, at) is not Relation.EXCLUDED:
            found[one.party] = one
    return [one for _, one in sorted(found.items())]


def _ended_at(held: Sequence[Related]) -> dict[PartyId, datetime]:
    """Return when the coordinator ended a party's part, of several times the last, for each whose part was ended."""
    return {one.party: one.since for one in sorted(held, key=lambda one: one.since) if one.ended_by_hand}


def recorded(new: Related, members: Sequence[Member]) -> dict[CaseRef, Related]:
    """Return what is to be written, and of which cases, where `new` is recorded of all that are one together.

    It is the lead's. What takes away is each one's, which keeps what it had until then: a grant that the office records
    after such an end, before a split, undoes it, and gives each case as much as it had, never more.
    """
    found = {}
    for member in members:
        own = member.case.related.get(new.party)
        is_of_all = own is not None and own.since >= _one_since(member, members)
        if member.merged_into is None:
            found[member.case.ref] = new
        elif gives_way(own, new):
            found[member.case.ref] = _taking(own, new, is_of_all=is_of_all)
        elif own is not None and own.had is not None and is_of_all and grants(new.relation) and new.why != RESEARCH:
            found[member.case.ref] = _given_back(own, new, own.had)
    return found


def _one_since(member: Member, members: Sequence[Member]) -> datetime:
    """Return since when a case is one with all the others: since the newest merge that lies between it and the lead."""
    by_ref, newest = {one.case.ref: one for one in members}, datetime.min.replace(tzinfo=UTC)
    while member.merged_into is not None:
        newest = newest if member.merged_at is None else max(newest, member.merged_at)
        member = by_ref[member.merged_into]
    return newest


def _taking(own: Related | None, new: Related, *, is_of_all: bool) -> Related:
    """Return the coordinator's end of a part with what it ends, and until when that was; or anything else as it is."""
    if own is None or not new.ended_by_hand:
        return new
    if grants(own.relation):
        return replace(new, had=own.relation, until=own.until)
    return replace(new, had=own.had, until=own.until) if own.had is not None and is_of_all else new


def _given_back(own: Related, new: Related, had: Relation) -> Related:
    """Return what a case gets back of what it had before `own` ended it: no more than that, and than `new` grants."""
    ends = [one for one in (own.until, new.until) if one is not None]
    return replace(new, relation=min(had, new.relation, key=strength), until=min(ends, default=None))


def grants(relation: Relation) -> bool:
    """Claim that a relation grants anything."""
    return relation.at_least(Relation.FOR_INFORMATION)


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
