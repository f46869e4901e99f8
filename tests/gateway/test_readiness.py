"""Anybody may ask whether the gateway is ready; however many do, the database is asked once a second."""

import asyncio

import pytest

from broker.errors import StoreUnavailable
from gateway.readiness import GOOD_FOR_S, Readiness


class Database:
    """Answers when it is let, and counts how often it was asked."""

    def __init__(self, *, away: bool = False) -> None:
        self.asked = 0
        self.away = away
        self.let = asyncio.Event()

    async def answer(self) -> None:
        self.asked += 1
        await self.let.wait()
        if self.away:
            raise StoreUnavailable("away")


async def test_all_who_ask_at_once_get_one_answer_and_who_goes_away_takes_it_from_nobody() -> None:
    database = Database()
    readiness = Readiness(database.answer)
    asking = [asyncio.create_task(readiness.check()) for _ in range(50)]
    await asyncio.sleep(0)
    asking[0].cancel()
    database.let.set()
    await asyncio.gather(*asking[1:])
    await readiness.check()
    assert database.asked == 1


async def test_a_bad_answer_is_everybodys_too_and_is_asked_for_again_once_it_is_old() -> None:
    database = Database(away=True)
    database.let.set()
    readiness = Readiness(database.answer, good_for_s=0)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await readiness.check()
    database.away = False
    await readiness.check()
    assert database.asked == 3


def test_an_answer_is_good_for_a_second() -> None:
    assert GOOD_FOR_S == 1
