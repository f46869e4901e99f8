"""Sealing beside two programs that are not ours: GnuPG and pyrage."""

import importlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from crypto import age
from crypto.draw import draw_bytes
from tests.bench.rounds import Progress, interleaved, timed
from tests.bench.sealing import DOCUMENT_BYTES, RECIPIENTS, ROUNDS
from tests.bench.table import Row, amount

GPG_ROUNDS = 21
GPG_LIMIT = 1 / 10
WALL = time.perf_counter
_KEY = """
Key-Type: eddsa
Key-Curve: ed25519
Subkey-Type: ecdh
Subkey-Curve: cv25519
Name-Email: {name}
Expire-Date: 0
%no-protection
%commit
"""


class GpgFailed(Exception):
    """gpg is there but does not do what it was asked; the message is its own last line."""


@dataclass(frozen=True)
class Gpg:
    """A GnuPG with throw-away keys in a home of its own."""

    home: str
    names: Sequence[str]

    def encrypt(self, document: bytes) -> None:
        """Encrypt `document` for every key, in a process as gpg always is."""
        recipients = [word for name in self.names for word in ("--recipient", name)]
        self.run("--trust-model", "always", *recipients, "--encrypt", stdin=document)

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what `gpg --batch` says to `arguments`. Raises GpgFailed."""
        command = ["gpg", "--batch", "--quiet", *arguments]
        result = subprocess.run(command, input=stdin, env=self.environment, capture_output=True, check=False)
        if result.returncode:
            raise GpgFailed(result.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        return result.stdout

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which gpg finds its own home and nobody else's."""
        return {**os.environ, "GNUPGHOME": self.home}


@contextmanager
def throwaway_gpg(n_keys: int) -> Iterator[Gpg]:
    """Yield a gpg with `n_keys` keys of ed25519 and cv25519 without a passphrase; its agent is stopped at the end."""
    # A short path: the agent's socket lies in it, and the name of a socket has 108 bytes at most.
    with tempfile.TemporaryDirectory(prefix="marac-gpg-", ignore_cleanup_errors=True) as home:
        gpg = Gpg(home, [f"officer-{number}@area.example" for number in range(n_keys)])
        try:
            gpg.run("--generate-key", stdin="".join(_KEY.format(name=name) for name in gpg.names).encode())
            yield gpg
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], env=gpg.environment, capture_output=True, check=False)


def gpg_row(progress: Progress, notes: list[str]) -> Row:
    """Return our hybrid sealing beside gpg's; `notes` gets what of gpg's time is the start of its process."""
    work, peer = f"seal 4 KiB, {RECIPIENTS} hybrid recipients", f"gpg --encrypt, {RECIPIENTS} cv25519 keys"
    progress.say(f"{work}, beside gpg")
    if not shutil.which("gpg") or not shutil.which("gpgconf"):
        return Row(work, peer, GPG_LIMIT, missing="gpg is not installed (Debian: apt-get install gnupg)")
    recipients = [age.generate_identity().recipient() for _ in range(RECIPIENTS)]
    document = draw_bytes(DOCUMENT_BYTES)
    try:
        with throwaway_gpg(RECIPIENTS) as gpg:
            start = statistics.median(timed(lambda: gpg.run("--version"), WALL) for _ in range(GPG_ROUNDS))
            medians = interleaved(
                lambda: age.encrypt(document, recipients), lambda: gpg.encrypt(document), GPG_ROUNDS, WALL
            )
    except GpgFailed as problem:
        return Row(work, peer, GPG_LIMIT, missing=f"gpg is installed but fails: {problem}")
    notes.append(
        "gpg: a process, so both are timed by the clock on the wall. Its time includes the start of the process, ours "
        f"does not: gpg --version alone takes {amount(start, 's')}; without it the ratio is "
        f"{medians.ours / (medians.theirs - start):.3f}."
    )
    return Row(work, peer, GPG_LIMIT, *medians, rounds=GPG_ROUNDS)


def pyrage_row(progress: Progress) -> Row:
    """Return our sealing beside pyrage's, both for X25519 recipients: pyrage has no hybrid ones."""
    work, peer = f"seal 4 KiB, {RECIPIENTS} X25519 recipients", "pyrage.encrypt, same recipients"
    progress.say(work)
    try:
        pyrage = importlib.import_module("pyrage")
    except ImportError:
        return Row(work, peer, 1.0, missing="pyrage is not installed (uv sync)")
    ours = [age.generate_identity("classical").recipient() for _ in range(RECIPIENTS)]
    theirs = [pyrage.x25519.Recipient.from_str(str(recipient)) for recipient in ours]
    document = draw_bytes(DOCUMENT_BYTES)
    medians = interleaved(lambda: age.encrypt(document, ours), lambda: pyrage.encrypt(document, theirs), ROUNDS)
    return Row(work, peer, 1.0, *medians, rounds=ROUNDS)
