"""Running the real `marac` command: in this process where that is enough, as a service where it is not."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from gateway.cli import run
from tests.servers.child import Child, free_port

AREA = "marac.area.example"
QUICK = "--work-factor=4"
PROGRAM = Path(sys.executable).with_name("marac")
PASSPHRASE = "made-up words for a test"


@dataclass(frozen=True)
class Answer:
    """What a command ended with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Places:
    """An area's folders, and the file with the passphrase of all its keys."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "area"

    @property
    def office(self) -> Path:
        return self.folder / "area-office"

    @property
    def offline(self) -> Path:
        return self.folder / "area-offline"

    @property
    def passphrase(self) -> Path:
        return self.folder / "passphrase"


def marac(*arguments: object) -> Answer:
    """Run one command to its end, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


def init_options(places: Places, **changes: object) -> list[str]:
    """Return the arguments of `marac init` for a made-up area."""
    agreement = places.folder / "agreement.txt"
    agreement.write_text("We share what we must, and no more. (made up)")
    write_secret(places.passphrase, PASSPHRASE)
    options = {
        "home": places.home,
        "prefix": "TST",
        "telephone": "01632 960100",
        "agreement": agreement,
        "passphrase-file": places.passphrase,
        "offline-passphrase-file": places.passphrase,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return ["init", AREA, QUICK, *(f"--{name}={value}" for name, value in options.items())]


def write_secret(path: Path, text: str) -> Path:
    """Write a passphrase file as it must be."""
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return path


@contextmanager
def serving(places: Places, *more: str) -> Iterator[str]:
    """Run `marac serve` as a process of its own, and yield where it listens."""
    port = free_port()
    child = Child(
        [str(PROGRAM), "serve", "--home", str(places.home), *more],
        {**os.environ, "MARAC_PORT": str(port)},
        places.folder / "serve.log",
    )
    child.start()
    try:
        child.wait_until(lambda: '"listening"' in child.log.read_text(), timeout_s=90)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.stop()
