"""Cases, their relations and exclusions, in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Table, delete, func, select, update

from agencies.names import CaseRef, MessageId, OfficerId, PartyId
from broker.case import Case, Flag, Related
from broker.groups import Member, as_one, recorded
from broker.records import Destroyed
from broker.retention import Cutoff
from broker.store import tables
from broker.store.case_rows import BELONGINGS, KEPT, Belongings, member_of, row_of_flag, row_of_related
from broker.store.groups import (
    Leads,
    are_due,
    are_scheduled,
    are_scheduled_after,
    excludes,
    is_due_with_its_group,
    is_one_with,
    is_unserved,
    is_untriaged,
    leads,
    leads_of,
)
from broker.store.transaction import Transaction


class SqlCases:
    """The cases of the area; see ports.Cases."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self, ref: CaseRef) -> Case | None:
        """Return the case with its lead's row locked until the unit ends, or None."""
        return (await self.lock_all([ref]))[ref]

    async def lock_all(self, refs: Sequence[CaseRef]) -> Mapping[CaseRef, Case | None]:
        """Return the cases by reference, or None, all locked in the one order that everybody locks in.

        In a unit that only reads nothing is locked.
        """
        while self._transaction.writes:
            async with self._transaction.attempt() as give_up:
                rows = await self._transaction.rows(leads_of(refs))
                held = await self._hold(sorted({CaseRef(row.lead) for row in rows}) or refs)
                if held is not None:
                    # All else is read after the locks: whoever held them before may have changed it.
                    found = await self._groups(refs, leads_of(refs))
                    if held.issuperset(one.lead for one in found.values() if one is not None):
                        return found
                # It was merged or split while its lock was waited for: another row is the one to lock.
                await give_up()
        return await self._groups(refs, leads_of(refs))

    async def _hold(self, leads_: Sequence[CaseRef]) -> frozenset[CaseRef] | None:
        """Lock the rows of leads, one after the other; None as soon as one of them leads no more.

        Whoever holds a lead writes to its members too: who held such a row, and waited for a further one, would be
        waited for.
        """
        cases, held = tables.cases.c, set()
        for lead in leads_:
            query = select(cases.ref, cases.lead).where(cases.ref == lead)
            for row in await self._transaction.rows(self._transaction.locked(query)):
                if row.lead != row.ref:
                    return None
                held.add(CaseRef(row.ref))
        return frozenset(held)

    async def get(self, ref: CaseRef) -> Case | None:
        """Return the case without a lock, or None."""
        return (await self._groups([ref], leads_of([ref])))[ref]

    async def add(self, case: Case) -> None:
        """Add a new case with its relations and exclusions."""
        row = {
            "ref": case.ref,
            "opened_at": case.opened_at,
            "last_referral_at": case.last_referral_at,
            "closed": case.closed,
            "scheduled_at": case.scheduled_at,
            "lead": case.ref,
        }
        await self._transaction.run(tables.cases.insert(), [row])
        await self._transaction.run(
            tables.relations.insert(), [row_of_related(case.ref, related) for related in case.related.values()]
        )
        await self.exclude(case.ref, sorted(case.excluded))
        await self.unsettle(case.ref, sorted(case.unsettled))
        await self.name(case.ref, sorted(case.named))
        await self.flag(case.ref, list(case.flags.values()))

    async def restart(self, ref: CaseRef, at: datetime) -> None:
        """Restart the retention clock at `at` and take back any scheduling of destruction."""
        own = update(tables.cases).where(tables.cases.c.ref == ref)
        await self._transaction.run(own.values(last_referral_at=at))
        await self.unschedule(ref)

    async def redate(self, ref: CaseRef) -> None:
        """Let the clock run from the last referral that stands; where none stands any more it runs on: never early."""
        cases, referrals = tables.cases.c, tables.referrals.c
        standing = (referrals.case == ref, referrals.informs.is_(False))
        last = select(func.max(referrals.at)).where(*standing).scalar_subquery()
        await self._transaction.run(
            update(tables.cases).where(cases.ref == ref, last.is_not(None)).values(last_referral_at=last)
        )

    async def close(self, ref: CaseRef) -> None:
        """Close the case: honour-based abuse."""
        await self._set(ref, closed=True)

    async def name(self, ref: CaseRef, officers: Sequence[OfficerId]) -> None:
        """Add officers who may have what the case holds once it is closed; who is named stays so."""
        insert = self._transaction.upsert(tables.named).on_conflict_do_nothing()
        lead = await self._lead(ref)
        await self._transaction.run(insert, [{"case": lead, "officer": one} for one in officers])

    async def unname(self, ref: CaseRef, officers: Sequence[OfficerId]) -> None:
        """Take their naming back; for who is not named nothing changes."""
        rows = tables.named.c
        gone = delete(tables.named).where(rows.case.in_(_members(ref)), rows.officer.in_(officers))
        await self._transaction.run(gone)

    async def exclude(self, ref: CaseRef, excluded: Sequence[PartyId | OfficerId]) -> None:
        """Add exclusions of this very reference; what it is one with is kept from them too."""
        await self._exclude([ref], excluded)

    async def lift(self, ref: CaseRef, parties: Sequence[PartyId | OfficerId]) -> None:
        """Take this very reference's exclusions back; for whom it does not exclude nothing changes."""
        rows = tables.exclusions.c
        await self._transaction.run(delete(tables.exclusions).where(rows.case == ref, rows.excluded.in_(parties)))

    async def unsettle(self, ref: CaseRef, messages: Sequence[MessageId]) -> None:
        """Record that these messages exclude people in words: all but the coordinator wait until each is settled."""
        await self._unsettle([ref], messages)

    async def settle(self, ref: CaseRef, messages: Sequence[MessageId]) -> None:
        """Record that the coordinator has dealt with whom these messages exclude in words; with nobody else's."""
        rows = tables.unsettled.c
        settled = delete(tables.unsettled).where(rows.case.in_(_members(ref)), rows.message.in_(messages))
        await self._transaction.run(settled)

    async def relate(self, ref: CaseRef, related: Related) -> None:
        """Add or replace a party's relation to the case; of merged ones the lead's, and in each what groups.py says."""
        rows = await self._transaction.rows(select(tables.cases).where(is_one_with(ref)))
        held = await self._belongings([CaseRef(row.ref) for row in rows])
        members = [member_of(row, held[row.ref]) for row in rows]
        for one, its in recorded(related, members).items():
            new = row_of_related(one, its)
            insert = self._transaction.upsert(tables.relations).values(new)
            await self._transaction.run(insert.on_conflict_do_update(index_elements=["case", "party"], set_=new))

    async def flag(self, ref: CaseRef, flags: Sequence[Flag]) -> None:
        """Set agencies' flags, or put them in the place of those that they have."""
        lead = await self._lead(ref)
        for flag in flags:
            row = row_of_flag(lead, flag)
            insert = self._transaction.upsert(tables.flags).values(row)
            await self._transaction.run(insert.on_conflict_do_update(index_elements=["case", "party"], set_=row))

    async def unflag(self, ref: CaseRef, party: PartyId) -> None:
        """Take an agency's flag back; where it has none nothing changes."""
        flags = tables.flags.c
        await self._transaction.run(delete(tables.flags).where(flags.case.in_(_members(ref)), flags.party == party))

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
        """Return cases referred before `before`, for information too, with no triage since, oldest first."""
        return await self._oldest(limit, is_untriaged(before))

    async def unserved(self, services: Sequence[PartyId], limit: int) -> Sequence[Case]:
        """Return cases whose newest referral none of these services has, oldest first."""
        return await self._oldest(limit, is_unserved(services))

    async def triaged(self, message: MessageId, at: datetime, corrects: MessageId | None, *, ends: bool) -> None:
        """Record a triage; one that `corrects` another is as old as that one: it says nothing of what came between."""
        triages = tables.triages.c
        older = await self._transaction.value(select(triages.at).where(triages.message == corrects))
        row = {"message": message, "at": older or at, "ends": ends}
        await self._transaction.run(tables.triages.insert(), [row])

    async def pending(self, limit: int) -> Sequence[Case]:
        """Return cases with people excluded in words that nobody has dealt with, oldest first."""
        return await self._oldest(limit, tables.cases.c.ref.in_(select(tables.unsettled.c.case)))

    async def merge(self, into: CaseRef, lead: CaseRef, at: datetime) -> None:
        """Make the cases that `lead` leads one with those that `into` leads; both are locked."""
        cases = tables.cases.c
        own = update(tables.cases).where(cases.ref == lead).values(merged_into=into, merged_at=at)
        await self._transaction.run(own)
        await self._transaction.run(update(tables.cases).where(cases.lead == lead).values(lead=into))

    async def split(self, ref: CaseRef, leaving: Collection[CaseRef]) -> None:
        """Take a case out of those that it was merged with; `leaving` go with it, which were merged into it before.

        What protects any of them protects each from now on: what was written while they were one relied on it.
        """
        cases = tables.cases.c
        await self._protect_each(ref)
        own = update(tables.cases).where(cases.ref == ref).values(merged_into=None, merged_at=None)
        await self._transaction.run(own)
        await self._transaction.run(update(tables.cases).where(cases.ref.in_(leaving)).values(lead=ref))

    async def count_due(self, before: Cutoff) -> int:
        """Return how many cases `due` would return, without a limit."""
        return await self._count(*are_due(before))

    async def due(self, before: Cutoff, limit: int) -> Sequence[Case]:
        """Return cases not yet scheduled that were last referred, or else looked up, by `before`, oldest first."""
        return await self._oldest(limit, leads(), *are_due(before))

    async def schedule(self, refs: Sequence[CaseRef], at: datetime, before: Cutoff) -> Sequence[CaseRef]:
        """Schedule destruction at `at` of those that are not scheduled and, still, not referred after `before`.

        Return which, with all that are one with them.
        """
        cases = tables.cases.c
        await self.lock_all(refs)
        due = (cases.lead.in_(refs), *is_due_with_its_group(before))
        marked = update(tables.cases).where(*due).values(scheduled_at=at).returning(cases.ref, cases.lead)
        found = [(refs.index(row.lead), CaseRef(row.ref)) for row in await self._transaction.rows(marked)]
        return [ref for _, ref in sorted(found)]

    async def unschedule(self, ref: CaseRef) -> None:
        """Take the scheduling of a case's destruction back."""
        await self._set(ref, scheduled_at=None)

    async def scheduled(self, before: datetime, limit: int) -> Sequence[Case]:
        """Return cases scheduled at or before `before`, oldest first."""
        cases = tables.cases.c
        query = select(cases.ref).where(leads(), *are_scheduled(before)).order_by(cases.scheduled_at, cases.ref)
        return await self._all(query.limit(limit))

    async def scheduled_after(self, at: datetime, limit: int) -> Sequence[CaseRef]:
        """Return cases scheduled after `at`."""
        cases = tables.cases.c
        query = select(cases.ref).where(*are_scheduled_after(at)).order_by(cases.ref).limit(limit)
        return [CaseRef(row.ref) for row in await self._transaction.rows(query)]

    async def count_scheduled(self, before: datetime) -> int:
        """Return how many cases `scheduled` would return, without a limit."""
        return await self._count(*are_scheduled(before))

    async def destroy(self, ref: CaseRef) -> Destroyed:
        """Delete everything under this one reference but its access entries; return what went. The lead goes last.

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
        rows = await self._transaction.rows(select(tables.cases.c.ref).where(excludes(excluded)))
        return frozenset(CaseRef(row.ref) for row in rows)

    async def count(self) -> int:
        """Return how many cases there are; what is one counts once."""
        return await self._count()

    async def _count(self, *such: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(tables.cases).where(leads(), *such)
        return int(await self._transaction.value(query))

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
        await self._transaction.run(update(tables.cases).where(is_one_with(ref)).values(**values))

    async def _protect_each(self, ref: CaseRef) -> None:
        whole = await self.get(ref)
        if whole is not None:
            await self._exclude(whole.refs, sorted(whole.excluded))
            await self._unsettle(whole.refs, sorted(whole.unsettled))
            if whole.closed:
                await self.close(ref)

    async def _unsettle(self, refs: Sequence[CaseRef], messages: Sequence[MessageId]) -> None:
        insert = self._transaction.upsert(tables.unsettled).on_conflict_do_nothing()
        await self._transaction.run(insert, [{"case": ref, "message": one} for ref in refs for one in messages])

    async def _exclude(self, refs: Sequence[CaseRef], excluded: Sequence[PartyId | OfficerId]) -> None:
        insert = self._transaction.upsert(tables.exclusions).on_conflict_do_nothing()
        await self._transaction.run(insert, [{"case": ref, "excluded": one} for ref in refs for one in excluded])

    async def _oldest(self, limit: int, *such: ColumnElement[bool]) -> Sequence[Case]:
        cases = tables.cases.c
        oldest = func.coalesce(cases.last_referral_at, cases.opened_at)
        return await self._all(select(cases.ref).where(*such).order_by(oldest, cases.ref).limit(limit))

    async def _all(self, which: Select[tuple[str]]) -> Sequence[Case]:
        refs = [CaseRef(row.ref) for row in await self._transaction.rows(which)]
        found = await self._groups(refs, leads_of(refs)) if refs else {}
        return [case for ref in refs if (case := found[ref]) is not None]

    async def _lead(self, ref: CaseRef) -> CaseRef:
        return CaseRef(await self._transaction.value(leads_of([ref])) or ref)

    async def _groups(self, refs: Sequence[CaseRef], of: Leads) -> Mapping[CaseRef, Case | None]:
        """Return the case of each reference, merged with all that are one with it.

        of  the leads of them all, known or to be looked up
        """
        rows = await self._transaction.rows(select(tables.cases).where(tables.cases.c.lead.in_(of)))
        held = await self._belongings([CaseRef(row.ref) for row in rows] or refs)
        by_lead: dict[str, list[Member]] = {row.lead: [] for row in rows}
        for row in rows:
            by_lead[row.lead].append(member_of(row, held[row.ref]))
        lead_of = {row.ref: row.lead for row in rows}
        return {ref: as_one(ref, by_lead[lead_of[ref]]) if ref in lead_of else None for ref in refs}

    async def _belongings(self, refs: Sequence[CaseRef]) -> Mapping[str, Belongings]:
        """Return what belongs to each case; asked for even where there is none: how long it takes must not tell."""
        held = {str(ref): Belongings() for ref in refs}
        for row in await self._transaction.rows(BELONGINGS, {"refs": list(refs)}):
            KEPT[row.table](held[row.case], row)
        return held


_COUNTED: Sequence[tuple[str, Table, str]] = (
    ("deliveries", tables.deliveries, "id"),
    ("headers", tables.headers, "delivery"),
    ("receipts", tables.receipts, "delivery"),
)


def _members(ref: CaseRef) -> Select[tuple[str]]:
    return select(tables.cases.c.ref).where(is_one_with(ref))
