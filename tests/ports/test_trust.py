"""Delegations, registers, revocations, nonces and tombstones, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from broker.errors import RegisterConflict
from broker.ports import Store
from crypto.note import append_signature
from tests.agencies.made_area import HOUSING, fixed_key, made_area, revocation_of
from tests.ports.makers import NOW, after


async def test_the_newest_register_and_every_delegation_and_revocation_are_held(store: Store) -> None:
    async with store.unit() as unit:
        assert await unit.trust.version() == (0, 0, 0)
        assert await unit.trust.register() is None
        for number in (1, 2):
            await unit.trust.add_delegation(number, f"delegation {number}")
            await unit.trust.add_register(number, f"register {number}", NOW)
        assert await unit.trust.version() == (2, 2, 0)
        assert await unit.trust.register() == "register 2"
        assert await unit.trust.delegations() == ["delegation 1", "delegation 2"]


async def test_every_distinct_revocation_of_a_key_is_held_and_the_same_text_once(store: Store) -> None:
    owner, registrar = fixed_key(HOUSING), made_area().registrar
    keyid = owner.verify_key.keyid
    later, earlier = (revocation_of(keyid, owner, since) for since in (after(minutes=1), NOW))
    async with store.unit() as unit:
        await unit.trust.add_revocation(keyid, later, NOW)
        await unit.trust.add_revocation(keyid, earlier, NOW)
        await unit.trust.add_revocation(keyid, later, NOW)
        await unit.trust.add_revocation(keyid, append_signature(earlier, registrar), NOW)
        assert await unit.trust.revocations() == [later, earlier]
        assert await unit.trust.version() == (0, 0, 2)


async def test_who_locks_what_is_trusted_sees_all_that_those_before_kept(store: Store) -> None:
    async def see_and_add(minute: int) -> int:
        async with store.unit() as unit:
            await unit.trust.lock()
            seen = len(await unit.trust.revocations())
            owner = fixed_key(HOUSING)
            note = revocation_of(owner.verify_key.keyid, owner, after(minutes=minute))
            await unit.trust.add_revocation(owner.verify_key.keyid, note, NOW)
            await unit.commit()
            return seen

    async with store.unit() as unit:
        await unit.trust.add_delegation(1, "delegation")
        await unit.commit()
    assert sorted(await asyncio.gather(*(see_and_add(minute) for minute in range(6)))) == list(range(6))


async def test_a_number_is_given_once(store: Store) -> None:
    async with store.unit() as unit:
        await unit.trust.add_register(1, "register", NOW)
        await unit.trust.add_delegation(1, "delegation")
        with pytest.raises(RegisterConflict):
            await unit.trust.add_register(1, "another", NOW)
        with pytest.raises(RegisterConflict):
            await unit.trust.add_delegation(1, "another")
        assert await unit.trust.register() == "register"


async def test_a_nonce_is_spent_once_however_many_try_at_once(store: Store) -> None:
    async def spend() -> bool:
        async with store.unit() as unit:
            spent = await unit.trust.spend_nonce("key", "nonce", after(minutes=5))
            await asyncio.sleep(0)
            await unit.commit()
            return spent

    assert sorted(await asyncio.gather(*(spend() for _ in range(8)))) == [False] * 7 + [True]


async def test_a_nonce_belongs_to_its_key_and_is_not_spent_by_a_unit_rolled_back(store: Store) -> None:
    async with store.unit() as unit:
        assert await unit.trust.spend_nonce("key", "nonce", after(minutes=5))
    async with store.unit() as unit:
        assert await unit.trust.spend_nonce("key", "nonce", after(minutes=5))
        assert await unit.trust.spend_nonce("other key", "nonce", after(minutes=5))


async def test_expired_nonces_are_forgotten(store: Store) -> None:
    async with store.unit() as unit:
        await unit.trust.spend_nonce("key", "old", NOW)
        await unit.trust.spend_nonce("key", "new", after(minutes=5))
        assert await unit.trust.sweep_nonces(after(minutes=1)) == 1
        assert not await unit.trust.spend_nonce("key", "new", after(minutes=5))
        assert await unit.trust.spend_nonce("key", "old", after(minutes=5))


async def test_a_tombstone_is_kept_once(store: Store) -> None:
    async with store.unit() as unit:
        await unit.tombstones.add("sha256:b", "tombstone of b", NOW)
        await unit.tombstones.add("sha256:a", "tombstone of a", NOW)
        await unit.tombstones.add("sha256:b", "another", NOW)
        assert await unit.tombstones.all() == ["tombstone of b", "tombstone of a"]
