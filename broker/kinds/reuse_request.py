"""The reuse request: may what was learned here be used for another purpose? Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING, TAKING_PART
from broker.case import Relation
from broker.kinds.kind import Kind, Part

REUSE_REQUEST = Kind(
    name="reuse-request",
    versions=("1.0",),
    senders=TAKING_PART | COORDINATING,
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    # Who referred, or answered research, is asked: what it told is asked for, and it must hear of it.
    parts=MappingProxyType({"reuse-request": Part(frozenset({"chair"}), Relation.ASKED, chosen=True)}),
)
