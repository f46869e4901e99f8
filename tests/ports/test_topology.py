"""Queue names: one for each party, short enough, and read back."""

import pytest

from agencies.names import PartyId, agency_id, office_id
from broker.queues.topology import dead_letter_queue, mailbox_arguments, mailbox_queue, recipient_of
from crypto.errors import Malformed

LONGEST_AREA = ".".join(["a" * 49, "b" * 49, "c" * 49, "d" * 50])
PARTIES = [
    agency_id("marac.area.example", "housing"),
    agency_id(LONGEST_AREA, "x" * 40),
    office_id("marac.area.example", "chair-12"),
]


@pytest.mark.parametrize("party", PARTIES)
def test_a_queue_name_tells_whose_it_is(party: PartyId) -> None:
    names = [mailbox_queue(party), dead_letter_queue(party)]
    assert len(set(names)) == 2
    assert [recipient_of(name) for name in names] == [party, party]
    assert max(len(name.encode()) for name in names) <= 255


def test_a_foreign_queue_name_is_malformed() -> None:
    with pytest.raises(Malformed):
        recipient_of("amq.gen-something")


def test_a_dead_letter_goes_to_the_dead_letter_queue_of_its_own_recipient() -> None:
    arguments = mailbox_arguments(PARTIES[0], 3)
    assert arguments["x-dead-letter-routing-key"] == dead_letter_queue(PARTIES[0])
