"""The sandbox as a command: it opens, says what is there, and stays until it is interrupted."""

import shutil
import socket
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final

from rich.console import Console

from gateway.inprocess import interruptible
from gateway.logs import configure_logs
from gateway.sandbox.guide import program_of
from gateway.sandbox.opening import HOST, Place, opened

PORT: Final = 8443


class NotFree(Exception):
    """The sandbox cannot open there: the fact, and what the person does next."""

    def __init__(self, fact: str, next_step: str) -> None:
        super().__init__(fact)
        self.next_step = next_step


def claim(folder: Path | None, port: int) -> Place:
    """Return where a sandbox may open: `folder`, made if need be, or None for one that is removed afterwards.

    Raises NotFree if the port is taken, or the folder holds anything: nothing is ever overwritten.
    """
    _be_free(port)
    program = program_of(sys.argv[0], Path.cwd())
    if folder is None:
        return Place(Path(tempfile.mkdtemp(prefix="marac-sandbox-")), port, program, kept=False)
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotFree(f"{folder} is there already, and not empty", "give a new folder, or remove this one")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Place(folder, port, program, kept=True)


def stay(place: Place, console: Console) -> None:
    """Serve the sandbox until SIGINT or SIGTERM; its folder is the caller's to `leave`.

    Raises OSError, BrokerError, NotAsPrepared if it cannot open.
    """
    try:
        with (place.folder / "gateway.log").open("w", encoding="utf-8") as log, interruptible():
            configure_logs(log)
            _serve(place, console)
    except KeyboardInterrupt:
        end = f"Its folder stays: {place.folder}" if place.kept else "Its folder is removed."
        console.print(f"\nThe sandbox has ended. {end}", highlight=False, markup=False, soft_wrap=True)


def leave(place: Place) -> None:
    """Remove the folder, unless it was given."""
    if not place.kept:
        shutil.rmtree(place.folder, ignore_errors=True)


def _serve(place: Place, console: Console) -> None:
    with console.status("The sandbox opens") as status:

        def tell(step: str) -> None:
            status.update(f"The sandbox opens: {step}")

        with opened(place, lambda: datetime.now(UTC), tell) as guide:
            status.stop()
            console.print(f"\n{guide.text()}", highlight=False, markup=False, soft_wrap=True)
            console.print("End it with Ctrl-C.", highlight=False)
            Event().wait()


def _be_free(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise NotFree(
            f"port {port} cannot be had on this machine ({error.strerror})",
            "end what listens there, or choose another: marac demo --keep --port 8444",
        ) from None
