"""The answer to a look-up: a person decided what to say. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING
from broker.case import Relation
from broker.kinds.kind import Kind, Part

LOOKUP_ANSWER = Kind(
    name="lookup-answer",
    versions=("1.0",),
    senders=COORDINATING,
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"lookup-answer": Part(frozenset(), Relation.ASKED, chosen=True)}),
)
