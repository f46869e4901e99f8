"""Cases that are one, as conditions in SQL: a row of `cases` stands for its whole group where it is the lead."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from agencies.names import CaseRef
from broker.lifecycle import DeliveryState
from broker.retention import Cutoff
from broker.store import tables

Conditions = Sequence[ColumnElement[bool]]
Columns = ReadOnlyColumnCollection[str, Column[Any]]
Leads = Select[tuple[str]] | Sequence[CaseRef]

_cases = tables.cases.c
_member = tables.cases.alias("member")


def leads_of(refs: Sequence[CaseRef]) -> Select[tuple[str]]:
    """Return the query for the leads of these cases."""
    one = tables.cases.alias("one")
    return select(one.c.lead).where(one.c.ref.in_(refs))


def leads() -> ColumnElement[bool]:
    """Claim that the row is a lead's."""
    return _cases.lead == _cases.ref


def is_one_with(ref: CaseRef) -> ColumnElement[bool]:
    """Claim that the row's case is one with `ref`, itself included."""
    return _cases.lead.in_(leads_of([ref]))


def are_due(before: Cutoff) -> Conditions:
    """Claim that some of the group is not scheduled, and nothing of it was referred or looked up after `before`."""
    return (~_any(~_is_due(_member.c, before)), _any(_member.c.scheduled_at.is_(None)))


def is_due_with_its_group(before: Cutoff) -> Conditions:
    """Claim that the row's case is not scheduled, and nothing of its group was referred or looked up after `before`."""
    return (_cases.scheduled_at.is_(None), ~_any(~_is_due(_member.c, before)))


def are_scheduled(before: datetime) -> Conditions:
    """Claim that all of the group is scheduled, at or before `before`."""
    late = or_(_member.c.scheduled_at.is_(None), _member.c.scheduled_at > before)
    return (_cases.scheduled_at <= before, ~_any(late))


def are_scheduled_after(at: datetime) -> Conditions:
    """Claim that all of the group is scheduled, some of it after `at`."""
    return (leads(), ~_any(_member.c.scheduled_at.is_(None)), _any(_member.c.scheduled_at > at))


def excludes(excluded: Sequence[str]) -> ColumnElement[bool]:
    """Claim that a case of the row's group excludes any of these agencies or officers."""
    exclusions = tables.exclusions.c
    kept_out = select(_member.c.lead).join(tables.exclusions, exclusions.case == _member.c.ref)
    return _cases.lead.in_(kept_out.where(exclusions.excluded.in_(excluded)))


def is_closed() -> ColumnElement[bool]:
    """Claim that a case of the row's group is closed."""
    return _any(_member.c.closed.is_(True))


def is_pending() -> ColumnElement[bool]:
    """Claim that in a case of the row's group people excluded in words are still to be dealt with."""
    return exists().where(_member.c.lead == _cases.lead, tables.unsettled.c.case == _member.c.ref)


def names(officers: Sequence[str]) -> ColumnElement[bool]:
    """Claim that a case of the row's group names any of these officers."""
    named = tables.named.c
    return exists().where(_member.c.lead == _cases.lead, named.case == _member.c.ref, named.officer.in_(officers))


def is_untriaged(before: datetime) -> ColumnElement[bool]:
    """Claim that the row's case was referred before `before`, for information too, and nobody has triaged that since.

    A triage about any case of the row's group counts, if it asks for no more information and still stands.
    """
    referrals, triages, messages, deliveries = (
        tables.referrals.c,
        tables.triages.c,
        tables.messages.c,
        tables.deliveries.c,
    )
    triaged = exists().where(
        _member.c.lead == _cases.lead,
        messages.case == _member.c.ref,
        messages.superseded_by.is_(None),
        triages.message == messages.id,
        triages.ends.is_(True),
        triages.at >= referrals.at,
        # One that was taken back from everybody does not stand.
        exists().where(deliveries.message == messages.id, deliveries.state != DeliveryState.RECALLED.value),
    )
    triaged = triaged.correlate(tables.cases, tables.referrals)
    return exists().where(referrals.case == _cases.ref, referrals.at < before, ~triaged)


def is_unserved(services: Sequence[str]) -> ColumnElement[bool]:
    """Claim that the row's case was referred, and none of these has its newest referral: not sent, or taken back."""
    referrals, later, deliveries = tables.referrals.c, tables.referrals.alias(), tables.deliveries.c
    gone = (DeliveryState.RECALLED.value, DeliveryState.SUPERSEDED.value)
    served = exists().where(
        deliveries.message == referrals.message, deliveries.recipient.in_(services), deliveries.state.not_in(gone)
    )
    newer = exists().where(later.c.case == referrals.case, later.c.at > referrals.at)
    standing = (served.correlate(tables.referrals), newer.correlate(tables.referrals))
    return exists().where(referrals.case == _cases.ref, *(~one for one in standing))


def _any(such: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_member.c.lead == _cases.lead, such)


def _is_due(case: Columns, before: Cutoff) -> ColumnElement[bool]:
    # Never null: a case without a referral counts by when it was looked up.
    looked_up = and_(case.last_referral_at.is_(None), case.opened_at <= before.looked_up)
    return or_(and_(case.last_referral_at.is_not(None), case.last_referral_at <= before.referred), looked_up)
