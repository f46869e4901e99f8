"""Whether cases are of the same people, in SQL: tokens, the coordinator's decisions and links, dates of referrals."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    distinct,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy import case as either

from agencies.names import CaseRef, MessageId
from broker.case import Case
from broker.records import Alike, Named, Referred, Sameness
from broker.store import tables
from broker.store.transaction import Transaction
from crypto.blind_index import Token


class SqlPeople:
    """What is known of whether cases are of the same people; see repositories.People."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def keep(self, case: CaseRef, message: MessageId, tokens: Collection[tuple[Named, Token]]) -> None:
        """Keep the tokens of who a referral names; those that are there change nothing."""
        insert = self._transaction.upsert(tables.tokens).on_conflict_do_nothing()
        whose = {"case": case, "message": message}
        rows = [{**whose, "role": role.value, "token": token} for role, token in sorted(tokens)]
        await self._transaction.run(insert, rows)

    async def alike(self, case: Case, limit: int) -> Sequence[Alike]:
        """Return up to `limit` cases of the same victim, or with a victim who is the other's perpetrator, by tokens."""
        values = {"refs": case.refs, "lead": case.lead, "many": limit}
        rows = await self._transaction.rows(_ALIKE, values)
        return [
            Alike(CaseRef(row.lead), frozenset(role for role in Named if getattr(row, role.value) > 0)) for row in rows
        ]

    async def crosses(self, one: Case, other: Case) -> bool:
        """Claim that the victim of one is a perpetrator of the other, by their tokens, whatever was decided."""
        mine, theirs = tables.tokens.alias("mine"), tables.tokens.alias("theirs")
        such = (mine.c.case.in_(one.refs), theirs.c.case.in_(other.refs), theirs.c.token == mine.c.token)
        return bool(await self._transaction.value(select(exists().where(*such, mine.c.role != theirs.c.role))))

    async def decide(self, pair: tuple[CaseRef, CaseRef], decision: Sameness, at: datetime) -> None:
        """Record what the coordinator decided of two cases; the last decision counts."""
        low, high = sorted(pair)
        row = {"case": low, "other": high, "decision": decision.value, "at": at}
        insert = self._transaction.upsert(tables.sameness).values(row)
        await self._transaction.run(insert.on_conflict_do_update(index_elements=["case", "other"], set_=row))

    async def decided(self, case: Case) -> Mapping[CaseRef, Sameness]:
        """Return what was decided last between this case and others, by their leads."""
        decided, cases = tables.sameness.c, tables.cases.c
        query = select(cases.lead, decided.decision).where(_pairs(tables.sameness, cases.ref))
        rows = await self._transaction.rows(query.order_by(decided.at), {"refs": case.refs})
        return {CaseRef(row.lead): Sameness(row.decision) for row in rows}

    async def link(self, pair: tuple[CaseRef, CaseRef], at: datetime) -> None:
        """Record that two cases are related; again changes nothing."""
        low, high = sorted(pair)
        insert = self._transaction.upsert(tables.links).values({"case": low, "other": high, "at": at})
        await self._transaction.run(insert.on_conflict_do_nothing())

    async def linked(self, case: Case) -> Sequence[CaseRef]:
        """Return the cases that this one is linked with, by their leads, sorted."""
        cases = tables.cases.c
        ours = (cases.lead != case.lead, _pairs(tables.links, cases.ref))
        query = select(cases.lead).where(*ours).distinct().order_by(cases.lead)
        return [CaseRef(row.lead) for row in await self._transaction.rows(query, {"refs": case.refs})]

    async def referred(self, case: CaseRef, message: MessageId, referred: Referred) -> None:
        """Record a referral; again changes nothing."""
        row = {"case": case, "message": message, "at": referred.at, "informs": referred.informs}
        insert = self._transaction.upsert(tables.referrals).values(row)
        await self._transaction.run(insert.on_conflict_do_nothing())

    async def forget(self, case: CaseRef, message: MessageId) -> Referred | None:
        """Forget a referral's tokens and date, which is returned: it was corrected, or taken back from everybody."""
        referrals, tokens = tables.referrals.c, tables.tokens.c
        row = await self._transaction.row(select(tables.referrals).where(referrals.message == message))
        await self._transaction.run(delete(tables.referrals).where(referrals.message == message))
        await self._transaction.run(delete(tables.tokens).where(tokens.case == case, tokens.message == message))
        return None if row is None else Referred(row.at, informs=row.informs)

    async def referrals(self, cases: Sequence[CaseRef], limit: int, *, informing: bool = False) -> Sequence[datetime]:
        """Return when these were referred, the latest first; `informing`: for information only, instead of not."""
        referrals = tables.referrals.c
        such = (referrals.case.in_(cases), referrals.informs.is_(informing))
        query = select(referrals.at).where(*such).order_by(referrals.at.desc()).limit(limit)
        return [row.at for row in await self._transaction.rows(query)]


_REFS: Final[BindParameter[str]] = bindparam("refs", expanding=True)  # of all that are one case


def _alike() -> Select[tuple[object, ...]]:
    """Return the query for `alike`: one row a group, with how many tokens agree in which roles."""
    mine, theirs, cases = tables.tokens.alias("mine"), tables.tokens.alias("theirs"), tables.cases.c
    # A token is of its role: a victim's is never a perpetrator's. `crossed` are the victim's own as a perpetrator, so
    # that two of them which agree only say once more that the victims do.
    crosses = (mine.c.role != theirs.c.role, Named.CROSSED)
    agrees = [
        (and_(mine.c.role == theirs.c.role, mine.c.role == role), role) for role in (Named.VICTIM, Named.PERPETRATOR)
    ]
    # Each token once, however many referrals of a case name the person.
    counts = [func.count(distinct(either((such, mine.c.token)))).label(role.value) for such, role in (*agrees, crosses)]
    victim, perpetrator, crossed = counts
    found = or_(victim > 0, crossed > 0)
    return (
        select(cases.lead, *counts)
        .select_from(mine)
        .join(theirs, theirs.c.token == mine.c.token)
        .join(tables.cases, cases.ref == theirs.c.case)
        .where(mine.c.case.in_(_REFS), cases.lead != bindparam("lead"), cases.lead.not_in(_different()))
        .group_by(cases.lead)
        .having(found)
        .order_by(and_(victim > 0, perpetrator > 0).desc(), (victim + crossed).desc(), cases.lead)
        .limit(bindparam("many"))
    )


def _different() -> Select[tuple[str]]:
    """Return the query for the leads of what was decided to be different from the case."""
    other, is_different = tables.cases.alias("other"), tables.sameness.c.decision == Sameness.DIFFERENT.value
    return select(other.c.lead).where(_pairs(tables.sameness, other.c.ref), is_different)


def _pairs(table: Table, other: ColumnElement[str]) -> ColumnElement[bool]:
    """Claim that the row of `table` is about the case, or one that is one with it, and the `other`."""
    return or_(
        and_(table.c.case.in_(_REFS), table.c.other == other),
        and_(table.c.other.in_(_REFS), table.c.case == other),
    )


# Made once: to put it together takes longer than to search by it.
_ALIKE: Final = _alike()
