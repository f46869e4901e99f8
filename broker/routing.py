"""To whom a document is sealed: by role, less whom anything excludes. Rules: broker/README.md, "Routing"."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from agencies.agency import AGENCY_KINDS, TAKING_PART, Party
from agencies.names import OfficerId, PartyId
from broker.kinds.kind import Kind, Part

_NOBODY: Final[Mapping[str, Collection[str]]] = MappingProxyType({})
_MAY_HOLD: Final = TAKING_PART | {"deputy", "chair"}


def audiences(
    kind: Kind,
    active: Sequence[Party],
    also_receives: Iterable[str],
    chosen: Mapping[str, Collection[str]] = _NOBODY,
) -> Mapping[str, tuple[PartyId, ...]]:
    """Return, by document, the parties that it is sealed to: the coordinator's office first, then by role or choice.

    active         parties active now whose agreement is in force, and the offices
    also_receives  further kinds of party that the area adds where a part says so
    chosen         whom each document itself names
    """
    offices = tuple(party.id for party in active if party.kind == "coordinator")
    by_document: dict[str, tuple[PartyId, ...]] = {}
    for document, part in kind.parts.items():
        wanted = part.receivers | (frozenset(also_receives) if part.mash_too else frozenset())
        named = frozenset(chosen.get(document, ())) if part.chosen else frozenset[str]()
        others = tuple(each.id for each in active if _receives(each, part, wanted, named))
        by_document[document] = (*offices, *sorted(others))
    return by_document


def may_hold(active: Sequence[Party]) -> tuple[PartyId, ...]:
    """Return, sorted, everybody besides the coordinator's office who may hold an earlier version of a document."""
    return tuple(sorted(each.id for each in active if each.kind in _MAY_HOLD))


def _receives(party: Party, part: Part, wanted: Collection[str], named: Collection[str]) -> bool:
    """Claim that a party other than the coordinator's office is in an audience; who checks the others is in none."""
    if party.kind in {"coordinator", "compliance"}:
        return False
    return party.kind in wanted or party.id in named or (part.everybody and party.kind in AGENCY_KINDS)


def without(audience: Sequence[PartyId], excluded: frozenset[PartyId | OfficerId]) -> tuple[PartyId, ...]:
    """Return the audience less whoever is excluded: exclusions beat every grant."""
    return tuple(party for party in audience if party not in excluded)
