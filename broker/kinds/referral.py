"""The referral: opens a case or restarts its clock. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from broker.case import Relation
from broker.kinds.kind import Kind, Part

REFERRAL = Kind(
    name="referral",
    versions=("1.0",),
    senders=frozenset({
        "police", "idva-service", "childrens-social-care", "adult-social-care", "health", "housing", "probation",
        "education", "substance-misuse", "voluntary-sector", "mash", "coordinator", "deputy",
    }),
    purposes=frozenset({"referral"}),
    opens_case=True,
    parts=MappingProxyType({
        "referral": Part(receivers=frozenset({"idva-service"}), least=Relation.INVOLVED),
        "safe-contact": Part(receivers=frozenset({"idva-service"}), least=Relation.INVOLVED),
        "exclusions": Part(receivers=frozenset(), least=Relation.INVOLVED),
    }),
)  # fmt: skip
