"""Messages, leases, headers, receipts, recalls and repeated submissions, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agencies.names import DeliveryId, MessageId, OfficerId, PartyId
from broker.errors import IdempotencyConflict
from broker.lifecycle import DeliveryState
from broker.ports import Store, UnitOfWork
from broker.records import Delivery, Earlier, Message, Reach
from tests.ports.makers import (
    COLLEAGUE,
    COORDINATOR,
    HOUSING,
    IDVA,
    NOW,
    OFFICER,
    a_delivery,
    a_message,
    a_ref,
    accepted,
    after,
    in_mailbox,
    urgent,
)

LATER = after(minutes=5)


async def to_lease(unit: UnitOfWork, party: PartyId, limit: int, now: datetime) -> Sequence[tuple[Delivery, Message]]:
    """What a lease takes: first what waits within reach, then those rows, locked."""
    waiting = await unit.messages.waiting(Reach(party, (), (), (), whole=party == COORDINATOR), limit, now)
    return await unit.messages.take([delivery for delivery, _ in waiting], now)


async def test_a_message_comes_back_as_it_was_added(store: Store) -> None:
    addressed = a_message(a_ref(), [IDVA, COORDINATOR])
    await accepted(store, addressed)
    async with store.reader() as unit:
        assert await unit.messages.get(addressed.message.id) == addressed.message
        assert await unit.messages.payload(addressed.message.id) == addressed.payload
        held = sorted((one for one, _ in addressed.deliveries), key=lambda one: one.id)
        assert list(await unit.messages.deliveries(addressed.message.id)) == held
        for delivery, header in addressed.deliveries:
            assert await unit.messages.header(delivery.id) == header
            assert await unit.messages.delivery(delivery.id) == delivery
            assert await unit.messages.glance(delivery.id) == delivery


async def test_what_does_not_exist_is_none(store: Store) -> None:
    nowhere, nothing = DeliveryId("no-such-delivery"), MessageId("no-such-message")
    async with store.unit() as unit:
        assert await unit.messages.get(nothing) is None
        assert await unit.messages.payload(nothing) is None
        assert await unit.messages.delivery(nowhere) is None
        assert await unit.messages.glance(nowhere) is None
        assert await unit.messages.header(nowhere) is None
        assert await unit.messages.earlier(HOUSING, "never") is None
        assert list(await unit.messages.deliveries(nothing)) == []


async def test_who_holds_what_of_a_case_is_listed_oldest_message_first_and_by_recipient(store: Store) -> None:
    ref = a_ref()
    later = a_message(ref, [IDVA, COORDINATOR], at=after(seconds=2))
    first = a_message(ref, [COORDINATOR], at=NOW)
    await accepted(store, later, first, a_message(a_ref(), [IDVA]))
    async with store.reader() as unit:
        held = await unit.messages.held(ref)
        assert [(message.id, one.recipient) for one, message in held] == [
            (first.message.id, COORDINATOR),
            (later.message.id, IDVA),
            (later.message.id, COORDINATOR),
        ]
        [(theirs, message)] = await unit.messages.held(ref, IDVA)
        assert (theirs, message) == (later.deliveries[0][0], later.message)
        assert list(await unit.messages.held(ref, HOUSING)) == []


async def test_a_shared_delivery_waits_in_the_outbox_and_its_header_can_be_replaced(store: Store) -> None:
    addressed = a_message(a_ref(), [COORDINATOR])
    await in_mailbox(store, addressed)
    shared = replace(a_delivery(addressed.message, IDVA), shared_at=LATER)
    async with store.unit() as unit:
        await unit.messages.share(shared, b"a header made later")
        await unit.commit()
    async with store.unit() as unit:
        assert [letter.delivery for letter in await unit.outbox.take(9)] == [shared.id]
        assert await unit.messages.delivery(shared.id) == shared
        assert await unit.messages.header(shared.id) == b"a header made later"
        await unit.messages.release_all([shared.id], NOW)
        both = [shared.id, addressed.deliveries[0][0].id]
        assert dict(await unit.messages.headers(both)) == {
            both[0]: b"a header made later",
            both[1]: addressed.deliveries[0][1],
        }
        assert dict(await unit.messages.payloads([addressed.message.id])) == {addressed.message.id: addressed.payload}
        await unit.messages.rehead(shared.id, ("sha256:new",), b"for the new key")
        held = await unit.messages.delivery(shared.id)
        assert held == replace(shared, released_at=NOW, header_keys=("sha256:new",))
        assert await unit.messages.header(shared.id) == b"for the new key"


async def test_only_what_has_arrived_is_leased_and_only_by_its_recipient(store: Store) -> None:
    waiting, on_its_way = a_message(a_ref()), a_message(a_ref())
    await in_mailbox(store, waiting)
    await accepted(store, on_its_way)
    async with store.unit() as unit:
        [(delivery, message)] = await to_lease(unit, IDVA, 9, NOW)
        assert message == waiting.message
        assert delivery.state is DeliveryState.WAITING
        assert list(await to_lease(unit, HOUSING, 9, NOW)) == []


async def test_a_lease_hides_a_delivery_until_it_ends(store: Store) -> None:
    await in_mailbox(store, a_message(a_ref()))
    async with store.unit() as unit:
        [(delivery, _)] = await to_lease(unit, IDVA, 9, NOW)
        await unit.messages.lease([delivery.id], LATER)
        assert list(await to_lease(unit, IDVA, 9, LATER - timedelta(seconds=1))) == []
        [(again, _)] = await to_lease(unit, IDVA, 9, LATER)
        assert (again.leases, again.leased_until) == (1, LATER)


async def test_the_oldest_are_leased_first(store: Store) -> None:
    messages = [a_message(a_ref(), at=after(seconds=seconds)) for seconds in (3, 1, 2)]
    await in_mailbox(store, *messages)
    async with store.unit() as unit:
        leased = await to_lease(unit, IDVA, 2, LATER)
    assert [message.id for _, message in leased] == [messages[1].message.id, messages[2].message.id]


async def test_two_leasers_at_once_never_get_the_same_delivery(store: Store) -> None:
    await in_mailbox(store, *(a_message(a_ref()) for _ in range(12)))

    async def lease() -> list[Delivery]:
        async with store.unit() as unit:
            found = [delivery for delivery, _ in await to_lease(unit, IDVA, 3, NOW)]
            await asyncio.sleep(0)
            await unit.messages.lease([delivery.id for delivery in found], LATER)
            await unit.commit()
            return found

    leased = [delivery.id for found in await asyncio.gather(*(lease() for _ in range(6))) for delivery in found]
    assert leased, "somebody got some"
    # Who was too late for a row got fewer, and asks again.
    while found := await lease():
        leased += [delivery.id for delivery in found]
    assert len(leased) == len(set(leased)) == 12


async def test_what_is_closed_is_within_reach_of_the_office_and_of_an_agency_with_a_named_officer(store: Store) -> None:
    addressed = a_message(a_ref(), [IDVA, COORDINATOR])
    await in_mailbox(store, addressed)
    ref = addressed.message.case
    async with store.unit() as unit:
        await unit.cases.close(ref)

        async def reach(*proved: OfficerId, party: PartyId = IDVA) -> int:
            within = Reach(party, proved, (COLLEAGUE, OFFICER), proved, whole=party == COORDINATOR)
            return len(await unit.messages.waiting(within, 9, NOW))

        assert await reach(party=COORDINATOR) == 1
        assert [await reach(), await reach(COLLEAGUE), await reach(OFFICER)] == [0, 0, 1]
        await unit.cases.exclude(ref, [OFFICER])
        assert await reach(OFFICER) == 0, "who asks is excluded"
        await unit.cases.lift(ref, [OFFICER])
        await unit.cases.unname(ref, [OFFICER])
        assert await reach(OFFICER) == 0


async def test_a_recall_is_heard_of_by_no_excluded_officer_and_where_officers_hold_it_by_them_alone(
    store: Store,
) -> None:
    addressed = a_message(a_ref(), [IDVA])
    await in_mailbox(store, addressed)
    [(delivery, _)] = addressed.deliveries
    ref = addressed.message.case
    async with store.unit() as unit:
        await unit.messages.recall({delivery.id: "a notice"}, NOW)

        async def hear(officer: OfficerId, *held: str, hearers: tuple[OfficerId, ...] | None = None) -> int:
            kept_out = (officer,) if hearers is None else hearers
            within = Reach(IDVA, (officer,), kept_out, (officer,), whole=False, keys=("its own", "next"), held=held)
            return len(await unit.messages.waiting(within, 9, NOW))

        await unit.cases.exclude(ref, [IDVA, COLLEAGUE])
        assert [await hear(OFFICER), await hear(COLLEAGUE)] == [1, 0], "the agency has a copy to destroy"
        await unit.cases.lift(ref, [IDVA, COLLEAGUE])
        await unit.messages.rehead(delivery.id, ["next"], b"for the agency")
        await unit.cases.close(ref)
        assert await hear(COLLEAGUE) == 1, "closed since, whoever is named: it is for the agency still"
        await unit.messages.rehead(delivery.id, ["sha256:o_ne", "sha256:two"], b"for officers")
        assert [await hear(OFFICER), await hear(OFFICER, "sha256:x"), await hear(OFFICER, "sha256:oxne")] == [0, 0, 0]
        assert [await hear(OFFICER, "sha256:o_ne"), await hear(OFFICER, "sha256:z", "sha256:two")] == [1, 1]
        await unit.messages.rehead(delivery.id, ["its own", "sha256:two"], b"for both")
        assert [await hear(COLLEAGUE), await hear(OFFICER, "sha256:two")] == [0, 1], "not for the agency alone"
        await unit.cases.exclude(ref, [OFFICER])
        assert await hear(OFFICER, "sha256:two") == 0
        assert await hear(OFFICER, "sha256:two", hearers=()) == 1, "who may hear is asked of each of them later"


async def test_a_recall_s_notice_comes_after_all_that_is_new_however_urgent_it_was(store: Store) -> None:
    old, new, soon = (
        urgent(a_message(a_ref(), at=after(seconds=seconds)), is_urgent=seconds != 2) for seconds in (1, 2, 3)
    )
    await in_mailbox(store, old, new, soon)
    wanted = [one.deliveries[0][0].id for one in (soon, new, old)]
    async with store.unit() as unit:
        await unit.messages.recall({wanted[-1]: "destroy it"}, NOW)
        assert [delivery.id for delivery, _ in await to_lease(unit, IDVA, 9, LATER)] == wanted
        assert [delivery.id for delivery, _ in await to_lease(unit, IDVA, 2, LATER)] == wanted[:2]


async def test_what_was_released_is_listed_until_it_is_taken_back_and_that_is_answered(store: Store) -> None:
    given, told = a_message(a_ref()), a_message(a_ref())
    await in_mailbox(store, given, told)
    ids = [one.deliveries[0][0].id for one in (given, told)]
    cases = [one.message.case for one in (given, told)]
    async with store.unit() as unit:
        await unit.messages.recall({ids[1]: "not given yet, and told of it"}, NOW)
        await unit.messages.release(ids[0], NOW)
        assert [one.id for one in await unit.messages.released(cases)] == [ids[0]]
        await unit.messages.recall({ids[0]: "destroy it"}, NOW)
        assert [one.id for one in await unit.messages.released(cases)] == [ids[0]]
        await unit.messages.receipt(ids[0], "destroyed", "note", NOW)
        assert await unit.messages.released(cases) == []


async def test_a_withheld_delivery_is_asked_again_later_and_a_lease_forgets_the_rule(store: Store) -> None:
    await in_mailbox(store, a_message(a_ref()))
    async with store.unit() as unit:
        [(delivery, _)] = await to_lease(unit, IDVA, 9, NOW)
        await unit.messages.withhold(delivery.id, "N4", LATER)
        assert list(await to_lease(unit, IDVA, 9, NOW)) == []
        [(withheld, _)] = await to_lease(unit, IDVA, 9, LATER)
        await unit.messages.lease([delivery.id], after(minutes=9))
        leased = await unit.messages.delivery(delivery.id)
    assert leased is not None
    assert (withheld.withheld, withheld.leases, leased.withheld) == ("N4", 0, None)


async def test_the_first_release_is_the_one_that_counts(store: Store) -> None:
    addressed = a_message(a_ref())
    await in_mailbox(store, addressed)
    [(delivery, _)] = addressed.deliveries
    async with store.unit() as unit:
        await unit.messages.release(delivery.id, NOW)
        await unit.messages.release(delivery.id, LATER)
        held = await unit.messages.delivery(delivery.id)
    assert held is not None
    assert held.released_at == NOW


async def test_receipts_add_up_in_order_and_collected_ends_the_waiting(store: Store) -> None:
    addressed = a_message(a_ref())
    await in_mailbox(store, addressed)
    [(delivery, _)] = addressed.deliveries
    async with store.unit() as unit:
        for state in ("collected", "opened"):
            await unit.messages.receipt(delivery.id, state, f"marac/receipt/v1\n{state}\n", NOW)
        held = await unit.messages.delivery(delivery.id)
        assert held is not None
        assert (held.receipts, held.state) == (("collected", "opened"), DeliveryState.COLLECTED)
        assert list(await to_lease(unit, IDVA, 9, LATER)) == []


async def test_a_recall_before_release_takes_header_and_outbox_row_away(store: Store) -> None:
    addressed = a_message(a_ref(), [IDVA, COORDINATOR])
    await accepted(store, addressed)
    recalled, other = (delivery.id for delivery, _ in addressed.deliveries)
    async with store.unit() as unit:
        await unit.messages.recall({recalled: None}, NOW)
        held = await unit.messages.delivery(recalled)
        assert held is not None
        assert (held.state, held.recalled_at, held.recall_notice) == (DeliveryState.RECALLED, NOW, None)
        assert await unit.messages.header(recalled) is None
        assert await unit.messages.header(other) is not None
        assert [letter.delivery for letter in await unit.outbox.take(9)] == [other]
        await unit.outbox.arrived([recalled], NOW)
        assert list(await to_lease(unit, IDVA, 9, LATER)) == []


async def test_a_recall_after_release_is_leased_as_a_notice_until_it_is_answered(store: Store) -> None:
    addressed = a_message(a_ref())
    await in_mailbox(store, addressed)
    [(delivery, _)] = addressed.deliveries
    async with store.unit() as unit:
        await unit.messages.release(delivery.id, NOW)
        await unit.messages.receipt(delivery.id, "collected", "note", NOW)
        await unit.messages.recall({delivery.id: "destroy it"}, NOW)
        [(notice, _)] = await to_lease(unit, IDVA, 9, NOW)
        assert (notice.recall_notice, notice.state) == ("destroy it", DeliveryState.RECALLED)
        await unit.messages.lease([delivery.id], LATER)
        assert list(await to_lease(unit, IDVA, 9, NOW)) == []
        await unit.messages.receipt(delivery.id, "destroyed", "note", NOW)
        assert list(await to_lease(unit, IDVA, 9, LATER)) == []


async def test_a_submission_is_remembered_by_sender_and_id(store: Store) -> None:
    ref = a_ref()
    answer = Earlier(ref, "sha256:note", ("first manifest\n", "second — manifest\n"))
    await accepted(store, a_message(ref))
    async with store.unit() as unit:
        await unit.messages.remember(HOUSING, "an-id", answer)
        assert await unit.messages.earlier(HOUSING, "an-id") == answer
        assert await unit.messages.earlier(IDVA, "an-id") is None
        with pytest.raises(IdempotencyConflict):
            await unit.messages.remember(HOUSING, "an-id", Earlier(ref, "sha256:other", ()))


async def test_of_two_submissions_with_one_id_at_once_one_is_accepted(store: Store) -> None:
    ref = a_ref()
    await accepted(store, a_message(ref))

    async def submit(number: int) -> bool:
        async with store.unit() as unit:
            try:
                await unit.messages.remember(HOUSING, "an-id", Earlier(ref, f"sha256:{number}", ()))
            except IdempotencyConflict:
                return False
            await asyncio.sleep(0)
            await unit.commit()
            return True

    assert sorted(await asyncio.gather(*(submit(number) for number in range(4)))) == [False, False, False, True]


async def test_what_is_corrected_keeps_its_headers_for_the_offices_alone(store: Store) -> None:
    older, newer = a_message(a_ref(), [IDVA, HOUSING, COORDINATOR]), a_message(a_ref())
    await in_mailbox(store, older)
    idva, housing, office = (delivery.id for delivery, _ in older.deliveries)
    async with store.unit() as unit:
        await unit.messages.recall({housing: None}, NOW)
        await unit.messages.supersede(older.message.id, newer.message.id, [COORDINATOR])
        states = {one.id: one.state for one in await unit.messages.deliveries(older.message.id)}
        assert states == {
            idva: DeliveryState.SUPERSEDED,
            housing: DeliveryState.RECALLED,
            office: DeliveryState.WAITING,
        }
        assert [await unit.messages.header(each) is None for each in (idva, housing, office)] == [True, True, False]
        held = await unit.messages.get(older.message.id)
        assert held is not None
        assert held.superseded_by == newer.message.id
        assert list(await to_lease(unit, IDVA, 9, LATER)) == []
        assert len(await to_lease(unit, COORDINATOR, 9, LATER)) == 1
        await unit.outbox.arrived([idva], NOW)
        assert states[idva] == DeliveryState.SUPERSEDED


async def test_what_is_corrected_on_its_way_is_not_published_any_more(store: Store) -> None:
    older = a_message(a_ref(), [IDVA, COORDINATOR])
    await accepted(store, older)
    async with store.unit() as unit:
        await unit.messages.supersede(older.message.id, MessageId("newer"), [COORDINATOR])
        mine = {delivery.id for delivery, _ in older.deliveries}
        assert [one.recipient for one in await unit.outbox.take(999) if one.delivery in mine] == [COORDINATOR]


async def test_the_history_of_a_message_is_its_own_and_that_of_every_version_before_it(store: Store) -> None:
    ref = a_ref()
    versions = [a_message(ref, [IDVA, HOUSING]) for _ in range(3)]
    await in_mailbox(store, *versions)
    first, second, third = (one.message.id for one in versions)
    async with store.unit() as unit:
        for one, by in ((first, second), (second, third)):
            await unit.messages.supersede(one, by, [])
        (to_idva, _), (to_housing, _) = versions[0].deliveries
        await unit.messages.release(to_idva.id, NOW)
        await unit.messages.receipt(to_idva.id, "destroyed", "note", NOW)
        await unit.messages.recall({to_housing.id: None}, NOW)
        history = await unit.messages.history(third)
        assert {one.id for one in history} == {one.id for each in versions for one, _ in each.deliveries}
        found = {one.id: one for one in await unit.messages.history(first)}
        assert found.keys() == {to_idva.id, to_housing.id}
        assert (found[to_idva.id].released_at, found[to_idva.id].receipts) == (NOW, ("destroyed",))
        assert found[to_housing.id].state is DeliveryState.RECALLED


async def test_the_parts_of_a_submission_are_those_of_its_own_case(store: Store) -> None:
    ref = a_ref()
    parts = [a_message(ref) for _ in range(2)]
    await accepted(store, *parts, a_message(a_ref()))
    async with store.reader() as unit:
        found = await unit.messages.parts(parts[0].message)
    assert sorted(one.id for one in found) == sorted(one.message.id for one in parts)
