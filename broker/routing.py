"""To whom a document is sealed: by role, less whom anything excludes. Rules: broker/README.md, "Routing"."""

from collections.abc import Iterable, Mapping, Sequence

from agencies.agency import Party
from agencies.names import OfficerId, PartyId
from broker.kinds.kind import Kind


def audiences(
    kind: Kind, active: Sequence[Party], also_receives: Iterable[str], *, closed: bool
) -> Mapping[str, tuple[PartyId, ...]]:
    """Return, by document, the parties that it is sealed to: the coordinator's office first, then by role.

    active         parties active now whose agreement is in force, and the offices
    also_receives  further kinds of party that the area adds for the kind's first document
    closed         honour-based abuse: the coordinator's office alone, until officers are named
    """
    offices = tuple(party.id for party in active if party.kind == "coordinator")
    first = next(iter(kind.parts))
    by_document: dict[str, tuple[PartyId, ...]] = {}
    for document, part in kind.parts.items():
        wanted = part.receivers | (frozenset(also_receives) if document == first else frozenset())
        others = () if closed else tuple(party.id for party in active if party.kind in wanted)
        by_document[document] = (*offices, *sorted(others))
    return by_document


def without(audience: Sequence[PartyId], excluded: frozenset[PartyId | OfficerId]) -> tuple[PartyId, ...]:
    """Return the audience less whoever is excluded: exclusions beat every grant."""
    return tuple(party for party in audience if party not in excluded)
