"""What every test may use: real servers started once, fresh databases, and the rules for property tests."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.servers.postgres import PostgresServer, private_postgres
from tests.servers.programs import AGE
from tests.servers.rabbitmq import VHOSTS, on_vhost, private_rabbitmq

SERVER_FIXTURES = frozenset({"amqp_url", "postgres_server", "postgres_url", "age_program"})

# What starts a whole gateway, or processes of its own: minutes in all, and left out of a quick run like the servers.
WHOLE = (
    "tests/agencies/test_kit_",
    "tests/commands/",
    "tests/gateway/test_destruction_clock",
    "tests/gateway/test_hardening",
    "tests/gateway/test_serve",
    "tests/gateway/test_worker_ends",
    "tests/journeys/",
    "tests/ports/",
    "tests/sandbox/",
    "tests/servers/",
    "tests/test_start_script",
)

# What a whole module shares here costs seconds to make: one process runs the module, and makes it once.
MADE_ONCE = (
    "tests/agencies/test_kit_",
    "tests/commands/",
    "tests/crypto/test_age_npm",
    "tests/gateway/",
    "tests/journeys/test_outages",
    "tests/journeys/test_whole_api",
    "tests/sandbox/",
)

# An operation's points are discovered once in each process, whatever kills it there.
KILLED = re.compile(r"(?P<module>tests/journeys/kills/[^:]+)::[^\[]+\[(?P<operation>.+?)(-SIG[A-Z]+)?\]$")

# Measuring coverage doubles what a test costs, or more. A campaign measures all but where the same lines run again, as
# on servers or between kills; other runs measure what starts no gateway, which the strict floor is about.
UNMEASURED = (
    "tests/journeys/kills/",
    "tests/journeys/canary/",
    "tests/journeys/test_oracle",
    "tests/journeys/test_outages",
)
MEASURES_ALL = os.environ.get("MARAC_TEST_PROFILE") == "campaign"
MEASURES_CHILDREN = "COVERAGE_PROCESS_CONFIG"

# Two shared cores make deadlines a matter of luck; `ci` draws the same examples each time, `campaign` new ones.
for _profile, _max_examples in {"quick": 25, "ci": 100, "campaign": 2000}.items():
    settings.register_profile(
        _profile,
        deadline=None,
        max_examples=_max_examples,
        derandomize=_profile != "campaign",
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("MARAC_TEST_PROFILE", "ci"))


class MadeOnce(LoadScopeScheduling):
    """Gives every test to whoever is free, but to one process what shares something that costs seconds to make.

    By its name, not by pytest-xdist's own mark of groups: that is written into what pytest 9.2 reads no more.
    """

    def _split_scope(self, nodeid: str) -> str:
        if (killed := KILLED.match(nodeid)) is not None:
            return killed["module"] + killed["operation"]
        return nodeid.partition("::")[0] if nodeid.startswith(MADE_ONCE) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> MadeOnce | None:
    """Give the tests out so wherever groups are asked for."""
    return MadeOnce(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a server (a fixture that asks for one marks its parameter itself), is whole, or not measured."""
    for item in items:
        if item.nodeid.startswith(WHOLE):
            item.add_marker(pytest.mark.whole)
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)
        again = item.nodeid.startswith("tests/journeys/") and item.get_closest_marker("servers") is not None
        if again or item.nodeid.startswith(UNMEASURED if MEASURES_ALL else WHOLE):
            item.add_marker(pytest.mark.no_cover)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long parameter by its place: fresh keys differ between the processes of one run, and are no names."""
    return argname if isinstance(val, str | bytes) and len(val) > 40 else None


@pytest.fixture(autouse=True)
def _children_are_measured_as_their_test(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("no_cover") is not None:
        monkeypatch.delenv(MEASURES_CHILDREN, raising=False)


@pytest.fixture(scope="session")
def amqp_url(worker_id: str) -> Iterator[str]:
    """Return the URL of a virtual host of a running RabbitMQ that no other test process uses."""
    vhost = VHOSTS[0] if worker_id == "master" else f"{VHOSTS[0]}-{worker_id}"
    with ExitStack() as stack:
        url = os.environ.get("MARAC_TEST_AMQP_URL")
        if url is None:
            _refuse_when_quick("RabbitMQ")
            url = stack.enter_context(private_rabbitmq()).url
        yield on_vhost(url, vhost)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Return a running PostgreSQL on which databases can be made."""
    with ExitStack() as stack:
        url = os.environ.get("MARAC_TEST_POSTGRES_URL")
        if url is None:
            _refuse_when_quick("PostgreSQL")
            url = stack.enter_context(private_postgres()).url
        yield PostgresServer(url)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Return SQLAlchemy's URL of an empty PostgreSQL database of the test's own."""
    url = postgres_server.fresh_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return SQLAlchemy's URL of a SQLite file of the test's own, which does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite'}"


@pytest.fixture(scope="session")
def age_program() -> Path:
    """Return the `age` program, which is not ours."""
    return AGE.require()


def _refuse_when_quick(server: str) -> None:
    if os.environ.get("MARAC_TEST_PROFILE") == "quick":
        pytest.fail(f"a quick run starts no {server}: mark this test or its parameter with pytest.mark.servers")
