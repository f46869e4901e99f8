"""Cases that are one: what either of them protects is protected, for good, and splitting gives back all else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agencies.names import CaseRef
from broker.case import RESEARCH, Case, Related, Relation, strength
from broker.groups import Member, as_one, grants, leaving, older, outranked, recorded, to_split
from tests.laws.strategies import made_cases, relations
from tests.rules.cases import NOW

NAMES = tuple(CaseRef(f"CAM-{number:05d}-00000-0") for number in range(4))

alone = st.lists(st.tuples(made_cases, st.integers(0, 3), st.none() | st.just(NOW)), min_size=4, max_size=4).map(
    lambda drawn: [_case(ref, *one) for ref, one in zip(NAMES, drawn, strict=True)]
)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4)


def _case(ref: CaseRef, case: Case, age: int, scheduled: datetime | None) -> Case:
    opened = NOW - timedelta(days=age)
    return replace(case, ref=ref, opened_at=opened, last_referral_at=opened, scheduled_at=scheduled)


def protected_as(whole: Case, case: Case) -> Case:
    """Return the case with all that protects the whole."""
    return replace(case, excluded=whole.excluded, closed=whole.closed, unsettled=whole.unsettled)


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
        """Split a case off; what protects the whole protects each."""
        whole = self.whole(ref)
        for one in whole.refs:
            self.members[one] = replace(self.members[one], case=protected_as(whole, self.members[one].case))
        self.members[ref] = Member(self.members[ref].case)

    def relate(self, ref: CaseRef, related: Related) -> None:
        """Record a party's part in the whole."""
        for one, its in recorded(related, [self.members[each] for each in self.whole(ref).refs]).items():
            own = self.members[one].case
            new = replace(own, related={**own.related, related.party: its})
            self.members[one] = replace(self.members[one], case=new)

    def _neighbours(self, group: set[CaseRef]) -> set[CaseRef]:
        up = {into for ref in group if (into := self.members[ref].merged_into) is not None}
        return group | up | {ref for ref, member in self.members.items() if member.merged_into in group}


@given(alone, pairs, st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)))
def test_merge_then_split_restores_relations_flags_and_clocks_of_all_and_keeps_what_protects(
    cases: Sequence[Case], before: Sequence[tuple[CaseRef, CaseRef]], pair: tuple[CaseRef, CaseRef]
) -> None:
    area = Cases(cases)
    for one, other in before:
        area.merge(one, other)
    restored = was = {ref: area.whole(ref) for ref in NAMES}
    joined = area.merge(*pair)
    if joined is not None:
        together = area.whole(pair[0])
        assert set(together.refs) == {*was[pair[0]].refs, *was[pair[1]].refs}
        assert leaving(joined, together.merged) == set(was[joined].refs), "what was merged into it before goes with it"
        area.split(joined)
        restored = {ref: protected_as(together, case) if ref in together.refs else case for ref, case in was.items()}
    assert {ref: area.whole(ref) for ref in NAMES} == restored


@given(alone, pairs.filter(bool), relations, st.booleans(), st.booleans())
def test_an_end_that_is_undone_before_a_split_gives_each_case_what_it_had_and_no_more(
    cases: Sequence[Case], merges: Sequence[tuple[CaseRef, CaseRef]], again: Related, twice: bool, is_research: bool
) -> None:
    area = Cases(cases)
    for pair in merges:
        area.merge(*pair)
    ref, party, alone_ = merges[0][0], again.party, dict(area.members)
    again = replace(again, since=NOW, why=RESEARCH if is_research else again.why)
    for _ in range(1 + twice):
        area.relate(ref, replace(again, relation=Relation.ENDED, why="no-longer-involved"))
    area.relate(ref, again)
    whole = area.whole(ref)
    for one in set(whole.refs) - {whole.lead}:
        before, after = (each[one].case.related.get(party) for each in (alone_, area.members))
        had = Relation.NONE if before is None else before.relation
        assert after is not None
        if grants(had) and grants(again.relation) and not is_research:
            assert after.relation is min(had, again.relation, key=strength)
            assert before is not None
            for end in (before.until, again.until):
                assert end is None or (after.until is not None and after.until <= end)
        else:
            assert not grants(after.relation)


@given(alone, pairs.filter(bool), relations)
def test_what_is_recorded_of_merged_cases_gives_nobody_more_after_a_split_and_what_was_ended_stays_so(
    cases: Sequence[Case], merges: Sequence[tuple[CaseRef, CaseRef]], recorded: Related
) -> None:
    area = Cases(cases)
    for pair in merges:
        area.merge(*pair)
    recorded, alone_ = replace(recorded, since=NOW, until=None), dict(area.members)
    area.relate(merges[0][0], recorded)
    whole = area.whole(merges[0][0])
    party = recorded.party
    for ref in whole.refs:
        after, before = area.members[ref].case.relation(party, NOW), alone_[ref].case.relation(party, NOW)
        if ref != whole.lead:
            assert strength(after) <= max(strength(before), strength(Relation.ENDED))
        if recorded.ended_by_hand:
            assert area.members[ref].case.related[party].ended_by_hand


@given(alone, pairs)
def test_whose_part_was_ended_by_hand_in_one_has_none_in_what_is_one_with_it_but_what_it_was_given_later(
    cases: Sequence[Case], merges: Sequence[tuple[CaseRef, CaseRef]]
) -> None:
    area = Cases(cases)
    for pair in merges:
        area.merge(*pair)
    whole = area.whole(NAMES[0])
    members = [area.members[ref].case for ref in whole.refs]
    for party, ended in ((party, one) for case in members for party, one in case.related.items()):
        held = [case.related[party] for case in members if party in case.related]
        if ended.ended_by_hand and max(one.since for one in held) < NOW:  # nothing since they were merged
            newer = [one for one in held if grants(one.relation) and one.since >= ended.since]
            last = max(one.since for one in held if one.ended_by_hand)
            if not any(one.since >= last for one in newer):
                assert whole.related[party].relation in {Relation.ENDED, Relation.EXCLUDED}
                told = {one.party for one in outranked(whole, NOW)}
                is_excluded = whole.relation(party, NOW) is Relation.EXCLUDED
                assert (party in told) == (not is_excluded and any(grants(one.at(NOW)) for one in held))
            elif Relation.EXCLUDED not in {one.relation for one in held}:
                assert grants(whole.related[party].relation), "what it was given later is a new event"
                assert party not in {one.party for one in outranked(whole, NOW)}
            assert party not in whole.flags or ended.since <= whole.flags[party].since, "nor a flag from before it"


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
        assert whole.unsettled == frozenset().union(*(one.unsettled for one in members))
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
