"""Tokens, decisions, links and merged cases, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from agencies.names import CaseRef, MessageId
from broker.case import Case, LawfulBasis, Related, Relation
from broker.ports import Store
from broker.records import Alike, Named, Reach, Referred, Sameness
from broker.store import tables
from broker.store.engines import open_patient
from crypto.blind_index import Token
from tests.ports.makers import HOUSING, IDVA, NOW, POLICE, WORDS, a_case, a_message, accepted, after, by, in_mailbox

A, B, C, D = (Token(f"0123456789abcdef:{letter * 21}A") for letter in "abcd")
VICTIM, PERPETRATOR, CROSSED = Named
FIRST, SECOND = MessageId("first"), MessageId("second")


async def added(store: Store, *cases: Case) -> Sequence[CaseRef]:
    async with store.unit() as unit:
        for case in cases:
            await unit.cases.add(case)
        await unit.commit()
    return [case.ref for case in cases]


async def kept(store: Store, tokens: dict[CaseRef, set[tuple[Named, Token]]]) -> None:
    async with store.unit() as unit:
        for ref, some in tokens.items():
            for message in (FIRST, FIRST, SECOND):  # a further referral names the same people
                await unit.people.keep(ref, MessageId(f"{message} of {ref}"), some)
        await unit.commit()


async def alike(store: Store, ref: CaseRef, limit: int = 9) -> list[Alike]:
    async with store.reader() as unit:
        case = await unit.cases.get(ref)
        assert case is not None
        return list(await unit.people.alike(case, limit))


async def test_tokens_are_compared_role_by_role_and_the_likeliest_come_first(store: Store) -> None:
    mine, both, victim, crossed, man, none = await added(store, *(a_case() for _ in range(6)))
    await kept(
        store,
        {
            mine: {(VICTIM, A), (CROSSED, B), (PERPETRATOR, C)},
            both: {(VICTIM, A), (CROSSED, B), (PERPETRATOR, C)},
            victim: {(VICTIM, A), (CROSSED, B)},
            crossed: {(PERPETRATOR, B), (VICTIM, D)},
            man: {(PERPETRATOR, C), (VICTIM, D)},
            none: set(),
        },
    )
    found = await alike(store, mine)
    assert found[0] == Alike(both, frozenset({VICTIM, PERPETRATOR}))
    assert set(found[1:]) == {Alike(victim, frozenset({VICTIM})), Alike(crossed, frozenset({CROSSED}))}
    assert await alike(store, mine, limit=1) == found[:1]
    assert Alike(mine, frozenset({CROSSED})) in await alike(store, crossed), "it is found from either side"
    assert await alike(store, none) == []


async def test_the_last_decision_counts_and_different_is_not_proposed_from_either_side(store: Store) -> None:
    one, other = await added(store, a_case(), a_case())
    await kept(store, {one: {(VICTIM, A)}, other: {(VICTIM, A)}})
    for pair, decision, proposed in (
        ((one, other), Sameness.DIFFERENT, False),
        ((other, one), Sameness.UNSURE, True),
        ((one, other), Sameness.SAME, True),
    ):
        async with store.unit() as unit:
            await unit.people.decide(pair, decision, NOW)
            await unit.commit()
        for ref, its in ((one, other), (other, one)):
            assert [found.case for found in await alike(store, ref)] == [its] * proposed
            async with store.reader() as reader:
                case = await reader.cases.get(ref)
                assert case is not None
                assert await reader.people.decided(case) == {its: decision}


async def test_links_and_referrals_come_back_and_again_changes_nothing(store: Store) -> None:
    one, other = await added(store, a_case(), a_case())
    async with store.unit() as unit:
        for pair in ((one, other), (other, one)):
            await unit.people.link(pair, NOW)
        for ref, at in ((one, NOW), (one, NOW), (one, after(days=2)), (other, after(days=1))):
            await unit.people.referred(ref, MessageId(f"{ref} {at}"), Referred(at))
        case = await unit.cases.get(one)
        assert case is not None
        assert await unit.people.linked(case) == [other]
        for days in (3, 2):
            informing = MessageId(f"for information {days}")
            await unit.people.referred(one, informing, Referred(after(days=days), informs=True))
        assert await unit.people.referrals([one, other], 2) == [after(days=2), after(days=1)]
        assert await unit.people.referrals([one, other], 9, informing=True) == [after(days=3), after(days=2)]


async def test_what_is_corrected_or_taken_back_leaves_no_token_and_no_date_and_another_referral_its_own(
    store: Store,
) -> None:
    one, other = await added(store, a_case(), a_case())
    wrong, right = MessageId(f"wrong {one}"), MessageId(f"right {one}")
    await kept(store, {other: {(VICTIM, A)}})
    async with store.unit() as unit:
        for message, at, token in ((wrong, after(days=2), A), (right, after(days=1), B)):
            await unit.people.keep(one, message, {(VICTIM, token)})
            await unit.people.referred(one, message, Referred(at))
        await unit.people.referred(one, MessageId(f"for information {one}"), Referred(after(days=3), informs=True))
        await unit.cases.restart(one, after(days=2))
        await unit.commit()
    assert [found.case for found in await alike(store, one)] == [other]
    async with store.unit() as unit:
        assert await unit.people.forget(one, wrong) == Referred(after(days=2))
        assert await unit.people.forget(one, wrong) is None
        await unit.cases.redate(one)
        assert await unit.people.referrals([one], 2) == [after(days=1)]
        await unit.commit()
    assert await alike(store, one) == []
    assert (await read(store, one)).last_referral_at == after(days=1)
    async with store.unit() as unit:
        assert await unit.people.forget(one, right) == Referred(after(days=1))
        await unit.cases.redate(one)
        await unit.commit()
    assert (await read(store, one)).last_referral_at == after(days=1), "where none stands, the clock is never early"


async def merge(store: Store, into: CaseRef, lead: CaseRef) -> None:
    async with store.unit() as unit:
        await unit.cases.lock_all([into, lead])
        await unit.cases.merge(into, lead, after(days=1))
        await unit.commit()


async def read(store: Store, ref: CaseRef) -> Case:
    async with store.reader() as unit:
        case = await unit.cases.get(ref)
    assert case is not None
    return case


async def test_what_is_written_to_either_reference_holds_for_both(store: Store) -> None:
    first, second = await added(store, a_case(), replace(a_case(), opened_at=after(hours=1), excluded=frozenset()))
    before = await read(store, first), await read(store, second)
    await merge(store, first, second)
    joined = Related(POLICE, Relation.ASKED, LawfulBasis.PART3_LAW_ENFORCEMENT, "involvement", after(days=2))
    ended = Related(HOUSING, Relation.ENDED, LawfulBasis.UK_GDPR_PUBLIC_TASK, "withdrew", after(days=2))
    async with store.unit() as unit:
        await unit.cases.relate(second, joined)
        await unit.cases.relate(second, ended)
        await unit.cases.exclude(second, [IDVA])
        await unit.cases.unsettle(second, [WORDS])
        await unit.cases.close(first)
        await unit.cases.restart(second, after(days=3))
        await unit.commit()
    one, other = await read(store, first), await read(store, second)
    assert replace(one, ref=second) == other
    assert one.refs == (first, second)
    assert one.excluded == {POLICE, IDVA}
    assert (one.closed, one.exclusions_pending, one.last_referral_at) == (True, True, after(days=3))
    assert one.relation(HOUSING, after(days=4)) is Relation.ENDED
    async with store.unit() as unit:
        await unit.cases.lift(first, [IDVA, POLICE])
        still = await unit.cases.get(first)
        assert still is not None
        assert still.excluded == {IDVA}, "whom the other reference excludes stays so"
        await unit.cases.lift(second, [IDVA])
        await unit.cases.exclude(first, [POLICE])
        await unit.cases.settle(first, [WORDS])
        assert await unit.cases.excluding([POLICE]) == {first, second}
        await unit.cases.split(second, [second])
        await unit.commit()
    one, other = await read(store, first), await read(store, second)
    kept = replace(ended, had=before[1].related[HOUSING].relation)
    assert other.related == {**before[1].related, HOUSING: kept}, "what grants was written to the lead alone"
    assert one.related[POLICE] == joined
    assert (one.excluded, other.excluded) == ({POLICE}, {POLICE}), "what protects either protects both"
    assert (one.exclusions_pending, other.exclusions_pending) == (False, False)
    assert one.closed
    assert other.closed
    assert (one.last_referral_at, other.last_referral_at) == (NOW, after(days=3)), "each has its own clock"


async def test_what_waits_in_either_is_withheld_from_whom_the_other_excludes(store: Store) -> None:
    first, second = replace(a_case(), excluded=frozenset()), replace(a_case(), opened_at=after(hours=1))
    await added(store, first, second)
    message = a_message(first.ref, (POLICE,))
    await in_mailbox(store, message)
    reach = Reach(POLICE, (), (), (), whole=True)
    async with store.reader() as unit:
        assert len(await unit.messages.waiting(reach, 9, NOW)) == 1
    await merge(store, first.ref, second.ref)
    async with store.reader() as unit:
        assert await unit.messages.waiting(reach, 9, NOW) == []
        assert await unit.messages.released([first.ref, second.ref]) == []
    async with store.unit() as unit:
        await unit.messages.release(message.deliveries[0][0].id, NOW)
        assert [one.recipient for one in await unit.messages.released([first.ref])] == [POLICE]


async def test_what_is_one_is_due_scheduled_and_counted_together(store: Store) -> None:
    old = a_case(last_referral_at=NOW - timedelta(days=30))
    young = replace(a_case(last_referral_at=NOW), opened_at=after(hours=1))
    first, second = await added(store, old, young)
    await merge(store, first, second)
    async with store.unit() as unit:
        cases = unit.cases
        assert (await cases.count(), await cases.count_due(by(NOW))) == (1, 1)
        assert await cases.count_due(by(NOW - timedelta(days=1))) == 0, "the latest referral counts"
        assert [case.ref for case in await cases.due(by(NOW), 9)] == [first]
        assert await cases.schedule([first], NOW, before=by(NOW - timedelta(days=1))) == []
        assert await cases.schedule([first], NOW, before=by(NOW)) == [first, second], "each has its entry in the log"
        assert ([case.ref for case in await cases.scheduled(NOW, 9)], await cases.count_scheduled(NOW)) == ([first], 1)
        assert await cases.scheduled_after(NOW - timedelta(days=1), 9) == [first]
        await cases.restart(second, after(days=1))
        assert await cases.count_scheduled(after(days=9)) == 0
        for ref in (second, first):
            await cases.destroy(ref)
        assert await cases.count() == 0


async def test_a_case_takes_its_tokens_decisions_and_links_with_it(store: Store, database_url: str) -> None:
    one, other = await added(store, a_case(), a_case())
    await kept(store, {one: {(VICTIM, A)}, other: {(VICTIM, A)}})
    async with store.unit() as unit:
        await unit.people.decide((one, other), Sameness.UNSURE, NOW)
        await unit.people.link((one, other), NOW)
        await unit.people.referred(one, FIRST, Referred(NOW))
        await unit.cases.destroy(one)
        await unit.commit()
    engine = open_patient(database_url)
    async with engine.connect() as connection:
        left = {
            table.name: await connection.scalar(select(func.count()).select_from(table))
            for table in (tables.tokens, tables.sameness, tables.links, tables.referrals)
        }
    await engine.dispose()
    assert left == {"tokens": 2, "sameness": 0, "links": 0, "referrals": 0}


async def test_many_that_lock_merge_and_split_at_once_never_wait_for_each_other_for_ever(store: Store) -> None:
    refs = await added(store, *(replace(a_case(), opened_at=after(minutes=number)) for number in range(3)))
    await accepted(store, *(a_message(ref) for ref in refs))

    async def work(number: int) -> None:
        for step in range(12):
            pair = [refs[(number + step) % 3], refs[(number + 2 * step + 1) % 3]]
            async with store.unit() as unit:
                held = await unit.cases.lock_all(pair)
                one, other = (held[ref] for ref in pair)
                assert one is not None
                assert other is not None
                assert set(pair) <= {*one.refs, *other.refs}
                if one.lead != other.lead:
                    lead, joins = sorted((one, other), key=lambda case: case.opened_at)
                    await unit.cases.merge(lead.lead, joins.lead, NOW)
                elif one.merged:
                    leaves = max(one.merged)
                    inner = {ref for ref, into in one.merged.items() if into == leaves}
                    await unit.cases.split(leaves, {leaves, *inner})
                await unit.cases.restart(pair[0], NOW)
                await unit.commit()

    await asyncio.gather(*(work(number) for number in range(6)))
    for ref in refs:
        assert ref in (await read(store, ref)).refs
