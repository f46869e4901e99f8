"""The chair's decision: to the coordinator and whom it concerns. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from broker.case import Relation
from broker.kinds.kind import Kind, Part

CHAIR_DECISION = Kind(
    name="chair-decision",
    versions=("1.0",),
    senders=frozenset({"chair"}),
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"chair-decision": Part(frozenset(), Relation.INVOLVED, chosen=True)}),
)
