"""Laws of lifecycle and routing: what the sender is told singles nobody out, and exclusions beat every grant."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agencies.agency import Party
from agencies.names import OfficerId, PartyId
from broker.kinds.referral import REFERRAL
from broker.lifecycle import COLLECTED, DESTROYED, ENDINGS, OPENED, RETAINED, DeliveryState, may_follow, state_of
from broker.routing import audiences, without
from tests.laws.strategies import ADMITTED, participants

deliveries = st.lists(st.sampled_from(DeliveryState), min_size=1, max_size=6)
receipts = st.lists(st.sampled_from([COLLECTED, OPENED, DESTROYED, RETAINED]), max_size=8)
excluded = st.frozensets(participants, max_size=5)
agencies = st.lists(st.sampled_from(ADMITTED), max_size=7, unique_by=lambda party: party.id)


@given(deliveries, st.randoms(use_true_random=False))
def test_which_recipient_stands_where_is_never_told(states: list[DeliveryState], order: Random) -> None:
    shuffled = list(states)
    order.shuffle(shuffled)
    assert state_of(shuffled) is state_of(states)


@given(deliveries)
def test_how_many_recipients_there_are_is_never_told(states: list[DeliveryState]) -> None:
    assert state_of([*states, *states]) is state_of(states)


@given(st.lists(st.sampled_from(DeliveryState), max_size=5), st.integers(0, 5))
def test_that_one_more_collects_is_not_told_until_all_have(others: list[DeliveryState], place: int) -> None:
    before = [*others[:place], DeliveryState.WAITING, *others[place:]]
    after = [*others[:place], DeliveryState.COLLECTED, *others[place:]]
    all_have = set(after) == {DeliveryState.COLLECTED}
    assert state_of(after) is (DeliveryState.COLLECTED if all_have else state_of(before))


@given(deliveries)
def test_collected_is_told_only_when_nobody_is_left(states: list[DeliveryState]) -> None:
    assert (state_of(states) is DeliveryState.COLLECTED) == all(state is DeliveryState.COLLECTED for state in states)


@given(receipts)
def test_receipts_taken_in_any_order_end_in_a_way_that_makes_sense(sent: list[str]) -> None:
    kept: list[str] = []
    for state in sent:
        if may_follow(kept, state) and state not in kept:
            kept.append(state)
    endings = [index for index, state in enumerate(kept) if state in ENDINGS]
    assert COLLECTED not in kept[1:]
    assert OPENED not in kept or kept[:2] == [COLLECTED, OPENED]
    assert not endings or set(kept[endings[0] :]) <= ENDINGS
    assert DESTROYED not in kept[:-1]


@given(receipts, st.sampled_from([COLLECTED, OPENED, DESTROYED, RETAINED]))
def test_the_newest_receipt_may_always_come_again(earlier: list[str], state: str) -> None:
    assert may_follow([*earlier, state], state)


@given(agencies, st.sets(st.sampled_from(["mash", "police", "housing"])), excluded)
def test_nobody_excluded_is_left_in_any_audience(
    active: list[Party], also: set[str], excluded_: frozenset[PartyId | OfficerId]
) -> None:
    for parties in audiences(REFERRAL, active, also).values():
        left = without(parties, excluded_)
        assert not set(left) & excluded_
        assert set(left) | (set(parties) & excluded_) == set(parties)
        assert len(set(parties)) == len(parties)
