"""A service whose clock is wrong destroys nothing; only the demo and tests say that their clock is made up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agencies.names import CaseRef
from broker.case import Case
from broker.errors import ClockUnsafe
from broker.settings import Settings
from broker.wiring import Broker, build_broker
from gateway.errors import CATALOGUE
from tests.agencies.made_area import NOW, made_area
from tests.gateway.house import found, settings_of
from tests.ports.makers import an_entry

REF = CaseRef("CAM-7Q4X9-K2M8T-5")
LATER = NOW + timedelta(days=365 * 7 + 3)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
async def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return the settings of an area with one case, referred at NOW."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    made = settings_of(tmp_path, database_url=url)
    await found(made)
    return made


@asynccontextmanager
async def broker_at(settings: Settings, now: datetime, *, injected: bool) -> AsyncIterator[Broker]:
    keys = made_area().service_keys
    broker = await build_broker(settings, lambda: now, keys, clock_is_injected=injected)
    try:
        yield broker
    finally:
        await broker.close()


async def test_a_clock_that_runs_seven_years_ahead_schedules_nothing_and_destroys_nothing(settings: Settings) -> None:
    async with broker_at(settings, LATER, injected=False) as wrong, broker_at(settings, LATER, injected=True) as moved:
        async with wrong.store.unit() as uow:
            await uow.cases.add(Case(ref=REF, opened_at=NOW, last_referral_at=NOW))
            await uow.commit()
        with pytest.raises(ClockUnsafe):
            await wrong.schedule_due()
        assert [due.scheduled_at for due in await wrong.preview_retention()] == [None]
        assert await moved.schedule_due() == 1
        await moved.sequence()
    after_grace = LATER + timedelta(days=7, hours=1)
    async with broker_at(settings, after_grace, injected=False) as wrong:
        with pytest.raises(ClockUnsafe):
            await wrong.purge_due()
    async with broker_at(settings, after_grace, injected=True) as moved:
        assert await moved.purge_due() == 1


async def test_where_nothing_is_due_nothing_is_asked_of_the_clock(settings: Settings) -> None:
    async with broker_at(settings, LATER, injected=False) as wrong:
        assert (await wrong.schedule_due(), await wrong.purge_due()) == (0, 0)


async def test_entries_whose_time_is_over_stay_where_the_clock_is_wrong(settings: Settings) -> None:
    async with broker_at(settings, LATER, injected=False) as wrong, broker_at(settings, LATER, injected=True) as moved:
        async with wrong.store.unit() as uow:
            await uow.log.append(an_entry(REF))
            await uow.log.expire(REF, NOW, [])
            await uow.trust.spend_nonce("key", "nonce", NOW)
            await uow.commit()
        await wrong.sequence()
        with pytest.raises(ClockUnsafe):
            await wrong.sweep()
        async with wrong.store.reader() as uow:
            assert await uow.log.entry_of(REF, "submit") is not None
        assert await moved.sweep() == 1, "the nonce is gone already"


def test_the_refusal_has_a_code_of_its_own_for_the_log_and_the_command() -> None:
    assert ClockUnsafe.code == "clock-unsafe"
    assert "NTP" in CATALOGUE["clock-unsafe"].help


def test_no_setting_says_that_the_clock_is_made_up() -> None:
    assert not [name for name in Settings.model_fields if "clock" in name or "inject" in name]
