"""The research request: agencies are asked to search their files. Rule: domain.md, the table of kinds."""

from types import MappingProxyType

from agencies.agency import COORDINATING
from agencies.documents.research_request import ResearchRequest
from agencies.names import PartyId
from broker.case import Relation
from broker.kinds.kind import Documents, Effects, Kind, Part, Scene


def _effect(documents: Documents, _scene: Scene) -> Effects:
    """Return that whoever the request names is asked from now on."""
    request = documents["research-request"]
    if not isinstance(request, ResearchRequest):
        raise TypeError("the table of documents declares another type")
    return Effects(asked=tuple(PartyId(one) for one in request.chosen), urgent=request.urgent)


RESEARCH_REQUEST = Kind(
    name="research-request",
    versions=("1.0",),
    senders=COORDINATING,
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"research-request": Part(frozenset(), Relation.ASKED, chosen=True)}),
    effect=_effect,
)
