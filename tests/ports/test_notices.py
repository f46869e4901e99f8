"""Channels, claims and failures of notices, and what is urgent, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace

from agencies.names import PartyId
from broker.case import Flag, LawfulBasis, Related, Relation
from broker.lifecycle import DeliveryState
from broker.ports import Store
from broker.records import Channel, Reach
from tests.ports.makers import HOUSING, IDVA, NOW, POLICE, a_message, a_ref, accepted, after, in_mailbox, urgent

EMAIL = Channel(IDVA, "email", "duty-desk@idva.example", NOW)
HOOK = Channel(IDVA, "webhook", "https://hooks.idva.example/collect", NOW)
OTHER = Channel(HOUSING, "email", "duty-desk@housing.example", NOW)


async def keep(store: Store, *channels: Channel) -> None:
    async with store.unit() as unit:
        for channel in channels:
            await unit.notices.put(channel)
        await unit.commit()


async def all_of(store: Store) -> list[Channel]:
    async with store.reader() as unit:
        return list(await unit.notices.all())


async def test_channels_come_back_as_they_were_put_and_go_by_party_and_channel(store: Store) -> None:
    await keep(store, EMAIL, HOOK, OTHER)
    assert await all_of(store) == [OTHER, EMAIL, HOOK]
    async with store.unit() as unit:
        assert list(await unit.notices.of(IDVA)) == [EMAIL, HOOK]
        await unit.notices.drop(IDVA, ["webhook"])
        await unit.notices.drop(HOUSING, [])
        await unit.commit()
    assert await all_of(store) == [OTHER, EMAIL]


async def test_the_same_address_again_changes_nothing_and_another_begins_anew(store: Store) -> None:
    await keep(store, EMAIL, OTHER)
    async with store.unit() as unit:
        assert await unit.notices.claim(EMAIL, NOW, after(minutes=5))
        await unit.notices.put(replace(EMAIL, since=after(days=1)))
        await unit.commit()
    (_, claimed) = await all_of(store)
    assert (claimed.since, claimed.told_at, claimed.unseen, claimed.again_at) == (NOW, NOW, True, after(minutes=5))
    moved = replace(EMAIL, address="other@idva.example", since=after(days=1))
    await keep(store, moved)
    assert await all_of(store) == [OTHER, moved]


async def test_one_of_many_claims_a_notice_and_none_under_an_address_that_was_changed(store: Store) -> None:
    await keep(store, EMAIL)

    async def claim() -> bool:
        async with store.unit() as unit:
            claimed = await unit.notices.claim(EMAIL, after(seconds=1), after(minutes=5))
            await unit.commit()
            return claimed

    assert sorted(await asyncio.gather(*(claim() for _ in range(5)))) == [False] * 4 + [True]
    async with store.unit() as unit:
        (held,) = await unit.notices.of(IDVA)
        assert not await unit.notices.claim(replace(held, address="old@idva.example"), NOW, NOW)


async def test_failures_are_counted_from_the_first_until_one_gets_through(store: Store) -> None:
    await keep(store, EMAIL)
    for number, minutes in enumerate((1, 5), start=1):
        async with store.unit() as unit:
            (held,) = await unit.notices.of(IDVA)
            await unit.notices.failed(held, "refused", after(minutes=minutes), after(minutes=minutes + 1))
            await unit.commit()
        (held,) = await all_of(store)
        assert (held.failures, held.failing_since, held.fault) == (number, after(minutes=1), "refused")
        assert held.again_at == after(minutes=minutes + 1)
    async with store.unit() as unit:
        await unit.notices.told(held)
        await unit.commit()
    (held,) = await all_of(store)
    assert (held.failures, held.failing_since, held.fault, held.again_at) == (0, None, None, None)


async def test_who_has_looked_may_be_told_anew_by_every_channel(store: Store) -> None:
    await keep(store, EMAIL, HOOK, OTHER)
    async with store.unit() as unit:
        for channel in (EMAIL, HOOK, OTHER):
            await unit.notices.claim(channel, NOW, NOW)
        await unit.notices.seen(IDVA)
        await unit.commit()
    assert {channel.party: channel.unseen for channel in await all_of(store)} == {IDVA: False, HOUSING: True}


async def test_urgent_messages_are_published_and_leased_before_older_ones(store: Store) -> None:
    usual, soon = a_message(a_ref(), at=NOW), urgent(a_message(a_ref(), at=after(minutes=1)))
    await accepted(store, usual, soon)
    wanted = [one.deliveries[0][0].id for one in (soon, usual)]
    async with store.unit() as unit:
        assert [letter.delivery for letter in await unit.outbox.take(9)] == wanted
        await unit.outbox.arrived(wanted, NOW)
        found = [delivery for delivery, _ in await unit.messages.waiting(Reach(IDVA, (), (), (), whole=False), 9, NOW)]
        assert found == wanted
        assert [delivery.id for delivery, _ in await unit.messages.take(found[::-1], NOW)] == wanted


async def test_only_what_is_urgent_late_and_still_owed_is_uncollected(store: Store) -> None:
    late, early = urgent(a_message(a_ref())), urgent(a_message(a_ref(), at=after(minutes=9)))
    usual, strange = a_message(a_ref()), urgent(a_message(a_ref(), [POLICE, PartyId("marac.area.example/agency/new")]))
    got, taken_back = urgent(a_message(a_ref())), urgent(a_message(a_ref()))
    await in_mailbox(store, late, early, usual, strange, got, taken_back)
    async with store.unit() as unit:
        await unit.messages.receipt(got.deliveries[0][0].id, "collected", "note", NOW)
        await unit.messages.recall({taken_back.deliveries[0][0].id: None}, NOW)
        await unit.commit()
    async with store.unit() as unit:
        (found,) = await unit.messages.uncollected(after(minutes=5), NOW, 9)
        assert (found.id, found.state) == (late.deliveries[0][0].id, DeliveryState.WAITING)
        assert len(await unit.messages.uncollected(after(minutes=9), NOW, 9)) == 2
        assert len(await unit.messages.uncollected(after(minutes=9), NOW, 1)) == 1
        await unit.messages.escalated([found.id], after(minutes=6))
        (found, _) = await unit.messages.uncollected(after(minutes=9), NOW, 9)
        assert found.escalated_at == after(minutes=6)
        assert list(await unit.messages.uncollected(after(minutes=9), after(days=91), 9)) == [], "its part is over"
        ended = Related(IDVA, Relation.ENDED, LawfulBasis.UK_GDPR_PUBLIC_TASK, "no-longer-involved", NOW)
        await unit.cases.relate(late.message.case, ended)
        assert len(await unit.messages.uncollected(after(minutes=9), NOW, 9)) == 1
        flag = Flag(IDVA, LawfulBasis.UK_GDPR_PUBLIC_TASK, NOW, after(minutes=2))
        await unit.cases.flag(late.message.case, [flag])
        assert len(await unit.messages.uncollected(after(minutes=9), NOW, 9)) == 2, "a flag is a part too"
        assert len(await unit.messages.uncollected(after(minutes=9), flag.until, 9)) == 1
