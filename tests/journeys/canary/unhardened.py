"""`python -m tests.journeys.canary.unhardened HOME`: the gateway without its hardening, to show what that is for."""

import asyncio
import sys
from pathlib import Path

from broker.wiring import build_broker
from gateway.app import create_app
from gateway.commands.area_env import load_settings
from gateway.commands.outcome import wall_clock
from gateway.commands.service_keys import open_service_keys
from gateway.serve import running


async def main(home: Path) -> None:
    """Serve the area until somebody ends the process."""
    settings = load_settings(home)
    broker = await build_broker(settings, wall_clock, open_service_keys(settings))
    async with running(create_app(broker, run_worker=False), settings.host, settings.port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
