"""Where a case stands, and what is left to an agency whose part ended while it holds a flag."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.case import Case, Flag, LawfulBasis, Related, Relation, Stage
from tests.rules.cases import CASE, DAY, HOUSING, NOW, POLICE, PUBLIC_TASK, SECOND, a_case, related

FLAG = Flag(HOUSING.id, PUBLIC_TASK, NOW - DAY, NOW + DAY)


def flagged(*held: Related) -> Case:
    return replace(a_case(*held), flags={HOUSING.id: FLAG})


@pytest.mark.parametrize("own", [Relation.ASKED, Relation.INVOLVED, Relation.FOR_INFORMATION])
def test_a_part_that_grants_more_or_as_much_beats_the_flag(own: Relation) -> None:
    assert flagged(related(HOUSING, own)).relation(HOUSING.id, NOW) is own


def test_who_has_no_part_or_lost_it_goes_back_to_its_flag_while_that_runs() -> None:
    for case in (flagged(), flagged(related(HOUSING, Relation.ENDED))):
        assert case.relation(HOUSING.id, NOW) is Relation.FOR_INFORMATION
        assert case.relation(HOUSING.id, FLAG.until - SECOND) is Relation.FOR_INFORMATION
        assert case.relation(HOUSING.id, FLAG.until) is Relation.ENDED
        assert case.relation(HOUSING.id, FLAG.since - SECOND) is Relation.ENDED
        assert case.relation(POLICE.id, NOW) is Relation.NONE


def test_what_a_part_rests_on_is_the_flags_basis_where_only_the_flag_grants() -> None:
    vital = LawfulBasis.UK_GDPR_VITAL_INTERESTS
    asked, ended = (replace(related(HOUSING, one), basis=vital) for one in (Relation.ASKED, Relation.ENDED))
    assert flagged().part(HOUSING.id, NOW)[1] is flagged(ended).part(HOUSING.id, NOW)[1] is PUBLIC_TASK
    assert flagged().part(HOUSING.id, FLAG.until)[1] is PUBLIC_TASK, "what it had rested on that"
    assert flagged(asked).part(HOUSING.id, NOW)[1] is flagged(ended).part(HOUSING.id, FLAG.until)[1] is vital


def test_an_exclusion_beats_a_flag() -> None:
    assert flagged(related(HOUSING, Relation.EXCLUDED)).relation(HOUSING.id, NOW) is Relation.EXCLUDED
    assert replace(flagged(), excluded=frozenset({HOUSING.id})).relation(HOUSING.id, NOW) is Relation.EXCLUDED


def test_the_stages_of_a_case_in_their_order() -> None:
    asked = replace(related(HOUSING, Relation.ASKED), why="research")
    assert replace(CASE, last_referral_at=None).stage(NOW) is Stage.LOOKED_UP
    assert CASE.stage(NOW) is Stage.REFERRED, "who referred is asked too, but for no research"
    assert flagged().stage(NOW) is Stage.FLAGGED
    assert flagged().stage(NOW + 2 * DAY) is Stage.REFERRED
    assert flagged(asked).stage(NOW) is Stage.RESEARCHING
    assert a_case(replace(asked, until=NOW)).stage(NOW) is Stage.REFERRED
    assert replace(flagged(asked), scheduled_at=NOW - timedelta(days=1)).stage(NOW) is Stage.DUE
