"""Cases, relations and exclusions, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from agencies.names import CaseRef, MessageId, PartyId
from broker.case import Flag, LawfulBasis, Related, Relation
from broker.errors import BrokerError
from broker.ports import Store
from broker.records import Addressed, Earlier, Referred
from broker.retention import Cutoff
from broker.store import tables
from broker.store.engines import open_patient
from tests.ports.makers import (
    COLLEAGUE,
    COORDINATOR,
    HOUSING,
    IDVA,
    MORE_WORDS,
    NOW,
    OFFICER,
    OTHER_WORDS,
    POLICE,
    WORDS,
    a_case,
    a_letter,
    a_message,
    a_ref,
    accepted,
    after,
    an_entry,
    by,
)


async def test_a_case_comes_back_as_it_was_added(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        assert await unit.cases.get(case.ref) == case
        assert await unit.cases.lock(case.ref) == case
        assert await unit.cases.get(a_ref()) is None


async def test_the_same_reference_twice_is_refused_without_telling_it(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        with pytest.raises(BrokerError) as caught:
            await unit.cases.add(case)
    assert case.ref not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_relation_is_added_and_replaced(store: Store) -> None:
    case = a_case()
    ended = Related(IDVA, Relation.ENDED, LawfulBasis.UK_GDPR_PUBLIC_TASK, "withdrew", after(days=2))
    joined = Related(COORDINATOR, Relation.INVOLVED, LawfulBasis.UK_GDPR_PUBLIC_TASK, "standing", NOW)
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.cases.relate(case.ref, ended)
        await unit.cases.relate(case.ref, joined)
        held = await unit.cases.get(case.ref)
    assert held is not None
    assert held.related == {**case.related, IDVA: ended, COORDINATOR: joined}


async def test_exclusions_add_up_and_pending_ones_wait_to_be_settled(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.cases.exclude(case.ref, [POLICE, HOUSING])
        await unit.cases.exclude(case.ref, [])
        await unit.cases.unsettle(case.ref, [WORDS, MORE_WORDS])
        await unit.cases.unsettle(case.ref, [WORDS])
        pending = await unit.cases.get(case.ref)
        await unit.cases.settle(case.ref, [WORDS, OTHER_WORDS])
        one_left = await unit.cases.get(case.ref)
        await unit.cases.settle(case.ref, [MORE_WORDS])
        settled = await unit.cases.get(case.ref)
    assert pending is not None
    assert one_left is not None
    assert settled is not None
    assert pending.excluded == {POLICE, HOUSING}
    assert (pending.unsettled, one_left.unsettled) == ({WORDS, MORE_WORDS}, {MORE_WORDS}), "each by itself"
    assert (one_left.exclusions_pending, settled.exclusions_pending) == (True, False)


async def test_a_lifted_exclusion_is_gone_from_its_case_and_no_other_and_lifting_again_changes_nothing(
    store: Store,
) -> None:
    case, other = a_case(), a_case()
    async with store.unit() as unit:
        for one in (case, other):
            await unit.cases.add(one)
            await unit.cases.exclude(one.ref, [POLICE, HOUSING])
            await unit.cases.unsettle(one.ref, [WORDS])
        for lifted in ([POLICE], [POLICE, IDVA], []):
            await unit.cases.lift(case.ref, lifted)
            held = await unit.cases.get(case.ref)
            assert held is not None
            assert (held.excluded, held.exclusions_pending) == ({HOUSING}, True)
        await unit.cases.exclude(case.ref, [POLICE])
        again, untouched = await unit.cases.get(case.ref), await unit.cases.get(other.ref)
    assert again is not None
    assert untouched is not None
    assert again.excluded == untouched.excluded == {POLICE, HOUSING}


async def test_who_is_named_is_of_one_case_and_naming_or_taking_it_back_again_changes_nothing(store: Store) -> None:
    case, other = a_case(), a_case()
    async with store.unit() as unit:
        for one in (case, other):
            await unit.cases.add(one)
        for officers in ([COLLEAGUE], [COLLEAGUE, OFFICER], []):
            await unit.cases.name(case.ref, officers)
        named = await unit.cases.get(case.ref)
        for officers in ([OFFICER], [OFFICER], []):
            await unit.cases.unname(case.ref, officers)
        left, untouched = await unit.cases.lock(case.ref), await unit.cases.get(other.ref)
        await unit.cases.destroy(case.ref)
        count = await unit.cases.count()
    assert named is not None
    assert left is not None
    assert untouched is not None
    assert (named.named, left.named, untouched.named) == ({OFFICER, COLLEAGUE}, {COLLEAGUE}, {OFFICER})
    assert count == 1


async def test_closing_closes(store: Store) -> None:
    case = a_case()
    async with store.unit() as unit:
        await unit.cases.add(case)
        await unit.cases.close(case.ref)
        held = await unit.cases.get(case.ref)
    assert held is not None
    assert held.closed


async def test_due_cases_come_oldest_first_and_a_new_referral_takes_scheduling_back(store: Store) -> None:
    old, older, young = (a_case(last_referral_at=NOW - timedelta(days=days)) for days in (10, 20, 1))
    async with store.unit() as unit:
        for case in (old, older, young):
            await unit.cases.add(case)
        assert [case.ref for case in await unit.cases.due(by(old.last_referral_at), 9)] == [older.ref, old.ref]
        assert [case.ref for case in await unit.cases.due(by(NOW), 1)] == [older.ref]
        both = [older.ref, old.ref]
        assert await unit.cases.schedule([*both, young.ref], NOW, before=by(old.last_referral_at)) == both
        assert await unit.cases.schedule(both, NOW, before=by(NOW)) == [], "they are scheduled already"
        assert [case.ref for case in await unit.cases.due(by(NOW), 9)] == [young.ref]
        assert {case.ref for case in await unit.cases.scheduled(NOW, 9)} == {older.ref, old.ref}
        assert list(await unit.cases.scheduled(NOW - timedelta(seconds=1), 9)) == []
        await unit.cases.restart(old.ref, after(days=1))
        assert [case.ref for case in await unit.cases.scheduled(NOW, 9)] == [older.ref]
        assert await unit.cases.count() == 3
        await unit.cases.unschedule(older.ref)
        assert list(await unit.cases.scheduled(NOW, 9)) == []


async def test_what_is_due_and_what_is_scheduled_is_counted_and_what_is_scheduled_ahead_is_named(store: Store) -> None:
    first, second, third = (a_case(last_referral_at=NOW - timedelta(days=days)) for days in (30, 20, 10))
    async with store.unit() as unit:
        for case in (first, second, third):
            await unit.cases.add(case)
        assert await unit.cases.count_due(by(second.last_referral_at)) == 2
        await unit.cases.schedule([first.ref], NOW, before=by(NOW))
        await unit.cases.schedule([second.ref], after(days=9), before=by(NOW))
        assert await unit.cases.count_due(by(NOW)) == 1
        assert (await unit.cases.count_scheduled(NOW), await unit.cases.count_scheduled(after(days=9))) == (1, 2)
        assert await unit.cases.scheduled_after(NOW, 9) == [second.ref]
        assert await unit.cases.scheduled_after(after(days=9), 9) == []


async def test_a_case_that_is_referred_after_it_was_read_as_due_is_not_scheduled(store: Store) -> None:
    referred, due = (a_case(last_referral_at=NOW - timedelta(days=days)) for days in (20, 10))
    async with store.unit() as unit:
        await unit.cases.add(referred)
        await unit.cases.add(due)
        await unit.commit()
    locked = asyncio.Event()

    async def refer() -> None:
        async with store.unit() as unit:
            await unit.cases.lock(referred.ref)
            locked.set()
            await unit.cases.restart(referred.ref, NOW)
            await unit.commit()

    async with store.reader() as unit:
        refs = [case.ref for case in await unit.cases.due(by(NOW - timedelta(days=1)), 9)]
    assert refs == [referred.ref, due.ref]
    referring = asyncio.create_task(refer())
    await locked.wait()
    async with store.unit() as unit:  # waits for the referral, which holds the case
        assert await unit.cases.schedule(refs, NOW, before=by(NOW - timedelta(days=1))) == [due.ref]
        await unit.commit()
    await referring
    async with store.reader() as unit:
        assert [case.ref for case in await unit.cases.scheduled(NOW, 9)] == [due.ref]


async def test_a_destroyed_case_leaves_its_access_entries_and_nothing_else(store: Store, database_url: str) -> None:
    ref, other = a_ref(), a_ref()
    addressed = [a_message(ref, [IDVA, COORDINATOR]), a_message(ref, [COORDINATOR])]
    await accepted(store, *addressed, a_message(other))
    deliveries = [delivery.id for one in addressed for delivery, _ in one.deliveries]
    async with store.unit() as unit:
        await unit.messages.receipt(deliveries[0], "collected", "marac/receipt/v1\n", NOW)
        await unit.messages.remember(HOUSING, "an-id", Earlier(ref, "sha256:", ("manifest",)))
        await unit.letters.put([a_letter(delivery=deliveries[0])], NOW)
        await unit.log.append(an_entry(ref))
        await unit.cases.flag(ref, [Flag(IDVA, LawfulBasis.UK_GDPR_PUBLIC_TASK, NOW, after(days=9))])
        await unit.commit()
    async with store.unit() as unit:
        destroyed = await unit.cases.destroy(ref)
        await unit.commit()
    assert destroyed.counts == {"messages": 2, "deliveries": 3, "headers": 3, "receipts": 1, "referral": 2}
    left = await _rows(database_url)
    assert {name: count for name, count in left.items() if count} == {
        "cases": 1, "relations": 2, "exclusions": 1, "named": 1, "messages": 1, "payloads": 1,
        "deliveries": 1, "headers": 1, "outbox": 1, "entries": 1,
    }  # fmt: skip


async def test_destroying_twice_destroys_nothing_more(store: Store) -> None:
    ref = a_ref()
    await accepted(store, a_message(ref))
    async with store.unit() as unit:
        await unit.cases.destroy(ref)
        again = await unit.cases.destroy(ref)
    assert not any(again.counts.values())


@pytest.mark.parametrize("party", [HOUSING, PartyId("marac.area.example/agency/nobody")])
async def test_two_cases_do_not_share_relations(store: Store, party: PartyId) -> None:
    one, two = a_case(), a_case()
    async with store.unit() as unit:
        await unit.cases.add(one)
        await unit.cases.add(two)
        await unit.cases.exclude(one.ref, [party])
        held = await unit.cases.get(two.ref)
    assert held == two


async def _rows(url: str) -> dict[str, int]:
    engine = open_patient(url, autocommit=True)
    async with engine.connect() as connection:
        counts = {
            name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in tables.metadata.tables.items()
        }
    await engine.dispose()
    return counts


async def test_flags_lie_beside_the_relations_and_are_replaced_taken_back_and_recorded_as_lapsed(store: Store) -> None:
    case = a_case()
    flags = [Flag(one, LawfulBasis.UK_GDPR_PUBLIC_TASK, NOW, after(days=9)) for one in (HOUSING, IDVA, COORDINATOR)]
    async with store.unit() as unit:
        await unit.cases.add(replace(case, flags={flags[0].party: flags[0]}))
        await unit.cases.flag(case.ref, flags)
        await unit.cases.unflag(case.ref, COORDINATOR)
        await unit.cases.unflag(case.ref, COORDINATOR)
        held = await unit.cases.get(case.ref)
        assert held is not None
        assert (held.flags, held.related) == ({one.party: one for one in flags[:2]}, case.related)
        assert case.ref not in await unit.cases.flags_over(after(days=8), 999)
        assert case.ref in await unit.cases.flags_over(after(days=9), 999)
        assert [await unit.cases.lapse(case.ref, after(days=days)) for days in (8, 9, 9)] == [False, True, False]
        assert case.ref not in await unit.cases.flags_over(after(days=99), 999)
        await unit.cases.flag(case.ref, [replace(flags[0], until=after(days=20))])
        assert case.ref in await unit.cases.flags_over(after(days=20), 999), "it was set anew"


async def test_a_case_that_was_only_looked_up_is_due_by_when_it_was_opened(store: Store) -> None:
    looked_up, referred = replace(a_case(), last_referral_at=None, opened_at=after(days=-40)), a_case()
    only_looked_up, only_referred = Cutoff(after(days=-99), after(days=-40)), Cutoff(NOW, after(days=-41))
    async with store.unit() as unit:
        for case in (looked_up, referred):
            await unit.cases.add(case)
        refs = [looked_up.ref, referred.ref]
        assert [one.ref for one in await unit.cases.due(only_looked_up, 9)] == [looked_up.ref]
        assert [one.ref for one in await unit.cases.due(only_referred, 9)] == [referred.ref]
        assert [one.ref for one in await unit.cases.due(Cutoff(NOW, NOW), 9)] == refs
        assert await unit.cases.count_due(only_looked_up) == 1
        assert await unit.cases.schedule(refs, NOW, only_looked_up) == [looked_up.ref]
        await unit.cases.restart(looked_up.ref, NOW)
        held = await unit.cases.get(looked_up.ref)
        assert held is not None
        assert (held.last_referral_at, held.scheduled_at) == (NOW, None)


async def test_a_referral_is_untriaged_until_a_triage_of_its_own_ends_that_and_stands(store: Store) -> None:
    ref, late = a_ref(), after(days=9)
    first, better, asks, second = (a_triage(ref, at=after(days=days)) for days in (1, 3, 4, 5))
    await accepted(store, first)
    async with store.unit() as unit:

        async def waiting(before: datetime = late) -> list[CaseRef]:
            return [one.ref for one in await unit.cases.untriaged(before, 9)]

        async def triaged(one: Addressed, corrects: MessageId | None = None, *, ends: bool = True) -> None:
            if one is not first:
                await unit.messages.add([one])
            await unit.cases.triaged(one.message.id, one.message.accepted_at, corrects, ends=ends)

        assert await waiting() == [], "it was only looked up"
        await unit.people.referred(ref, MessageId("a referral"), Referred(NOW))
        assert (await waiting(NOW), await waiting()) == ([], [ref])
        await triaged(first)
        assert await waiting() == []
        await unit.people.referred(ref, MessageId("for information"), Referred(after(days=2), informs=True))
        assert (await waiting(after(days=2)), await waiting()) == ([], [ref]), "for information it waits too"
        await triaged(better, first.message.id)
        await unit.messages.supersede(first.message.id, better.message.id, [IDVA])
        assert await waiting() == [ref], "the older triage, told better"
        await triaged(asks, ends=False)
        assert await waiting() == [ref], "it asks for more information"
        await triaged(second)
        assert await waiting() == []
        await unit.messages.recall({second.deliveries[0][0].id: None}, late)
        assert await waiting() == [ref], "it was taken back"


async def test_a_triage_that_is_corrected_to_asking_for_more_ends_no_waiting_any_more(store: Store) -> None:
    ref = a_ref()
    ended, asks = (a_triage(ref, at=after(days=days)) for days in (1, 2))
    await accepted(store, ended)
    async with store.unit() as unit:
        await unit.people.referred(ref, MessageId("a referral"), Referred(NOW))
        await unit.cases.triaged(ended.message.id, after(days=1), None, ends=True)
        assert await unit.cases.untriaged(after(days=9), 9) == []
        await unit.messages.add([asks])
        await unit.cases.triaged(asks.message.id, after(days=2), ended.message.id, ends=False)
        await unit.messages.supersede(ended.message.id, asks.message.id, [IDVA])
        assert [one.ref for one in await unit.cases.untriaged(after(days=9), 9)] == [ref]


def a_triage(ref: CaseRef, at: datetime) -> Addressed:
    addressed = a_message(ref, at=at)
    return replace(addressed, message=replace(addressed.message, kind="triage/1.0", document="triage"))
