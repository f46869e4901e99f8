"""How much memory a stream of 100 MiB takes: a child process seals or opens one and looks at itself.

Run by the benchmark as `python -m tests.bench.memory seal|open FROM TO`, with the secret key on standard input.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crypto import age
from tests.bench.rounds import Progress
from tests.bench.table import Row

STREAM_BYTES = 100 << 20
LIMIT_MIB = 8
STATUS = Path("/proc/self/status")


def rows(progress: Progress) -> Iterator[Row]:
    """Yield what sealing and opening take above the idle process, each in a child of its own."""
    identity = age.generate_identity()
    with tempfile.TemporaryDirectory(prefix="marac-bench-") as folder:
        plain, sealed = Path(folder, "plain"), Path(folder, "sealed")
        with plain.open("wb") as file:
            file.truncate(STREAM_BYTES)
        with plain.open("rb") as src, sealed.open("wb") as dst:
            age.encrypt_stream(src, dst, [identity.recipient()])
        for verb, source in (("seal", plain), ("open", sealed)):
            work = f"memory to {verb} 100 MiB, stream"
            progress.say(work)
            yield _row(work, [verb, str(source), "/dev/null"], identity)


def _row(work: str, arguments: list[str], identity: age.Identity) -> Row:
    peer = "the process, idle"
    if not STATUS.exists():
        return Row(work, peer, LIMIT_MIB, unit="MiB", missing="this system has no /proc to read memory from")
    child = [sys.executable, "-m", "tests.bench.memory", *arguments]
    said = subprocess.run(child, input=identity.encode(), capture_output=True, text=True, check=True).stdout
    return Row(work, peer, LIMIT_MIB, ours=float(said), unit="MiB")


def _kib(field: str) -> int:
    """Return a field of the process's own status: VmRSS is what it holds, VmHWM the most it ever held."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))


def _measure(verb: str, source: str, target: str) -> float:
    identity = age.parse_identity(sys.stdin.read())
    recipient = identity.recipient()
    before = _kib("VmRSS")
    with open(source, "rb") as src, open(target, "wb") as dst:
        if verb == "seal":
            age.encrypt_stream(src, dst, [recipient])
        else:
            age.decrypt_stream(src, dst, [identity])
    return (_kib("VmHWM") - before) / 1024


if __name__ == "__main__":
    print(_measure(*sys.argv[1:]))
