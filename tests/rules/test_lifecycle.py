"""What the sender is told of a message, and which receipt may follow which."""

from itertools import product

import pytest

from broker.lifecycle import COLLECTED, DESTROYED, ENDINGS, OPENED, RETAINED, DeliveryState, may_follow, state_of

A, W, C = DeliveryState.ACCEPTED, DeliveryState.WAITING, DeliveryState.COLLECTED
D, S, R = DeliveryState.DEAD_LETTERED, DeliveryState.SUPERSEDED, DeliveryState.RECALLED
STATES = (COLLECTED, OPENED, DESTROYED, RETAINED)


@pytest.mark.parametrize(
    ("deliveries", "told"),
    [
        ([], A),  # sealed to nobody is never `collected`
        ([A], A), ([W], W), ([C], C), ([D], D), ([R], R),
        ([A, W], A), ([A, C], A), ([W, C], W), ([C, C], C), ([A, W, C], A),
        ([D, A], D), ([D, W], D), ([D, C], D), ([D, C, C], D),
        ([S], S), ([S, A], S), ([S, C], S), ([S, D], S), ([R, S], R),
        ([R, A], R), ([R, W], R), ([R, C], R), ([R, D], R), ([R, D, C, W, A], R),
    ],
)  # fmt: skip
def test_the_sender_is_told_one_state_for_all_deliveries(deliveries: list[DeliveryState], told: DeliveryState) -> None:
    assert state_of(deliveries) is told


@pytest.mark.parametrize("told", [A, W, D, S, R])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_short_of_all_having_collected_nobody_can_tell_whether_a_given_recipient_has(
    told: DeliveryState, position: int
) -> None:
    possible = [states for states in product(DeliveryState, repeat=3) if state_of(states) is told]
    assert {W, C} <= {states[position] for states in possible}


# Rows: the receipt that is there last; columns: the one that comes. Order as in STATES.
MAY_FOLLOW = {
    None: "     yes no  yes no",
    COLLECTED: "yes yes yes yes",
    OPENED: "   no  yes yes yes",
    DESTROYED: "no  no  yes no",
    RETAINED: " no  no  yes yes",
}


@pytest.mark.parametrize("last", MAY_FOLLOW)
def test_which_receipt_may_follow_which(last: str | None) -> None:
    earlier = [] if last is None else [COLLECTED, last]
    assert [may_follow(earlier, state) for state in STATES] == [word == "yes" for word in MAY_FOLLOW[last].split()]


def test_a_state_nobody_knows_follows_nothing() -> None:
    assert not any(may_follow(earlier, "shredded") for earlier in ([], *([state] for state in STATES)))
    assert not any(may_follow(["shredded"], state) for state in STATES)


def test_after_its_end_a_copy_is_never_opened_again() -> None:
    for ending in ENDINGS:
        assert not may_follow([COLLECTED, ending], COLLECTED)
        assert not may_follow([COLLECTED, ending], OPENED)
