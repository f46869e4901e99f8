"""Cases that are one: what either of them protects is protected, and splitting gives back what merging took."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agencies.names import CaseRef
from broker.case import Case, Relation, strength
from broker.groups import Member, as_one, leaving, older, to_split
from tests.laws.strategies import made_cases
from tests.rules.cases import NOW

NAMES = tuple(CaseRef(f"CAM-{number:05d}-00000-0") for number in range(4))

alone = st.lists(st.tuples(made_cases, st.integers(0, 3), st.none() | st.just(NOW)), min_size=4, max_size=4).map(
    lambda drawn: [_case(ref, *one) for ref, one in zip(NAMES, drawn, strict=True)]
)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4)


def _case(ref: CaseRef, case: Case, age: int, scheduled: datetime | None) -> Case:
    opened = NOW - timedelta(days=age)
    return replace(case, ref=ref, opened_at=opened, last_referral_at=opened, scheduled_at=scheduled)


class Cases:
    """Cases as they rest in the store: what merging and splitting write is done here in the same words."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.members = {case.ref: Member(case) for case in cases}

    def whole(self, ref: CaseRef) -> Case:
        """Return the case under a reference."""
        group = {ref}
        while len(group) < len(grown := self._neighbours(group)):
            group = grown
        return as_one(ref, [self.members[one] for one in sorted(group)])

    def merge(self, one: CaseRef, other: CaseRef) -> CaseRef | None:
        """Merge two and return which joined the other; None if they are one already."""
        pair = [self.members[self.whole(ref).lead].case for ref in (one, other)]
        if pair[0].ref == pair[1].ref:
            return None
        lead, joins = pair if older(*pair) else pair[::-1]
        self.members[joins.ref] = Member(joins, lead.ref, NOW)
        return joins.ref

    def split(self, ref: CaseRef) -> None:
        """Split a case off."""
        self.members[ref] = Member(self.members[ref].case)

    def _neighbours(self, group: set[CaseRef]) -> set[CaseRef]:
        up = {into for ref in group if (into := self.members[ref].merged_into) is not None}
        return group | up | {ref for ref, member in self.members.items() if member.merged_into in group}


@given(alone, pairs, st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)))
def test_merge_then_split_restores_relations_exclusions_flags_and_clocks_of_all(
    cases: Sequence[Case], before: Sequence[tuple[CaseRef, CaseRef]], pair: tuple[CaseRef, CaseRef]
) -> None:
    area = Cases(cases)
    for one, other in before:
        area.merge(one, other)
    was = {ref: area.whole(ref) for ref in NAMES}
    joined = area.merge(*pair)
    if joined is not None:
        together = area.whole(pair[0])
        assert set(together.refs) == {*was[pair[0]].refs, *was[pair[1]].refs}
        assert leaving(joined, together.merged) == set(was[joined].refs), "what was merged into it before goes with it"
        area.split(joined)
    assert {ref: area.whole(ref) for ref in NAMES} == was


@given(alone, pairs)
def test_what_protects_one_protects_all_that_are_one_with_it(
    cases: Sequence[Case], merges: Sequence[tuple[CaseRef, CaseRef]]
) -> None:
    area = Cases(cases)
    for one, other in merges:
        area.merge(one, other)
    for alone_ in cases:
        whole = area.whole(alone_.ref)
        members = [area.members[ref].case for ref in whole.refs]
        assert whole.lead == whole.refs[0]
        assert whole.excluded == frozenset().union(*(one.excluded for one in members))
        assert whole.closed == any(one.closed for one in members)
        assert whole.exclusions_pending == any(one.exclusions_pending for one in members)
        assert whole.last_referral_at == max(one.last_referral_at for one in members)
        assert (whole.scheduled_at is None) == any(one.scheduled_at is None for one in members)
        for party in {*whole.related, *whole.excluded}:
            theirs = [one.relation(party, NOW) for one in members]
            together = whole.relation(party, NOW)
            assert strength(together) <= max(map(strength, theirs)), "merging gives nobody more than one of them did"
            assert (together is Relation.EXCLUDED) == (Relation.EXCLUDED in theirs)


@given(alone, pairs, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_of_two_that_are_one_the_split_parts_just_these(
    cases: Sequence[Case], merges: Sequence[tuple[CaseRef, CaseRef]], one: CaseRef, other: CaseRef
) -> None:
    area = Cases(cases)
    for pair in merges:
        area.merge(*pair)
    whole = area.whole(one)
    if one != other and other in whole.refs:
        area.split(to_split(one, other, whole.merged))
        assert area.whole(one).lead != area.whole(other).lead
