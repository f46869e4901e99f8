"""The referral: opens a case or restarts its clock. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING, TAKING_PART
from agencies.directory import Directory
from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import Referral, meets_threshold
from agencies.names import OfficerId, PartyId, coordinator_of
from broker.case import Relation
from broker.errors import BelowThreshold, DocumentRejected, ExclusionLeavesNobody, UnknownExclusion
from broker.kinds.kind import Documents, Effects, Kind, Part, Scene


def _effect(documents: Documents, scene: Scene) -> Effects:
    """Return what a referral does to its case.

    Raises BelowThreshold if its only ground is a count of ticks under the area's threshold, DocumentRejected if the
    office sends it and it does not say how it came, or an agency as if the office had taken it in, UnknownExclusion
    if an exclusion names nobody in the register, ExclusionLeavesNobody if it names the coordinator's office.
    """
    referral, exclusions = documents["referral"], documents["exclusions"]
    if not isinstance(referral, Referral) or not isinstance(exclusions, Exclusions):
        raise TypeError("the table of documents declares other types")
    if not meets_threshold(referral, scene.settings.dash_threshold):
        raise BelowThreshold("below the area's threshold, and no other ground", "/documents/referral/grounds")
    _check_source(referral, scene)
    return Effects(
        excluded=_excluded(exclusions, scene.directory),
        exclusions_pending=exclusions.has_free_text,
        closes=referral.is_honour_based,
        starts_clock=True,
        restarts_clock=not referral.information_only,
        urgent=referral.urgent,
    )


def _check_source(referral: Referral, scene: Scene) -> None:
    referrer, pointer = referral.referrer, "/documents/referral/referrer"
    if not _takes_in(scene):
        # Only the office takes in for others: an agency's word for another agency would stand as that one's own.
        if referrer.received_by != "broker":
            raise DocumentRejected("the coordinator's office alone takes referrals in", f"{pointer}/received_by")
        if referrer.agency_id not in {None, scene.sender}:
            raise DocumentRejected("an agency refers for itself alone", f"{pointer}/agency_id")
    elif referrer.received_by == "broker" and referral.correction is None:
        # The office refers for nobody but others: whose referral it is, and how it came, must stand in it.
        raise DocumentRejected("say how it came to the office", f"{pointer}/received_by")


def _takes_in(scene: Scene) -> bool:
    party = scene.directory.register.party(scene.sender)
    return party is not None and party.kind in COORDINATING


def _excluded(exclusions: Exclusions, directory: Directory) -> frozenset[PartyId | OfficerId]:
    for index, entry in enumerate(exclusions.agencies):
        pointer = f"/documents/exclusions/agencies/{index}"
        # The coordinator's office cannot be excluded whole. Its officers can, while one is left: services/office.py.
        if entry.agency == coordinator_of(directory.area.name):
            raise ExclusionLeavesNobody("the coordinator's office cannot be excluded", pointer)
        if directory.register.party(entry.agency) is None:
            raise UnknownExclusion("not an agency in the register", pointer)
    for index, named in enumerate(exclusions.officers):
        if directory.register.officer(named.officer) is None:
            raise UnknownExclusion("not an officer in the register", f"/documents/exclusions/officers/{index}")
    agencies = frozenset[PartyId | OfficerId](PartyId(agency) for agency in exclusions.agency_ids)
    return agencies | {OfficerId(officer) for officer in exclusions.officer_ids}


REFERRAL = Kind(
    name="referral",
    versions=("1.0",),
    # Not CAFCASS, whose referral goes through children's social care; not who only checks the others.
    senders=TAKING_PART - {"cafcass"} | COORDINATING,
    least_sender=Relation.ASKED,
    purposes=frozenset({"referral"}),
    opens_case=True,
    parts=MappingProxyType({
        "referral": Part(receivers=frozenset({"idva-service"}), least=Relation.INVOLVED, mash_too=True),
        "safe-contact": Part(receivers=frozenset({"idva-service"}), least=Relation.INVOLVED, by_name=True),
        "exclusions": Part(receivers=frozenset(), least=Relation.INVOLVED),
    }),
    effect=_effect,
)  # fmt: skip
