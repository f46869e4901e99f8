"""Which look-ups stand out: two within thirty days that no referral answers; one referral answers one look-up."""

import pytest

from agencies.uk_days import start_of_uk_day, uk_day
from broker.lookups import WITHIN_DAYS, lookups_of
from tests.rules.cases import DAY, HOUSING, NOW, SECOND


@pytest.mark.parametrize(
    ("looked_up", "referred", "without", "stands_out"),
    [
        ([], [], [], False),
        ([0], [], [0], False),
        ([0, 30], [], [0, 30], True),
        ([30, 0], [], [0, 30], True),
        ([0, 31], [], [0, 31], False),
        ([0, 1], [2], [1], False),
        ([0, 1], [2, 2], [], False),
        ([0, 1, 2], [3], [1, 2], True),
        ([0, 1, 2], [0, 1], [2], False),
        (list(range(20)), [20], list(range(1, 20)), True),
        ([0, 1], [0], [1], False),
        ([0, 1], [30], [1], False),
        ([0, 1], [31], [0], False),
        ([0, 1], [32], [0, 1], True),
        ([0, 1, 2], [-1], [0, 1, 2], True),
        ([0, 40, 45], [10], [40, 45], True),
    ],
)
def test_a_look_up_without_a_referral_within_thirty_days_counts_and_two_of_them_stand_out(
    looked_up: list[int], referred: list[int], without: list[int], stands_out: bool
) -> None:
    found = lookups_of(HOUSING.id, [NOW + days * DAY for days in looked_up], [NOW + days * DAY for days in referred])
    assert found.agency == HOUSING.id
    assert found.looked_up == tuple(NOW + days * DAY for days in sorted(looked_up))
    assert found.without_referral == tuple(NOW + days * DAY for days in without)
    assert found.stands_out is stands_out


def test_thirty_days_are_counted_to_the_end_of_the_last_one() -> None:
    over = start_of_uk_day(uk_day(NOW + (WITHIN_DAYS + 1) * DAY))
    later = over - SECOND
    assert lookups_of(HOUSING.id, [NOW, later], []).stands_out
    assert not lookups_of(HOUSING.id, [NOW, over], []).stands_out
    assert lookups_of(HOUSING.id, [NOW], [later]).without_referral == ()
    assert lookups_of(HOUSING.id, [NOW], [over]).without_referral == (NOW,)
