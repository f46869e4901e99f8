"""The look-up: "has this person been referred already?", asked of the coordinator. Rule: domain.md, "Referral"."""

from types import MappingProxyType

from agencies.agency import TAKING_PART
from broker.case import Relation
from broker.kinds.kind import Kind, Part

LOOKUP = Kind(
    name="lookup",
    versions=("1.0",),
    senders=TAKING_PART,
    least_sender=Relation.ASKED,
    purposes=frozenset({"safeguarding"}),
    # A file of its own, whether or not the person is known: the answer to it, or the referral that follows, joins it.
    opens_case=True,
    parts=MappingProxyType({"lookup": Part(frozenset(), Relation.INVOLVED)}),
)
