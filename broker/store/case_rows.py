"""Rows of cases and of what belongs to them as values of the ports, and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Table

from agencies.names import CaseRef, OfficerId, PartyId
from broker.case import Case, Flag, LawfulBasis, Related, Relation
from broker.groups import Member
from broker.store import tables
from broker.store.transaction import AnyRow


@dataclass
class Belongings:
    """What belongs to one case by itself, gathered row by row."""

    related: dict[PartyId, Related] = field(default_factory=dict)
    excluded: set[PartyId | OfficerId] = field(default_factory=set)
    named: set[OfficerId] = field(default_factory=set)
    flags: dict[PartyId, Flag] = field(default_factory=dict)

    def relate(self, row: AnyRow) -> None:
        """Keep a row of `relations`."""
        self.related[PartyId(row.party)] = Related(
            party=PartyId(row.party),
            relation=Relation(row.relation),
            basis=LawfulBasis(row.basis),
            why=row.why,
            since=row.since,
            until=row.until,
        )

    def exclude(self, row: AnyRow) -> None:
        """Keep a row of `exclusions`."""
        self.excluded.add(row.excluded)

    def name(self, row: AnyRow) -> None:
        """Keep a row of `named`."""
        self.named.add(OfficerId(row.officer))

    def flag(self, row: AnyRow) -> None:
        """Keep a row of `flags`."""
        self.flags[PartyId(row.party)] = Flag(PartyId(row.party), LawfulBasis(row.basis), row.since, row.until)


KEPT: Sequence[tuple[Table, Callable[[Belongings, AnyRow], None]]] = (
    (tables.relations, Belongings.relate),
    (tables.exclusions, Belongings.exclude),
    (tables.named, Belongings.name),
    (tables.flags, Belongings.flag),
)


def member_of(row: AnyRow, held: Belongings) -> Member:
    """Return the case in a row of `cases`, as it is by itself."""
    case = Case(
        ref=CaseRef(row.ref),
        opened_at=row.opened_at,
        last_referral_at=row.last_referral_at,
        related=held.related,
        excluded=frozenset(held.excluded),
        closed=row.closed,
        named=frozenset(held.named),
        exclusions_pending=row.exclusions_pending,
        scheduled_at=row.scheduled_at,
        flags=held.flags,
    )
    return Member(case, None if row.merged_into is None else CaseRef(row.merged_into), row.merged_at)


def row_of_related(ref: CaseRef, related: Related) -> dict[str, object]:
    """Return the row of `relations` that keeps `related`."""
    return {
        "case": ref,
        "party": related.party,
        "relation": related.relation.value,
        "basis": related.basis.value,
        "why": related.why,
        "since": related.since,
        "until": related.until,
    }


def row_of_flag(ref: CaseRef, flag: Flag) -> dict[str, object]:
    """Return the row of `flags` that keeps `flag`."""
    return {
        "case": ref,
        "party": flag.party,
        "basis": flag.basis.value,
        "since": flag.since,
        "until": flag.until,
        "lapsed": False,
    }
