"""The case note: from one involved agency to others that it chose. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING, TAKING_PART
from broker.case import Relation
from broker.kinds.kind import Kind, Part

CASE_NOTE = Kind(
    name="case-note",
    versions=("1.0",),
    senders=TAKING_PART | COORDINATING,
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"case-note": Part(frozenset(), Relation.INVOLVED, chosen=True)}),
)
