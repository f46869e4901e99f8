"""Triage: what the IDVA service makes of a referral; none drops silently. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from broker.case import Relation
from broker.kinds.kind import Kind, Part

TRIAGE = Kind(
    name="triage",
    versions=("1.0",),
    senders=frozenset({"idva-service"}),
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"triage": Part(frozenset(), Relation.INVOLVED)}),
)
