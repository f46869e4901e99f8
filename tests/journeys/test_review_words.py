"""What is handed in and what is shown of it: recalls, notes, receipts, repeats, exclusions, and the log's readers."""

from datetime import timedelta

import pytest

from tests.journeys.test_retention import GRACE, SEVEN_YEARS
from tests.journeys.world import COORDINATOR, World

COMPLIANCE = "governance"
EXCLUDED_READERS = {
    "an agency": (World.party, COMPLIANCE, COORDINATOR),
    "an officer of the coordinator's": (World.officer, COORDINATOR, COMPLIANCE),
}
AN_HOUR, A_DAY, A_WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@pytest.mark.parametrize("sort", EXCLUDED_READERS)
def test_who_is_excluded_from_a_case_reads_a_log_that_verifies_and_tells_nothing_of_it_even_after_its_end(
    embedded: World, sort: str
) -> None:
    name, excluded, other = EXCLUDED_READERS[sort]
    case, neighbour = (embedded.refer()[0].manifest.case for _ in range(2))
    embedded.kit(COORDINATOR).exclude(case, [name(embedded, excluded)], settled=False)
    _reads_all(embedded, other, event="exclude")
    _withheld_from_one_and_not_from_the_other(embedded, excluded, other, case)
    embedded.move(SEVEN_YEARS)
    _reads_all(embedded, other, event="schedule", case=case)
    _reads_all(embedded, other, event="schedule", case=neighbour)
    embedded.move(GRACE)
    _reads_all(embedded, other, event="purge", case=case)
    _withheld_from_one_and_not_from_the_other(embedded, excluded, other, case)
