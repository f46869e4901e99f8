"""The research return: what an agency that was asked discloses, or nothing. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import TAKING_PART
from agencies.documents.research_return import ResearchReturn
from broker.case import Relation
from broker.kinds.kind import Documents, Effects, Kind, Part, Scene


def _effect(documents: Documents, scene: Scene) -> Effects:
    """Return that an agency which was only asked, and knows nothing, has no further part in the case."""
    returned = documents["research-return"]
    if not isinstance(returned, ResearchReturn):
        raise TypeError("the table of documents declares other types")
    return Effects(answered_nothing=scene.sender if returned.outcome == "nothing_known" else None)


RESEARCH_RETURN = Kind(
    name="research-return",
    versions=("1.0",),
    senders=TAKING_PART,
    least_sender=Relation.ASKED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"research-return": Part(frozenset({"chair"}), Relation.INVOLVED)}),
    effect=_effect,
)
