"""The reuse consent: the originator's or the chair's answer to a reuse request. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING, TAKING_PART
from broker.case import Relation
from broker.kinds.kind import Kind, Part

REUSE_CONSENT = Kind(
    name="reuse-consent",
    versions=("1.0",),
    senders=TAKING_PART | COORDINATING | {"chair"},
    least_sender=Relation.ASKED,  # the originator: who referred or answered research is no more
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"reuse-consent": Part(frozenset(), Relation.INVOLVED, chosen=True)}),
)
