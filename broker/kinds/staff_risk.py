"""Risks to staff: to all who work with any of the people, and no more than that. Rule: domain.md, "Research"."""

from types import MappingProxyType

from agencies.agency import COORDINATING, TAKING_PART
from broker.case import Relation
from broker.kinds.kind import Kind, Part

STAFF_RISK = Kind(
    name="staff-risk",
    versions=("1.0",),
    senders=TAKING_PART | COORDINATING | {"chair"},
    least_sender=Relation.ASKED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"staff-risk": Part(frozenset(), Relation.ASKED, everybody=True)}),
)
