"""Cases, their relations and exclusions, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update

from agencies.names import CaseRef, OfficerId, PartyId
from broker.case import Case, Flag, LawfulBasis, Related, Relation
from broker.records import Destroyed
from broker.retention import Cutoff
from broker.store import tables
from broker.store.transaction import AnyRow, Transaction


class SqlCases:
    """The cases of the area; see ports.Cases."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self, ref: CaseRef) -> Case | None:
        """Return the case with its row locked until the unit ends, or None."""
        query = self._transaction.locked(select(tables.cases).where(tables.cases.c.ref == ref))
        # Relations and exclusions are read after the lock: whoever held it before may have changed them.
        return await self._one(ref, await self._transaction.rows(query))

    async def get(self, ref: CaseRef) -> Case | None:
        """Return the case without a lock, or None."""
        query = select(tables.cases).where(tables.cases.c.ref == ref)
        return await self._one(ref, await self._transaction.rows(query))

    async def add(self, case: Case) -> None:
        """Add a new case with its relations and exclusions."""
        row = {
            "ref": case.ref,
            "opened_at": case.opened_at,
            "last_referral_at": case.last_referral_at,
            "closed": case.closed,
            "exclusions_pending": case.exclusions_pending,
            "scheduled_at": case.scheduled_at,
        }
        await self._transaction.run(tables.cases.insert(), [row])
        await self._transaction.run(
            tables.relations.insert(), [_related_row(case.ref, related) for related in case.related.values()]
        )
        await self._exclude(case.ref, sorted(case.excluded))
        await self.name(case.ref, sorted(case.named))
        await self.flag(case.ref, list(case.flags.values()))

    async def restart(self, ref: CaseRef, at: datetime) -> None:
        """Restart the retention clock at `at` and take back any scheduling of destruction."""
        await self._set(ref, last_referral_at=at, scheduled_at=None)

    async def close(self, ref: CaseRef) -> None:
        """Close the case: honour-based abuse."""
        await self._set(ref, closed=True)

    async def name(self, ref: CaseRef, officers: Sequence[OfficerId]) -> None:
        """Add officers who may have what the case holds once it is closed; who is named stays so."""
        insert = self._transaction.upsert(tables.named).on_conflict_do_nothing()
        await self._transaction.run(insert, [{"case": ref, "officer": one} for one in officers])

    async def unname(self, ref: CaseRef, officers: Sequence[OfficerId]) -> None:
        """Take their naming back; for who is not named nothing changes."""
        rows = tables.named.c
        await self._transaction.run(delete(tables.named).where(rows.case == ref, rows.officer.in_(officers)))

    async def exclude(self, ref: CaseRef, excluded: Sequence[PartyId | OfficerId], *, pending: bool) -> None:
        """Add exclusions; `pending` True marks that people excluded by name are still to be dealt with."""
        await self._exclude(ref, excluded)
        if pending:
            await self._set(ref, exclusions_pending=True)

    async def lift(self, ref: CaseRef, parties: Sequence[PartyId | OfficerId]) -> None:
        """Take exclusions back; for who is not excluded nothing changes."""
        rows = tables.exclusions.c
        lifted = delete(tables.exclusions).where(rows.case == ref, rows.excluded.in_(parties))
        await self._transaction.run(lifted)

    async def settle_exclusions(self, ref: CaseRef) -> None:
        """Record that the coordinator has dealt with the people excluded by name."""
        await self._set(ref, exclusions_pending=False)

    async def relate(self, ref: CaseRef, related: Related) -> None:
        """Add or replace a party's relation to the case."""
        row = _related_row(ref, related)
        insert = self._transaction.upsert(tables.relations).values(row)
        await self._transaction.run(insert.on_conflict_do_update(index_elements=["case", "party"], set_=row))

    async def flag(self, ref: CaseRef, flags: Sequence[Flag]) -> None:
        """Set agencies' flags, or put them in the place of those that they have."""
        for flag in flags:
            row = _flag_row(ref, flag)
            insert = self._transaction.upsert(tables.flags).values(row)
            await self._transaction.run(insert.on_conflict_do_update(index_elements=["case", "party"], set_=row))

    async def unflag(self, ref: CaseRef, party: PartyId) -> None:
        """Take an agency's flag back; where it has none nothing changes."""
        flags = tables.flags.c
        await self._transaction.run(delete(tables.flags).where(flags.case == ref, flags.party == party))

    async def flags_over(self, at: datetime, limit: int) -> Sequence[CaseRef]:
        """Return, by id, cases with flags that have run out by `at` and whose end is not recorded."""
        flags = tables.flags.c
        query = select(flags.case).where(flags.lapsed.is_(False), flags.until <= at).distinct()
        return [CaseRef(row.case) for row in await self._transaction.rows(query.order_by(flags.case).limit(limit))]

    async def lapse(self, ref: CaseRef, at: datetime) -> bool:
        """Record the end of the case's flags that have run out by `at`; False if that was recorded before."""
        flags = tables.flags.c
        over = (flags.case == ref, flags.lapsed.is_(False), flags.until <= at)
        return await self._transaction.run(update(tables.flags).where(*over).values(lapsed=True)) > 0

    async def untriaged(self, before: datetime, limit: int) -> Sequence[Case]:
        """Return cases last referred by `before` with no triage since, oldest first."""
        cases, messages = tables.cases.c, tables.messages.c
        triaged = exists().where(
            messages.case == cases.ref, messages.document == "triage", messages.accepted_at >= cases.last_referral_at
        )
        return await self._oldest(limit, cases.last_referral_at <= before, ~triaged)

    async def pending(self, limit: int) -> Sequence[Case]:
        """Return cases with people excluded in words that nobody has dealt with, oldest first."""
        return await self._oldest(limit, tables.cases.c.exclusions_pending.is_(True))

    async def count_due(self, before: Cutoff) -> int:
        """Return how many cases `due` would return, without a limit."""
        return await self._count(*_due_by(before))

    async def due(self, before: Cutoff, limit: int) -> Sequence[Case]:
        """Return cases not yet scheduled that were last referred, or else looked up, by `before`, oldest first."""
        return await self._oldest(limit, *_due_by(before))

    async def schedule(self, refs: Sequence[CaseRef], at: datetime, before: Cutoff) -> Sequence[CaseRef]:
        """Schedule destruction at `at` of those that are not scheduled and, still, not referred after `before`.

        Return which.
        """
        cases = tables.cases.c
        # Asked in the statement that locks: PostgreSQL asks it again of a row that another unit changed meanwhile.
        marked = (
            update(tables.cases)
            .where(cases.ref.in_(refs), *_due_by(before))
            .values(scheduled_at=at)
            .returning(cases.ref)
        )
        found = {row.ref for row in await self._transaction.rows(marked)}
        return [ref for ref in refs if ref in found]

    async def unschedule(self, ref: CaseRef) -> None:
        """Take the scheduling of a case's destruction back."""
        await self._set(ref, scheduled_at=None)

    async def scheduled(self, before: datetime, limit: int) -> Sequence[Case]:
        """Return cases scheduled at or before `before`, oldest first."""
        cases = tables.cases.c
        query = select(tables.cases).where(cases.scheduled_at <= before)
        return await self._all(await self._transaction.rows(query.order_by(cases.scheduled_at, cases.ref).limit(limit)))

    async def scheduled_after(self, at: datetime, limit: int) -> Sequence[CaseRef]:
        """Return cases scheduled after `at`."""
        cases = tables.cases.c
        query = select(cases.ref).where(cases.scheduled_at > at).order_by(cases.ref).limit(limit)
        return [CaseRef(row.ref) for row in await self._transaction.rows(query)]

    async def count_scheduled(self, before: datetime) -> int:
        """Return how many cases `scheduled` would return, without a limit."""
        return await self._count(tables.cases.c.scheduled_at <= before)

    async def destroy(self, ref: CaseRef) -> Destroyed:
        """Delete everything of the case but its access entries; return what went.

        Counts: messages by the name of their kind (`referral`), and `messages`, `deliveries`, `headers`, `receipts`.
        """
        # Locked first: nothing is added to the case between counting and deleting.
        await self.lock(ref)
        counts = await self._counts(ref)
        mine = select(tables.deliveries.c.id).where(tables.deliveries.c.case == ref)
        await self._transaction.run(delete(tables.letters).where(tables.letters.c.delivery.in_(mine)))
        await self._transaction.run(delete(tables.cases).where(tables.cases.c.ref == ref))
        return Destroyed(counts)

    async def excluding(self, excluded: Sequence[str]) -> frozenset[CaseRef]:
        """Return the cases that exclude any of these agencies or officers."""
        query = select(tables.exclusions.c.case).where(tables.exclusions.c.excluded.in_(excluded))
        return frozenset(CaseRef(row.case) for row in await self._transaction.rows(query))

    async def count(self) -> int:
        """Return how many cases there are."""
        return await self._count()

    async def _oldest(self, limit: int, *such: ColumnElement[bool]) -> Sequence[Case]:
        cases = tables.cases.c
        oldest = func.coalesce(cases.last_referral_at, cases.opened_at)
        query = select(tables.cases).where(*such).order_by(oldest, cases.ref).limit(limit)
        return await self._all(await self._transaction.rows(query))

    async def _count(self, *such: ColumnElement[bool]) -> int:
        return int(await self._transaction.value(select(func.count()).select_from(tables.cases).where(*such)))

    async def _counts(self, ref: CaseRef) -> Mapping[str, int]:
        messages, deliveries = tables.messages.c, tables.deliveries.c
        kinds = await self._transaction.rows(
            select(messages.kind, func.count().label("many")).where(messages.case == ref).group_by(messages.kind)
        )
        counts = {"messages": sum(row.many for row in kinds)}
        mine = select(deliveries.id).where(deliveries.case == ref)
        for name, table, key in _COUNTED:
            query = select(func.count()).select_from(table).where(table.c[key].in_(mine))
            counts[name] = int(await self._transaction.value(query))
        for row in kinds:
            name = row.kind.partition("/")[0]
            counts[name] = counts.get(name, 0) + row.many
        return counts

    async def _set(self, ref: CaseRef, **values: object) -> None:
        await self._transaction.run(update(tables.cases).where(tables.cases.c.ref == ref).values(**values))

    async def _exclude(self, ref: CaseRef, excluded: Sequence[PartyId | OfficerId]) -> None:
        insert = self._transaction.upsert(tables.exclusions).on_conflict_do_nothing()
        await self._transaction.run(insert, [{"case": ref, "excluded": one} for one in excluded])

    async def _one(self, ref: CaseRef, rows: Sequence[AnyRow]) -> Case | None:
        # What belongs to the case is asked for even where there is none: how long it takes must not tell.
        cases = await self._whole(rows, [ref])
        return cases[0] if cases else None

    async def _all(self, rows: Sequence[AnyRow]) -> Sequence[Case]:
        return await self._whole(rows, [row.ref for row in rows]) if rows else []

    async def _whole(self, rows: Sequence[AnyRow], refs: Sequence[CaseRef]) -> Sequence[Case]:
        related: dict[CaseRef, dict[PartyId, Related]] = {ref: {} for ref in refs}
        excluded: dict[CaseRef, set[PartyId | OfficerId]] = {ref: set() for ref in refs}
        named: dict[CaseRef, set[OfficerId]] = {ref: set() for ref in refs}
        flags: dict[CaseRef, dict[PartyId, Flag]] = {ref: {} for ref in refs}
        for row in await self._transaction.rows(select(tables.relations).where(tables.relations.c.case.in_(refs))):
            related[row.case][row.party] = _related(row)
        for row in await self._transaction.rows(select(tables.exclusions).where(tables.exclusions.c.case.in_(refs))):
            excluded[row.case].add(row.excluded)
        for row in await self._transaction.rows(select(tables.named).where(tables.named.c.case.in_(refs))):
            named[row.case].add(row.officer)
        for row in await self._transaction.rows(select(tables.flags).where(tables.flags.c.case.in_(refs))):
            flags[row.case][row.party] = Flag(row.party, LawfulBasis(row.basis), row.since, row.until)
        return [
            Case(
                ref=row.ref,
                opened_at=row.opened_at,
                last_referral_at=row.last_referral_at,
                related=related[row.ref],
                excluded=frozenset(excluded[row.ref]),
                closed=row.closed,
                named=frozenset(named[row.ref]),
                exclusions_pending=row.exclusions_pending,
                scheduled_at=row.scheduled_at,
                flags=flags[row.ref],
            )
            for row in rows
        ]


_COUNTED: Sequence[tuple[str, Table, str]] = (
    ("deliveries", tables.deliveries, "id"),
    ("headers", tables.headers, "delivery"),
    ("receipts", tables.receipts, "delivery"),
)


def _related(row: AnyRow) -> Related:
    return Related(
        party=PartyId(row.party),
        relation=Relation(row.relation),
        basis=LawfulBasis(row.basis),
        why=row.why,
        since=row.since,
        until=row.until,
    )


def _due_by(before: Cutoff) -> "Sequence[ColumnElement[bool]]":
    cases = tables.cases.c
    looked_up = and_(cases.last_referral_at.is_(None), cases.opened_at <= before.looked_up)
    return cases.scheduled_at.is_(None), or_(cases.last_referral_at <= before.referred, looked_up)


def _flag_row(ref: CaseRef, flag: Flag) -> dict[str, object]:
    return {
        "case": ref,
        "party": flag.party,
        "basis": flag.basis.value,
        "since": flag.since,
        "until": flag.until,
        "lapsed": False,
    }


def _related_row(ref: CaseRef, related: Related) -> dict[str, object]:
    return {
        "case": ref,
        "party": related.party,
        "relation": related.relation.value,
        "basis": related.basis.value,
        "why": related.why,
        "since": related.since,
        "until": related.until,
    }
