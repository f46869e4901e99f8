"""The coordinator's office: an exclusion that leaves nobody there who can act on the case is refused."""

from agencies.directory import Directory
from agencies.names import OfficerId, coordinator_of
from broker.case import Excluded, leaves_nobody
from broker.errors import ExclusionLeavesNobody
from broker.services.desk import Desk
from broker.services.standing import officers_of


def check_somebody_is_left(desk: Desk, directory: Directory, before: Excluded, after: Excluded, pointer: str) -> None:
    """Return if somebody of the coordinator's office can still act once the case excludes `after`, or nobody could.

        before, after  all that the case excludes, read under its lock: two requests at once could each leave one

    Raises ExclusionLeavesNobody.
    """
    if leaves_nobody(_acting(desk, directory), before, after):
        raise ExclusionLeavesNobody("nobody of the coordinator's office would be left", pointer)


def _acting(desk: Desk, directory: Directory) -> frozenset[OfficerId]:
    """Return the office's officers who may act now; where proof is demanded, those who can give it."""
    office, now = coordinator_of(desk.area), desk.now()
    active = [one for one in officers_of(office, directory) if directory.officer_of(one, office, now) is not None]
    if desk.settings.demand_proved:
        return frozenset(one for one in active if directory.valid_keys_of(one, now))
    return frozenset(active)
