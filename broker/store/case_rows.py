"""Rows of cases and of what belongs to them as values of the ports, and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, String, Table, bindparam, literal_column, null, select, union_all

from agencies.names import CaseRef, MessageId, OfficerId, PartyId
from broker.case import Case, Flag, LawfulBasis, Related, Relation
from broker.groups import Member
from broker.store import tables
from broker.store.transaction import AnyRow


@dataclass
class Belongings:
    """What belongs to one case by itself, gathered row by row."""

    related: dict[PartyId, Related] = field(default_factory=dict)
    excluded: set[PartyId | OfficerId] = field(default_factory=set)
    unsettled: set[MessageId] = field(default_factory=set)
    named: set[OfficerId] = field(default_factory=set)
    flags: dict[PartyId, Flag] = field(default_factory=dict)

    def relate(self, row: AnyRow) -> None:
        """Keep a row of `relations`."""
        self.related[PartyId(row.who)] = Related(
            party=PartyId(row.who),
            relation=Relation(row.relation),
            basis=LawfulBasis(row.basis),
            why=row.why,
            since=row.since,
            until=row.until,
            had=None if row.had is None else Relation(row.had),
        )

    def exclude(self, row: AnyRow) -> None:
        """Keep a row of `exclusions`."""
        self.excluded.add(row.who)

    def wait(self, row: AnyRow) -> None:
        """Keep a row of `unsettled`."""
        self.unsettled.add(MessageId(row.who))

    def name(self, row: AnyRow) -> None:
        """Keep a row of `named`."""
        self.named.add(OfficerId(row.who))

    def flag(self, row: AnyRow) -> None:
        """Keep a row of `flags`."""
        self.flags[PartyId(row.who)] = Flag(PartyId(row.who), LawfulBasis(row.basis), row.since, row.until)


def _rows(table: Table, who: str, *columns: str) -> Select[Any]:
    """Return the query for one table's rows of the cases `refs`, shaped as those of `relations` are."""
    of, name = table.c, literal_column(f"'{table.name}'", String).label("table")
    values = [of[column] if column in columns else null().label(column) for column in _COLUMNS]
    return select(of.case, name, of[who].label("who"), *values).where(of.case.in_(bindparam("refs", expanding=True)))


_COLUMNS = ("relation", "basis", "why", "since", "until", "had")
# One statement for all five: every act asks for all of them, and each statement costs a millisecond. Made once.
BELONGINGS = union_all(
    _rows(tables.relations, "party", *_COLUMNS),
    _rows(tables.exclusions, "excluded"),
    _rows(tables.unsettled, "message"),
    _rows(tables.named, "officer"),
    _rows(tables.flags, "party", "basis", "since", "until"),
)
KEPT: Mapping[str, Callable[[Belongings, AnyRow], None]] = {
    tables.relations.name: Belongings.relate,
    tables.exclusions.name: Belongings.exclude,
    tables.unsettled.name: Belongings.wait,
    tables.named.name: Belongings.name,
    tables.flags.name: Belongings.flag,
}


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
        unsettled=frozenset(held.unsettled),
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
        "had": None if related.had is None else related.had.value,
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
