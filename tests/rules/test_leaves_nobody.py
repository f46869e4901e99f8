"""When an exclusion leaves nobody at the coordinator's office who can act on the case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.names import OfficerId
from broker.case import Excluded, leaves_nobody
from tests.rules.cases import AREA, HOUSING, IDVA, OFFICER, OTHER_OFFICER

GONE = OfficerId(f"{AREA}/officer/3b3b3b3b")  # has left the office: not among who can act
ACTING = frozenset({OFFICER, OTHER_OFFICER})
some = st.frozensets(st.sampled_from([OFFICER, OTHER_OFFICER, GONE, HOUSING.id, IDVA.id]))


@pytest.mark.parametrize(
    ("before", "added", "leaves"),
    [
        ((), (OFFICER, OTHER_OFFICER), True),
        ((OFFICER,), (OTHER_OFFICER,), True),
        ((OFFICER, IDVA.id), (OFFICER, OTHER_OFFICER, HOUSING.id), True),
        ((), (OFFICER,), False),
        ((OFFICER,), (OFFICER, IDVA.id, GONE), False),
        ((), (IDVA.id, HOUSING.id, GONE), False),
        ((OFFICER, OTHER_OFFICER), (IDVA.id,), False),  # nobody could before: this one does not bring it about
    ],
)
def test_it_leaves_nobody_where_the_last_who_could_act_is_named(
    before: tuple[OfficerId, ...], added: tuple[OfficerId, ...], leaves: bool
) -> None:
    assert leaves_nobody(ACTING, frozenset(before), frozenset(before) | frozenset(added)) is leaves


def test_an_office_without_officers_loses_none() -> None:
    assert not leaves_nobody(frozenset(), frozenset(), frozenset({OFFICER, IDVA.id}))


@given(st.lists(some, max_size=6))
def test_however_many_exclusions_that_are_not_refused_follow_each_other_somebody_is_left(added: list[Excluded]) -> None:
    held: Excluded = frozenset()
    for more in added:
        if not leaves_nobody(ACTING, held, held | more):
            held |= more
    assert ACTING - held
