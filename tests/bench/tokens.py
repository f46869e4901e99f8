"""Which cases are of the same people: a search by tokens among a million cases, on PostgreSQL."""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from sqlalchemy import text

from agencies.names import CaseRef
from broker.store import upgrade
from broker.store.cases import SqlCases
from broker.store.engines import open_patient
from broker.store.people import SqlPeople
from broker.store.transaction import Transaction
from tests.bench.rounds import Progress
from tests.bench.table import Row
from tests.servers.postgres import PostgresServer, private_postgres

CASES = 1_000_000
ASKED = 301
LIMIT_S = 5e-3
SHOWN = 50  # as many as services/compare.py looks at

# Who is named, by case: squares, so that a few names are common and most are rare; 30 % of birthdays are not known.
_PEOPLE = """
CREATE TEMPORARY TABLE people AS
SELECT lpad(n::text, 10, '0') AS ref, role, 'a' || floor(600 * random() ^ 2) AS first, 'b' || floor(8000 * random() ^ 2)
    AS last, CASE WHEN role = 'victim' OR random() < 0.7 THEN floor(18000 * random())::text END AS born
FROM generate_series(0, $1::int - 1) AS n, unnest(ARRAY['victim', 'perpetrator']) AS role
"""
_CASES = """
INSERT INTO cases (ref, opened_at, last_referral_at, closed, lead)
SELECT 'CAM-' || ref, now(), now(), false, 'CAM-' || ref FROM people WHERE role = 'victim'
"""
# As long as real ones, as many a person, and as often the same: what is hashed is what blind_index.tokens_of hashes.
_TOKENS = """
INSERT INTO tokens (token, "case", role, message)
SELECT DISTINCT '0123456789abcdef:' || left(md5(is_of || said), 22), 'CAM-' || ref, as_, ref
FROM people,
    LATERAL (VALUES ('victim', role, role = 'victim'), ('perpetrator', 'crossed', role = 'victim'),
        ('perpetrator', role, role = 'perpetrator')) AS made (is_of, as_, is_made),
    LATERAL (VALUES (first || last), (first || last || left(born, 2)), (first || last || '/' || born),
        (first || '/' || born), (last || '/' || born)) AS fields (said)
WHERE is_made AND said IS NOT NULL
"""


@dataclass
class _Rounds:
    """What each round took, in seconds: on the wall, and of processors; and how many were found."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    found: list[int] = field(default_factory=list)


def rows(progress: Progress, notes: list[str], cases: int) -> Iterator[Row]:
    """Yield what a search takes; `notes` says what was searched."""
    with private_postgres() as running:
        server = PostgresServer(running.url)
        took, tokens = asyncio.run(_measured(server.fresh_database(), cases, progress))
    ours = statistics.median(took.processor)
    yield Row(f"{cases:,} cases: find those alike", "none", LIMIT_S, ours, rounds=len(took.processor))
    notes.append(
        f"{tokens:,} tokens of made-up people, some names common. Each round asks about another case. "
        "Times are the processor's, of this process and of PostgreSQL's together; on the wall the median was "
        f"{statistics.median(took.wall) * 1e3:.1f} ms, the slowest {max(took.wall) * 1e3:.0f} ms. Found alike: "
        f"{statistics.median(took.found):.0f} in the median, {max(took.found)} at most, of {SHOWN} that are looked at."
    )


async def _measured(url: str, cases: int, progress: Progress) -> tuple[_Rounds, int]:
    await upgrade(url)
    tokens = await _fill(url, cases, progress)
    progress.say("searching")
    engine, took = open_patient(url), _Rounds()
    asked = random.Random(1).sample(range(cases), min(ASKED, cases))  # not secret: the same ones in every run
    async with engine.connect() as connection:
        backend = Path(f"/proc/{await connection.scalar(text('SELECT pg_backend_pid()'))}/schedstat")
        transaction = Transaction(connection, writes=False)
        for number in asked:
            await _round(transaction, CaseRef(f"CAM-{number:010d}"), backend, took)
    await engine.dispose()
    return took, tokens


async def _round(transaction: Transaction, ref: CaseRef, backend: Path, took: _Rounds) -> None:
    case = await SqlCases(transaction).get(ref)
    if case is None:
        raise AssertionError("the case was not filled in")
    began = time.perf_counter(), time.process_time() + _ran_s(backend)
    found = await SqlPeople(transaction).alike(case, SHOWN)
    took.wall.append(time.perf_counter() - began[0])
    took.processor.append(time.process_time() + _ran_s(backend) - began[1])
    took.found.append(len(found))


def _ran_s(process: Path) -> float:
    """Return the seconds that a process has had a processor: Linux counts them in nanoseconds."""
    return int(process.read_text().split()[0]) / 1e9


async def _fill(url: str, cases: int, progress: Progress) -> int:
    """Fill in cases and their tokens, made within the database; keys and indexes are made anew after it."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    progress.say("filling in cases")
    try:
        await connection.execute("SET session_replication_role = replica")  # no foreign keys asked row by row
        await connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
        await connection.execute("ALTER TABLE tokens DROP CONSTRAINT pk_tokens; DROP INDEX ix_tokens_case")
        await connection.execute(_PEOPLE.replace("$1", str(cases)))
        for statement in (_CASES, _TOKENS):
            await connection.execute(statement)
        progress.say("making the indexes")
        await connection.execute(
            'ALTER TABLE tokens ADD CONSTRAINT pk_tokens PRIMARY KEY (token, "case", role, message)'
        )
        await connection.execute('CREATE INDEX ix_tokens_case ON tokens ("case")')
        await connection.execute("VACUUM ANALYZE")
        return int(await connection.fetchval("SELECT count(*) FROM tokens"))
    finally:
        await connection.close()
