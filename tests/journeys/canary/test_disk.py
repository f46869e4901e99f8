"""No canary is on the disk after a life of referrals, on both stacks; planted ones are found by the same search."""

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.journeys.canary import abuses
from tests.journeys.canary.abuses import Pen
from tests.journeys.canary.canaries import Canaries
from tests.journeys.canary.encodings import needles, plants
from tests.journeys.canary.house import SHARED, House, abort, in_flight
from tests.journeys.canary.life import SENDER, Life
from tests.journeys.canary.search import Finding, hits, search
from tests.journeys.canary.servers import CONTROL, Servers, private_servers, relayed

MUTATIONS = 10
CAMPAIGN = [pytest.param(seed, 150, marks=pytest.mark.campaign) for seed in range(1, 7)]
SEEDS = [pytest.param(None, MUTATIONS, id="fresh"), *CAMPAIGN]


@pytest.fixture
def closing_all() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def canaries_of(seed: int | None) -> Canaries:
    """Return a run's canaries: fresh ones, or those of a seed that a campaign repeats."""
    return Canaries(secrets.randbits(64) if seed is None else seed)


def everywhere(canaries: Canaries, house: House, servers: Servers | None = None) -> list[Finding]:
    """Return what is found in all that gateway, worker and servers keep on the disk, and in every row."""
    sought = needles(canaries)
    folders = [house.folder / "broker", *house.strays, *(servers.folders if servers else ())]
    rows = [Finding(table, encoding) for table, value in house.rows() for encoding in hits(sought, value)]
    return search(sought, folders) + rows


def die_with_plaintext(house: House, canaries: Canaries, good: dict[str, str]) -> None:
    """The gateway and the worker abort while a referral is half handed in; neither leaves a core."""
    raw = Pen(house.area, SENDER).submit(good)
    with in_flight(house.port, raw, lambda ready: house.gateway.wait_until(ready, 30)):
        assert not abort(house.gateway)
    assert house.worker is None or not abort(house.worker)
    assert list(house.runs_in.glob("core*")) == []


def plant_files(folders: Sequence[Path], canary: str) -> set[str]:
    """Put a canary in each of the folders, a file for each way to write it; return the files."""
    planted = set()
    for folder in folders:
        for number, said in enumerate(plants(canary).values()):
            path = folder / f"planted-{secrets.token_hex(8)}-{number}"
            path.write_bytes(secrets.token_bytes(100) + said)
            planted.add(str(path))
    return planted


def plant_a_log_line(house: House, canary: str) -> str:
    """Put a canary where the gateway's log goes; return that file."""
    path = house.runs_in / "gateway.log"
    with path.open("a") as log:
        log.write(f'{{"event": "request", "name": "{canary}"}}\n')
    return str(path)


def places(findings: Sequence[Finding]) -> set[str]:
    return {finding.place for finding in findings}


@pytest.mark.parametrize(("seed", "mutations"), SEEDS)
def test_the_embedded_stack_keeps_no_canary(
    seed: int | None, mutations: int, tmp_path: Path, closing_all: ExitStack
) -> None:
    canaries, house = canaries_of(seed), House(tmp_path)
    closing_all.callback(house.close)
    house.start()
    life = Life(house, canaries)
    life.happen(mutations)
    assert life.seen == []
    assert everywhere(canaries, house) == []  # while it runs, the write-ahead log not emptied
    die_with_plaintext(house, canaries, abuses.texts_of(life.documents()))
    assert everywhere(canaries, house) == []
    with closing(sqlite3.connect(house.home / "broker.sqlite")) as database:
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        assert everywhere(canaries, house) == []
        assert life.kit_folders() == []
        the_planted_ones_are_found(house, database)


def the_planted_ones_are_found(house: House, database: sqlite3.Connection) -> None:
    control = canaries_of(None)
    canary = control.line()
    database.execute(f"CREATE TABLE {CONTROL} (said TEXT)")
    database.execute(f"INSERT INTO {CONTROL} VALUES (?)", (canary,))  # noqa: S608 - a name of our own
    database.commit()
    journal = str(house.home / "broker.sqlite-wal")
    planted = plant_files([*house.folders, *SHARED], canary)
    try:
        planted.add(plant_a_log_line(house, canary))
        assert places(everywhere(control, house)) == planted | {journal, CONTROL}
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert str(house.home / "broker.sqlite") in places(everywhere(control, house))
    finally:
        unplant(planted, house)


def unplant(planted: set[str], house: House) -> None:
    """What was planted outside the test's own folder is gone."""
    for path in planted:
        if not Path(path).is_relative_to(house.folder):
            Path(path).unlink()


@pytest.mark.servers
@pytest.mark.parametrize(("seed", "mutations"), SEEDS)
def test_postgresql_and_rabbitmq_keep_no_canary(
    seed: int | None, mutations: int, tmp_path: Path, closing_all: ExitStack
) -> None:
    servers = closing_all.enter_context(private_servers())
    canaries, house = canaries_of(seed), House(tmp_path, servers.database_url, servers.rabbitmq.url)
    closing_all.callback(house.close)
    house.start()
    life = Life(house, canaries)
    life.happen(mutations)
    life.look("a session of PostgreSQL", servers.activity())
    assert house.worker is not None
    house.worker.stop()
    accepted = life.hand_in()
    messages = relayed(house)
    assert len(messages) > 3 * len(accepted)
    for message in messages:
        life.look("a message of RabbitMQ", message)
    house.worker.start()
    house.arrived(accepted, SENDER)
    assert life.seen == []
    assert everywhere(canaries, house, servers) == []
    die_with_plaintext(house, canaries, abuses.texts_of(life.documents()))
    servers.checkpoint()
    assert everywhere(canaries, house, servers) == []
    assert life.kit_folders() == []
    control = canaries_of(None)
    canary = control.line()
    cluster, store = servers.postgres.folder / "cluster", servers.rabbitmq.store
    folders = [*house.folders, cluster, cluster / "pg_wal", cluster / "base", store]
    planted = plant_files(folders, canary)
    planted.add(plant_a_log_line(house, canary))
    servers.plant(house.settings.database_url, canary)
    try:
        found = places(everywhere(control, house, servers))
    finally:
        unplant(planted, house)
    assert planted | {CONTROL, str(servers.postgres.folder / "postgres.log")} <= found
    for folder in (cluster / "base", cluster / "pg_wal", store):  # the row, its write-ahead log, the message
        assert [place for place in found - planted if Path(place).is_relative_to(folder)]
