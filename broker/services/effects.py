"""What a referral's documents do to its case; read from the plaintext while it is in memory, and kept without it."""

from collections.abc import Mapping
from dataclasses import dataclass

from agencies.directory import Directory
from agencies.documents.document import Document
from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import Referral, meets_threshold
from agencies.names import OfficerId, PartyId, coordinator_of
from broker.errors import BelowThreshold, ExclusionLeavesNobody, UnknownExclusion
from broker.settings import Settings


@dataclass(frozen=True, slots=True)
class Effects:
    """What follows for the case.

    excluded            agencies and officers by register id: rules from this very request on
    exclusions_pending  people were excluded in words: all but the coordinator wait
    closes              honour-based abuse
    restarts_clock      False for a referral that is for information only
    """

    excluded: frozenset[PartyId | OfficerId]
    exclusions_pending: bool
    closes: bool
    restarts_clock: bool


def effects_of(documents: Mapping[str, Document], settings: Settings, directory: Directory) -> Effects:
    """Return what the documents of a referral do to its case.

    Raises BelowThreshold if its only ground is a count of ticks under the area's threshold, UnknownExclusion
    if an exclusion names nobody in the register, ExclusionLeavesNobody if it names the coordinator's office.
    """
    referral, exclusions = documents["referral"], documents["exclusions"]
    if not isinstance(referral, Referral) or not isinstance(exclusions, Exclusions):
        raise TypeError("the table of documents declares other types")
    if not meets_threshold(referral, settings.dash_threshold):
        raise BelowThreshold("below the area's threshold, and no other ground", "/documents/referral/grounds")
    return Effects(
        excluded=_excluded(exclusions, directory),
        exclusions_pending=exclusions.has_free_text,
        closes=referral.is_honour_based,
        restarts_clock=not referral.information_only,
    )


def _excluded(exclusions: Exclusions, directory: Directory) -> frozenset[PartyId | OfficerId]:
    for index, entry in enumerate(exclusions.agencies):
        pointer = f"/documents/exclusions/agencies/{index}"
        # The coordinator's office cannot be excluded whole. Its officers can, while one is left: office.py.
        if entry.agency == coordinator_of(directory.area.name):
            raise ExclusionLeavesNobody("the coordinator's office cannot be excluded", pointer)
        if directory.register.party(entry.agency) is None:
            raise UnknownExclusion("not an agency in the register", pointer)
    for index, named in enumerate(exclusions.officers):
        if directory.register.officer(named.officer) is None:
            raise UnknownExclusion("not an officer in the register", f"/documents/exclusions/officers/{index}")
    agencies = frozenset[PartyId | OfficerId](PartyId(agency) for agency in exclusions.agency_ids)
    return agencies | {OfficerId(officer) for officer in exclusions.officer_ids}
