"""A case as the broker sees it: relations, exclusions and dates; never a name, never content."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agencies.names import CaseRef, MessageId, OfficerId, PartyId


class Relation(StrEnum):
    """An agency's relation to a case (domain.md); `none` where there is none, or no case."""

    __hash__ = str.__hash__  # compared in every decision: Enum's own hash is a call into Python each time

    NONE = "none"
    FOR_INFORMATION = "for_information"
    ASKED = "asked"
    INVOLVED = "involved"
    ENDED = "ended"
    EXCLUDED = "excluded"

    def at_least(self, least: "Relation") -> bool:
        """Claim that this relation grants what `least` grants; ended, excluded and none grant nothing."""
        return _GRANTS.get(self, 0) >= _GRANTS.get(least, _NOTHING_GRANTS)


# By names of this module's own: Python 3.11 finds a member of an enumeration by calls that cost 0.2 microseconds each.
_NONE, _ENDED, _EXCLUDED = Relation.NONE, Relation.ENDED, Relation.EXCLUDED
_FOR_INFORMATION = Relation.FOR_INFORMATION
_GRANTS: Mapping[Relation, int] = {Relation.FOR_INFORMATION: 1, Relation.ASKED: 2, Relation.INVOLVED: 3}
_NOTHING_GRANTS = 4  # more than any relation grants
_STRENGTH: Mapping[Relation, int] = {Relation.NONE: -1, Relation.ENDED: 0, **_GRANTS, Relation.EXCLUDED: 4}


def strength(relation: Relation) -> int:
    """Return what orders relations where a party has several: excluded beats every grant, each grant the end of one."""
    return _STRENGTH[relation]


class LawfulBasis(StrEnum):
    """On what an agency's relation to a case rests, by regime (UK GDPR with DPA 2018, or DPA 2018 part 3)."""

    UK_GDPR_PUBLIC_TASK = "uk_gdpr:6(1)(e),9(2)(g),sch1.18"
    UK_GDPR_VITAL_INTERESTS = "uk_gdpr:6(1)(d),9(2)(c)"
    PART3_LAW_ENFORCEMENT = "part3:s35,sch8.1"
    PART3_SAFEGUARDING = "part3:s35,sch8.4"


def is_of_part3(basis: LawfulBasis) -> bool:
    """Claim that the basis is one of part 3 of the Act: for competent authorities alone (sections 30 and 35)."""
    return basis.startswith("part3:")


Excluded = frozenset[PartyId | OfficerId]


def leaves_nobody(acting: frozenset[OfficerId], before: Excluded, after: Excluded) -> bool:
    """Claim that some of `acting` could act on a case that excludes `before`, and none where it excludes `after`.

    False where nobody could before either: what does not bring that about is not refused for it.
    """
    return bool(acting - before) and not acting - after


@dataclass(frozen=True, slots=True)
class Related:
    """One agency's relation to a case, with its basis, its reason (an enumerated word) and its dates.

    had  what it was, until `until`, before it was ended in all cases that are one: so much comes back if that is undone
    """

    party: PartyId
    relation: Relation
    basis: LawfulBasis
    why: str
    since: datetime
    until: datetime | None = None
    had: Relation | None = None

    @property
    def ended_by_hand(self) -> bool:
        """Claim that the coordinator ended it: no role, no referral, no older grant of another case brings it back."""
        return self.relation is _ENDED and self.why != NOTHING_KNOWN

    def at(self, at: datetime) -> Relation:
        """Return the relation as it stands at `at`; one that has run out grants nothing."""
        if at < self.since:
            return _NONE
        if self.until is not None and at >= self.until and self.relation is not _EXCLUDED:
            return _ENDED
        return self.relation


@dataclass(frozen=True, slots=True)
class Flag:
    """One agency's flag: while it runs, the case is for its information, whatever other part it has had and lost."""

    party: PartyId
    basis: LawfulBasis
    since: datetime
    until: datetime

    def runs(self, at: datetime) -> bool:
        """Claim that the flag is set at `at`."""
        return self.since <= at < self.until


class Stage(StrEnum):
    """Where a case stands, by what the broker knows; the first that holds, from below."""

    LOOKED_UP = "looked-up"  # asked about, and never referred
    REFERRED = "referred"
    FLAGGED = "flagged"  # a flag runs
    RESEARCHING = "researching"  # somebody is asked to search their files
    DUE = "due"  # its destruction is scheduled


RESEARCH = "research"  # why an agency is asked
NOTHING_KNOWN = "nothing-known"  # why the part of one that was asked ended, by its own return


@dataclass(frozen=True, slots=True)
class Case:
    """What need-to-know must know of a case.

    related                   by party id
    flags                     by party id; one that has run out grants nothing
    excluded                  agencies and officers, by register id: they beat every grant
    closed                    honour-based abuse: only the coordinator's office, and the officers in `named`; for good
    named                     officers of other agencies who may have what a closed case holds; no effect before
    unsettled                 messages that exclude people in words: all but the coordinator wait until all are settled
    last_referral_at          what the retention clock runs from; None for one that was only looked up
    scheduled_at              when destruction was scheduled, or None
    merged                    every case that is one with this one, by reference: into which it was merged; groups.py
    also                      further relations that count, where several of the merged cases know a party
    outranked                 grants that count no more: the coordinator ended the party's part in another of them later

    Of merged cases `ref` is the one that was asked for, and all else is that of all of them together.
    """

    ref: CaseRef
    opened_at: datetime
    last_referral_at: datetime | None
    related: Mapping[PartyId, Related] = field(default_factory=dict)
    excluded: frozenset[PartyId | OfficerId] = frozenset()
    closed: bool = False
    named: frozenset[OfficerId] = frozenset()
    unsettled: frozenset[MessageId] = frozenset()
    scheduled_at: datetime | None = None
    flags: Mapping[PartyId, Flag] = field(default_factory=dict)
    merged: Mapping[CaseRef, CaseRef] = field(default_factory=dict)
    also: tuple[Related, ...] = ()
    outranked: tuple[Related, ...] = ()

    @property
    def exclusions_pending(self) -> bool:
        """Claim that people excluded in words are still to be dealt with."""
        return bool(self.unsettled)

    @property
    def lead(self) -> CaseRef:
        """The reference of the case that leads: the oldest of those that are one."""
        return next((into for into in self.merged.values() if into not in self.merged), self.ref)

    @property
    def refs(self) -> tuple[CaseRef, ...]:
        """The references of all that are one case, each after the one that it was merged into: the lead first."""
        found = [self.lead]
        for into in found:
            found += sorted(ref for ref, other in self.merged.items() if other == into)
        return tuple(found)

    def part(self, party: PartyId, at: datetime) -> tuple[Relation, LawfulBasis | None]:
        """Return the relation of `party` at `at`, and the lawful basis of what it has or had (None: it had nothing).

        Excluded beats everything, and a flag is what is left of any other relation: an agency that holds one, is asked
        and knows nothing goes back to its flag, as long as that runs; its basis is the flag's then.
        """
        held = self.related.get(party)
        if self.also and held is not None:
            held = self._strongest(held, at)
        relation, basis = (_NONE, None) if held is None else (held.at(at), held.basis)
        is_excluded = relation is _EXCLUDED or party in self.excluded
        if relation not in _GRANTS and (flag := self.flags.get(party)) is not None:
            relation, basis = (_FOR_INFORMATION, flag.basis) if flag.runs(at) else (_ENDED, basis or flag.basis)
        return _EXCLUDED if is_excluded else relation, basis

    def relation(self, party: PartyId, at: datetime) -> Relation:
        """Return the relation of `party` at `at`, as `part` finds it."""
        return self.part(party, at)[0]

    def stage(self, at: datetime) -> Stage:
        """Return where the case stands at `at`."""
        if self.scheduled_at is not None:
            return Stage.DUE
        if any(one.at(at) is Relation.ASKED and one.why == RESEARCH for one in (*self.related.values(), *self.also)):
            return Stage.RESEARCHING
        if any(flag.runs(at) for flag in self.flags.values()):
            return Stage.FLAGGED
        return Stage.LOOKED_UP if self.last_referral_at is None else Stage.REFERRED

    def _strongest(self, first: Related, at: datetime) -> Related:
        """Return the strongest of what is recorded of one party, as it stands at `at`."""
        held = [first, *(one for one in self.also if one.party == first.party)]
        return max(held, key=lambda one: strength(one.at(at)))
