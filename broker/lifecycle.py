"""How deliveries and receipts move on: one state for a whole message, and which receipt may follow which."""

from collections.abc import Iterable, Sequence
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where one delivery stands; it only ever moves down this list, but for a dead-lettered one that still arrives."""

    ACCEPTED = "accepted"  # in the outbox, or published and not yet in the mailbox
    WAITING = "waiting"  # in the mailbox
    COLLECTED = "collected"  # the agency's receipt is here
    DEAD_LETTERED = "dead-lettered"  # the queue gave up; it is published again until it arrives
    SUPERSEDED = "superseded"  # a correction took its place; offices keep the older one
    RECALLED = "recalled"  # taken back by sender or coordinator


# Which wait for their recipient still.
UNCOLLECTED = (DeliveryState.ACCEPTED, DeliveryState.WAITING, DeliveryState.DEAD_LETTERED)

COLLECTED, OPENED, DESTROYED, RETAINED = "collected", "opened", "destroyed", "retained_under_own_schedule"
ENDINGS = frozenset({DESTROYED, RETAINED})

_MAY_FOLLOW = {
    COLLECTED: frozenset[str](),
    OPENED: frozenset({COLLECTED}),
    DESTROYED: frozenset({COLLECTED, OPENED, RETAINED}),
    RETAINED: frozenset({COLLECTED, OPENED}),
}


def state_of(deliveries: Iterable[DeliveryState]) -> DeliveryState:
    """Return the one state that the sender is told, which tells nothing of any one recipient.

    Recalled, superseded or dead-lettered if any is; collected only when all are; waiting when all have arrived.
    """
    states = set(deliveries)
    for any_of in (DeliveryState.RECALLED, DeliveryState.SUPERSEDED, DeliveryState.DEAD_LETTERED):
        if any_of in states:
            return any_of
    if states == {DeliveryState.COLLECTED}:
        return DeliveryState.COLLECTED
    if states and states <= {DeliveryState.COLLECTED, DeliveryState.WAITING}:
        return DeliveryState.WAITING
    return DeliveryState.ACCEPTED


def may_follow(earlier: Sequence[str], state: str) -> bool:
    """Claim that a receipt of `state` may follow the receipts that are there, oldest first.

    The same state again is a repeat and allowed. A delivery that was never collected may still be
    answered `destroyed`: its recipient then holds nothing.
    """
    if state not in _MAY_FOLLOW:
        return False
    if not earlier:
        return state in {COLLECTED, DESTROYED}
    return state == earlier[-1] or earlier[-1] in _MAY_FOLLOW[state]
