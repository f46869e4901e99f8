"""A gateway as a process of its own, for the test that stops it: `python -m tests.gateway.serving HOME PORT`."""

import asyncio
import sys
from pathlib import Path

from broker.settings import Settings
from gateway.serve import serve
from tests.agencies.made_area import NOW, made_area
from tests.gateway.house import found, settings_of


def main(home: Path, port: int) -> None:
    """Serve the made-up area with TLS, the worker included, at a time that stands still."""
    settings: Settings = settings_of(
        home, port=port, tls_certificate=home / "tls.crt", tls_key=home / "tls.key", host="127.0.0.1"
    )
    asyncio.run(found(settings))
    serve(settings, lambda: NOW, made_area().service_keys, run_worker=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
