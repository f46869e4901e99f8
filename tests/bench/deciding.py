"""What one decision of need-to-know costs: every question of the rules' own table, permits and refusals apart."""

import statistics
from collections.abc import Iterator, Sequence
from functools import partial

from broker.need_to_know import Access, Deny, decide
from tests.bench.rounds import Progress, timed
from tests.bench.table import Row
from tests.rules.cases import questions

LIMIT_S = 5e-6
ROUNDS = 301
CALLS = 100  # a call takes less than the clock can tell
_ALONE = "none"


def rows(progress: Progress, notes: list[str]) -> Iterator[Row]:
    """Yield the dearest question that is permitted, and the dearest that is refused; `notes` says how many."""
    progress.say("need-to-know: every question of its table")
    asked = [question.access for question in questions()]
    permitted = [access for access in asked if not isinstance(decide(access), Deny)]
    refused = [access for access in asked if isinstance(decide(access), Deny)]
    for name, those in (("permits", permitted), ("refuses", refused)):
        yield Row(f"a decision that {name}", _ALONE, LIMIT_S, _dearest(those), rounds=ROUNDS)
    notes.append(
        f"Decisions: the dearest of {len(permitted)} questions that are permitted and {len(refused)} that are "
        f"refused; each the median of {ROUNDS} rounds of {CALLS} calls, by this process's processor time."
    )


def _dearest(asked: Sequence[Access]) -> float:
    """Return the seconds that the question takes whose median is the greatest."""
    return max(statistics.median(timed(partial(_calls, access)) for _ in range(ROUNDS)) / CALLS for access in asked)


def _calls(access: Access) -> None:
    for _ in range(CALLS):
        decide(access)
