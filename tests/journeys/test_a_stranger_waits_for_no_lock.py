"""Who has no part in a case is refused without waiting for its lock: the waiting would tell that there is a case."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor

import pytest

from agencies.names import CaseRef
from broker.store import open_store
from tests.journeys.conftest import MakeWorld
from tests.journeys.stranger import ROUTES, Answer, Asker, known_to_others
from tests.journeys.world import Stack, World

WITHIN_S = 10  # PostgreSQL waits for a lock for longer; an answer that waits for nobody takes milliseconds


@pytest.mark.servers
def test_a_stranger_is_refused_on_every_route_while_somebody_else_holds_the_cases_lock(
    production: Stack, make_world: MakeWorld
) -> None:
    world = make_world(production)
    known = known_to_others(world)
    asker = Asker(world)
    with asker.client, ThreadPoolExecutor(max_workers=1) as threads:

        async def ask_all() -> list[Answer]:
            ask = asyncio.get_running_loop().run_in_executor
            return [(await ask(threads, asker.ask, route(asker, known)))[1] for route in ROUTES.values()]

        answers = asyncio.run(_while_locked(world, known.case, ask_all()))
    assert [status for status, _, _ in answers] == [404] * len(ROUTES)


async def _while_locked(world: World, case: CaseRef, asking: Coroutine[None, None, list[Answer]]) -> list[Answer]:
    """Return what `asking` returned, begun and ended while the case's row was locked."""
    store = open_store(world.settings.database)
    try:
        async with store.unit() as uow:
            assert await uow.cases.lock(case) is not None
            async with asyncio.timeout(WITHIN_S):
                return await asking
    finally:
        await store.close()
