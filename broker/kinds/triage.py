"""Triage: what the IDVA service makes of a referral; none drops silently. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING
from agencies.documents.triage import Triage
from broker.case import Relation
from broker.kinds.kind import Documents, Effects, Kind, Part, Scene


def _effect(documents: Documents, _scene: Scene) -> Effects:
    """Return that the referral waits no more, unless more information is asked for: then it goes on waiting."""
    triage = documents["triage"]
    if not isinstance(triage, Triage):
        raise TypeError("the table of documents declares other types")
    return Effects(triaged=triage.outcome != "more_information")


TRIAGE = Kind(
    name="triage",
    versions=("1.0",),
    # The offices too: the service may be excluded from the case, or have no officer named in it.
    senders=frozenset({"idva-service"}) | COORDINATING,
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"triage": Part(frozenset(), Relation.INVOLVED)}),
    effect=_effect,
)
