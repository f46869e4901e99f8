"""npm's age-encryption behind one Node process: installed from node/package-lock.json, asked line by line."""

import base64
import fcntl
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.servers.programs import NODE, NPM, Missing

FOLDER = Path(__file__).parent / "node"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
INSTALL = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--fetch-retries=1",
    "--fetch-timeout=30000",
    "--loglevel=error",
)
INSTALL_S = 120


class Refused(Exception):
    """age-encryption did not do what it was asked to; the message is its own."""


@dataclass(frozen=True)
class AgeEncryption:
    """The library in its process; keys and recipients are text, as in crypto/age."""

    _process: subprocess.Popen[bytes]

    def generate(self, *, hybrid: bool) -> str:
        """Return a fresh secret key of theirs."""
        return self._ask("generate", hybrid=hybrid)

    def recipient(self, identity: str) -> str:
        """Return what they say is the public half of `identity`."""
        return self._ask("recipient", identity=identity)

    def encrypt(self, plaintext: bytes, recipients: Sequence[str] = (), passphrase: str = "") -> bytes:
        """Return their age file; a passphrase has a work factor of 4."""
        sealed = self._ask("encrypt", recipients=list(recipients), passphrase=passphrase, plaintext=_text(plaintext))
        return base64.b64decode(sealed)

    def decrypt(self, file: bytes, identities: Sequence[str] = (), passphrase: str = "") -> bytes:
        """Return the plaintext. Raises Refused."""
        opened = self._ask("decrypt", identities=list(identities), passphrase=passphrase, file=_text(file))
        return base64.b64decode(opened)

    def armor(self, file: bytes) -> str:
        """Return their armored form of `file`."""
        return self._ask("armor", file=_text(file))

    def dearmor(self, text: str) -> bytes:
        """Return the file inside. Raises Refused."""
        return base64.b64decode(self._ask("dearmor", text=text))

    def _ask(self, verb: str, **request: object) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"verb": verb, **request}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"Node ended with {self._process.wait(10)}: its own words are in the test's output"
        answer = cast("dict[str, str]", json.loads(line))
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["done"]


@contextmanager
def age_encryption_running() -> Iterator[AgeEncryption]:
    """While inside, age-encryption answers. Raises Missing if Node is not here, or the packages cannot be fetched."""
    node = NODE.require()
    _install()
    with subprocess.Popen([node, FOLDER / "peer.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield AgeEncryption(process)
        finally:
            process.kill()


def _install() -> None:
    """The packages of the lock file are in node_modules, each with the hash that is written there."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules/.installed-from"
    with Path(tempfile.gettempdir(), f"marac-age-peer-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs on one tree
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        _npm_ci()
        stamp.write_text(wanted)  # a run that was killed before this line installs again: `npm ci` starts with nothing


def _npm_ci() -> None:
    environment = dict(os.environ)
    if SYSTEM_CERTIFICATES.is_file():  # an office's own certificate authority is known to the system, not to Node
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_CERTIFICATES))
    npm = subprocess.run(
        [NPM.require(), *INSTALL],
        check=False, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=INSTALL_S,
    )  # fmt: skip
    if npm.returncode != 0:
        raise Missing(f"npm ci failed (is there a network, and a registry that npm can reach?):\n{npm.stderr}")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
