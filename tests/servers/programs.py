"""Which programs the tests need, where they are, and how they are installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """A program the tests need is not on this machine; the message says how to install it."""


@dataclass(frozen=True)
class Program:
    """A program by its Debian package, and the places where it may be."""

    package: str
    places: tuple[str, ...]

    def find(self) -> Path | None:
        """Return where the program is, or None."""
        for place in self.places:
            found = shutil.which(place)
            if found:
                return Path(found)
        return None

    def require(self) -> Path:
        """Return where the program is.

        Raises Missing with the line that installs it.
        """
        found = self.find()
        if found is None:
            raise Missing(f"{self.package} is not installed; install it with: {install_line([self])}")
        return found


# The node's own script: the wrapper of the same name in /usr/sbin changes to the system's user and folders.
RABBITMQ = Program("rabbitmq-server", ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server"))
EPMD = Program("erlang-base", ("epmd", "/usr/lib/erlang/bin/epmd"))
AGE = Program("age", ("age",))
NODE = Program("nodejs", ("node", "nodejs"))  # 18 or newer
NPM = Program("npm", ("npm",))  # comes with Node everywhere but in Debian, where it is 350 packages of its own


def missing() -> list[Program]:
    """Return the programs of the full test run that this machine does not have, in a fixed order."""
    return [program for program in (RABBITMQ, AGE, NODE, NPM) if program.find() is None]


def install_line(programs: list[Program]) -> str:
    """Return the command that installs `programs` on Debian or Ubuntu, to be shown to a person."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y {' '.join(program.package for program in programs)}"


def install(programs: list[Program]) -> None:
    """`programs` are installed with apt-get, and no system service of theirs was started by it.

    Raises Missing if apt-get is not there or fails; its output has been shown.
    """
    if shutil.which("apt-get") is None:
        raise Missing(f"no apt-get here; install these yourself: {', '.join(p.package for p in programs)}")
    command = ["apt-get", "install", "-y", "--no-install-recommends", *(program.package for program in programs)]
    with _no_service_starts():
        # The package lists of a fresh machine are empty or old: they are fetched only when the first try fails.
        if not (_as_root(command) or (_as_root(["apt-get", "update"]) and _as_root(command))):
            raise Missing(f"apt-get failed; try it yourself: {install_line(programs)}")


def _as_root(command: list[str]) -> bool:
    # RUNLEVEL=1 keeps sysvinit scripts from starting; the policy file below does the same for systemd.
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*sudo, *settings, *command], check=False, stdin=subprocess.DEVNULL).returncode == 0


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """While inside, Debian packages do not start their services; a policy that was there before stays as it was."""
    if _POLICY.exists():
        yield
        return
    _as_root(["sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {_POLICY} && chmod 755 {_POLICY}"])
    try:
        yield
    finally:
        _as_root(["rm", "-f", str(_POLICY)])
