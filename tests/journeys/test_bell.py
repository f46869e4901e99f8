"""The bell that wakes loops and long polls: who looks first and waits afterwards misses nothing in between."""

import asyncio

from broker.services.desk import Bell


async def test_a_ring_between_looking_and_waiting_is_not_missed() -> None:
    bell = Bell()
    heard = bell.rings
    bell.ring()
    assert await bell.wait(60, heard)
    assert not await bell.wait(0.01, bell.rings)


async def test_a_ring_wakes_everybody_who_waits() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(60, bell.rings)) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring()
    assert await asyncio.gather(*waiting) == [True, True, True]
