"""Serving, migrating and retention: what starts, what is refused, and what the exit codes say."""

import asyncio
import json
import os
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from agencies.names import CaseRef, EntryId, draw_case_ref
from broker.case import Case
from broker.store import open_store
from crypto.draw import draw_uuid7
from gateway.commands.area_env import load_settings
from tests.commands.running import AREA, PROGRAM, Places, marac, serving, write_secret
from tests.ports.makers import an_entry, by
from tests.servers.child import Child, free_port

NOW = datetime.now(UTC).replace(microsecond=0)


def with_setting(places: Places, line: str) -> None:
    with (places.home / "marac.env").open("a") as file:
        file.write(line + "\n")


def test_a_gateway_serves_its_area_and_ends_in_good_order(area: Places) -> None:
    with serving(area) as url:
        answer = httpx2.get(f"{url}/v1/area", headers={"host": AREA})
        assert answer.status_code == 200
        assert answer.json()["area"] == AREA
    assert '"stopping"' in (area.folder / "serve.log").read_text()


def test_a_worker_ends_in_good_order_when_it_is_told_to(area: Places) -> None:
    worker = Child([str(PROGRAM), "worker", "--home", str(area.home)], os.environ, area.folder / "worker.log")
    worker.start()
    try:  # its first round of the log leaves a checkpoint outside the database
        worker.wait_until((area.home / "outside" / "checkpoint").exists, timeout_s=90)
    finally:
        worker.stop()
    (line,) = worker.tail().splitlines()
    said = json.loads(line)
    assert (said["event"], said["queue"], said["database"]) == ("working", "embedded", "sqlite")


@pytest.mark.parametrize("service", ["serve", "worker"])
def test_an_open_address_without_tls_is_refused_with_what_to_do(area: Places, service: str) -> None:
    with_setting(area, "MARAC_HOST=0.0.0.0")
    answer = marac(service, "--home", area.home)
    assert answer.code == 2
    assert "MARAC_TLS_CERTIFICATE" in answer.err
    assert "marac.env" in answer.err


def served(area: Places) -> "subprocess.CompletedProcess[str]":
    command = [str(PROGRAM), "serve", "--home", str(area.home)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=180)


def test_a_certificate_that_cannot_be_used_ends_the_gateway_at_once_and_is_named(area: Places) -> None:
    for name in ("certificate", "key"):
        with_setting(area, f"MARAC_TLS_{name.upper()}={area.folder / name}")
    ended = served(area)
    assert (ended.returncode, "cannot be read (FileNotFoundError)" in ended.stderr) == (1, True), ended.stderr
    for name in ("certificate", "key"):
        (area.folder / name).write_text("neither of them\n")
    ended = served(area)
    assert (ended.returncode, "one of them is no PEM" in ended.stderr) == (1, True), ended.stderr


def test_a_port_that_is_taken_ends_the_gateway_at_once_and_is_named(area: Places) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with_setting(area, f"MARAC_PORT={taken.getsockname()[1]}")
        ended = served(area)
    assert (ended.returncode, "cannot listen there (EADDRINUSE)" in ended.stderr) == (1, True), ended.stderr


def test_a_setting_that_is_wrong_is_named_and_its_value_is_not(area: Places) -> None:
    with_setting(area, "MARAC_LEASE_S=hunter-two")
    answer = marac("serve", "--home", area.home)
    assert answer.code == 2
    assert "MARAC_LEASE_S" in answer.err
    assert "hunter-two" not in answer.err


def test_a_setting_that_nobody_knows_is_refused(area: Places) -> None:
    with_setting(area, "MARAC_PURGE_GRACE_DAY=9")
    answer = marac("serve", "--home", area.home)
    assert answer.code == 2
    assert "MARAC_PURGE_GRACE_DAY" in answer.err


def test_the_wrong_passphrase_starts_nothing(area: Places) -> None:
    with_setting(area, f"MARAC_PASSPHRASE_FILE='{write_secret(area.folder / 'other', 'not the passphrase')}'")
    answer = marac("serve", "--home", area.home)
    assert answer.code == 1
    assert "passphrase does not open" in answer.err


def test_a_folder_without_an_area_is_refused(tmp_path: Path) -> None:
    answer = marac("serve", "--home", tmp_path)
    assert answer.code == 2
    assert "marac init" in answer.err


def test_migrating_an_up_to_date_database_changes_nothing(area: Places) -> None:
    assert marac("migrate", "--home", area.home).code == 0


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_database_that_does_not_answer_ends_with_1_and_says_what_to_check(area: Places, command: str) -> None:
    with_setting(area, f"MARAC_DATABASE_URL='postgresql+asyncpg://marac:made-up@127.0.0.1:{free_port()}/marac'")
    ended = subprocess.run(
        [str(PROGRAM), command, "--home", str(area.home)], check=False, capture_output=True, text=True, timeout=180
    )
    fact, step = ended.stderr.splitlines()
    assert (ended.returncode, "(store-unavailable)" in fact, "MARAC_DATABASE_URL" in step) == (1, True, True)
    assert "made-up" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("setting", ["MARAC_DATABASE_URL", "MARAC_AMQP_URL"])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_an_address_that_is_none_ends_with_2_and_is_named_without_its_password(
    area: Places, command: str, setting: str
) -> None:
    with_setting(area, f"{setting}='http://marac:made-up@127.0.0.1/marac'")
    answer = marac(command, "--home", area.home)
    assert (answer.code, setting in answer.err, "made-up" in answer.err) == (2, True, False), answer.err


@pytest.mark.parametrize("service", [("worker",), ("serve", "--with-worker")], ids=" ".join)
def test_a_queue_that_does_not_answer_is_told_on_one_line_and_the_service_goes_on(
    area: Places, service: tuple[str, ...]
) -> None:
    with_setting(area, f"MARAC_AMQP_URL='amqp://marac:made-up@127.0.0.1:{free_port()}/marac'")
    environ = {**os.environ, "MARAC_PORT": str(free_port())}
    child = Child([str(PROGRAM), *service, "--home", str(area.home)], environ, area.folder / "service.log")
    child.start()
    try:
        child.wait_until(lambda: "MARAC_AMQP_URL" in child.log.read_text(), timeout_s=90)
    finally:
        child.stop()
    (line,) = [line for line in child.log.read_text().splitlines() if "MARAC_AMQP_URL" in line]
    assert line.startswith("marac: the message queue does not answer (")
    assert "made-up" not in child.log.read_text()


def test_a_case_is_previewed_then_scheduled_then_waits_then_goes(area: Places) -> None:
    ref = draw_case_ref("TST")
    asyncio.run(add_case(area, ref))

    (due,) = json.loads(marac("retention", "preview", "--home", area.home, "--json").out)["cases"]
    assert (due["case"], due["scheduled_at"]) == (ref, None)

    assert json.loads(marac("retention", "schedule", "--home", area.home, "--json").out) == {"scheduled": 1}
    assert json.loads(marac("retention", "schedule", "--home", area.home, "--json").out) == {"scheduled": 0}
    assert ref in marac("retention", "preview", "--home", area.home).out

    waiting = marac("retention", "run", "--home", area.home, "--yes", "--json")
    assert json.loads(waiting.out) == {"destroyed": 0}

    asyncio.run(make_grace_pass(area, ref))
    gone = marac("retention", "run", "--home", area.home, "--yes", "--json")
    assert json.loads(gone.out) == {"destroyed": 1}
    assert "No case is due." in marac("retention", "preview", "--home", area.home).out
    assert "marac/tombstone/v1" in (area.home / "outside" / "tombstones").read_text()


def test_too_much_at_once_is_scheduled_only_if_the_operator_says_so(area: Places) -> None:
    for _ in range(20):
        asyncio.run(add_case(area, draw_case_ref("TST")))
    stopped = marac("retention", "schedule", "--home", area.home)
    assert (stopped.code, "20 of 20 cases are due at once" in stopped.err) == (1, True), stopped.err
    assert "(too-much-due)" in stopped.err
    assert "give --yes-so-many" in stopped.err
    agreed = marac("retention", "schedule", "--home", area.home, "--yes-so-many", "--json")
    assert json.loads(agreed.out) == {"scheduled": 20}


def test_a_clock_far_ahead_of_the_log_is_believed_only_if_the_operator_says_so(area: Places) -> None:
    asyncio.run(add_case(area, draw_case_ref("TST")))
    asyncio.run(log_long_ago(area))
    stopped = marac("retention", "schedule", "--home", area.home)
    assert (stopped.code, "(clock-unsafe)" in stopped.err) == (1, True), stopped.err
    agreed = marac("retention", "schedule", "--home", area.home, "--yes-the-clock-is-right", "--json")
    assert json.loads(agreed.out) == {"scheduled": 1}
    assert json.loads(marac("retention", "schedule", "--home", area.home, "--json").out) == {"scheduled": 0}


def test_nothing_is_destroyed_without_a_yes(area: Places) -> None:
    answer = marac("retention", "run", "--home", area.home)
    assert answer.code == 2
    assert "give --yes" in answer.err


async def add_case(places: Places, ref: CaseRef) -> None:
    """Put a case into the database whose seven years are over."""
    store = open_store(load_settings(places.home).database)
    long_ago = NOW - timedelta(days=8 * 365)
    async with store.unit() as uow:
        await uow.cases.add(Case(ref=ref, opened_at=long_ago, last_referral_at=long_ago))
        await uow.commit()
    await store.close()


async def log_long_ago(places: Places) -> None:
    """Put an entry into the log that is a year old, as the newest."""
    store = open_store(load_settings(places.home).database)
    year_ago = NOW - timedelta(days=365)
    async with store.unit() as uow:
        await uow.log.append(replace(an_entry(), id=EntryId(draw_uuid7(year_ago)), at=year_ago))
        await uow.commit()
    await store.close()


async def make_grace_pass(places: Places, ref: CaseRef) -> None:
    """Make it so that the case was scheduled eight days ago: no setting moves the clock."""
    store = open_store(load_settings(places.home).database)
    async with store.unit() as uow:
        await uow.cases.unschedule(ref)
        assert await uow.cases.schedule([ref], NOW - timedelta(days=8), before=by(NOW)) == [ref]
        await uow.commit()
    await store.close()
