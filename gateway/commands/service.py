"""`marac serve`, `marac worker`, `marac migrate`: the area's services."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agencies.kit.terminal import takes
from gateway.commands.options import Home
from gateway.commands.outcome import say, wall_clock

if TYPE_CHECKING:
    from broker.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Which area, and whether this process does the worker's part too."""

    home: Home = Path()
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Run the worker here too. Always so without RabbitMQ.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """Which area."""

    home: Home = Path()


@takes(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Serve the area's gateway until SIGTERM or Ctrl-C.

    Settings come from marac.env in HOME and from MARAC_... in the
    environment, which wins. Without RabbitMQ (MARAC_AMQP_URL) the worker
    runs in the same process.

    Example: marac serve --home ./area
    """
    from gateway import serve as server
    from gateway.commands.area_env import load_settings
    from gateway.commands.service_keys import open_service_keys

    settings = load_settings(options.home)
    run_worker = options.with_worker or not settings.amqp_url
    _log("starting", settings)
    server.serve(settings, wall_clock, open_service_keys(settings), run_worker=run_worker)


@takes(ServiceOptions)
def worker(options: ServiceOptions) -> None:
    """Run the area's worker: relay, mailbox, log, destruction.

    Runs until SIGTERM or Ctrl-C. Several may run at once.

    Example: marac worker --home ./area
    """
    import asyncio

    from gateway.commands.area_env import load_settings
    from gateway.commands.running import work
    from gateway.commands.service_keys import open_service_keys

    settings = load_settings(options.home)
    keys = open_service_keys(settings)
    _log("working", settings)
    asyncio.run(work(settings, keys))


@takes(ServiceOptions)
def migrate(options: ServiceOptions) -> None:
    """Bring the database's tables up to this version.

    Stop gateway and worker first, and make a backup.

    Example: marac migrate --home ./area
    """
    import asyncio

    from broker.store import upgrade
    from gateway.commands.area_env import load_settings

    asyncio.run(upgrade(load_settings(options.home).database))
    say("The database is up to date.")


def _log(event: str, settings: "Settings") -> None:
    """Say which queue and which kind of database this process works with; an address could hold a password."""
    import sys

    import structlog

    from gateway.logs import configure_logs

    configure_logs(sys.stdout)
    queue = "rabbitmq" if settings.amqp_url else "embedded"
    structlog.get_logger().info(event, queue=queue, database=settings.database.partition(":")[0].partition("+")[0])
