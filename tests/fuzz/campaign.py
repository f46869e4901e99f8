"""Targets under libFuzzer: a process forked for each of them, two side by side, and a report of what came out."""

import base64
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import NoReturn

import atheris

from tests.fuzz.target import Target, accepts

# Our own code, and the one parser in Python that a stranger's bytes reach before any check of ours.
INSTRUMENTED = ("crypto", "agencies", "gateway", "http_sf")
LANES = 2
LEAST_SECONDS = 2  # libFuzzer counts whole seconds, and takes zero for no limit
INPUT_TIMEOUT_S = 5
MEMORY_MB = 1024


@contextmanager
def instrumented() -> Iterator[None]:
    """Instrument what is imported meanwhile, and was not before."""
    with redirect_stderr(StringIO()), atheris.instrument_imports(include=INSTRUMENTED):  # it names every module
        yield


@dataclass(frozen=True)
class Crash:
    """An input that a parser neither accepts nor refuses as it should, and what happened instead."""

    what: str
    raw: bytes


@dataclass(frozen=True)
class Outcome:
    """What fuzzing one target came to; `covered` is how much of our code its seeds reached, and how much all did."""

    name: str
    executions: int
    per_second: int
    new_inputs: int
    covered: tuple[int, int]
    crash: Crash | None

    def __str__(self) -> str:
        counts = f"{self.executions:>9,} executions {self.per_second:>6,}/s {self.new_inputs:>5,} new inputs"
        before, after = self.covered
        return f"{self.name:<24}{counts}   coverage {before} -> {after}{'   CRASH' if self.crash else ''}"


@dataclass(frozen=True)
class _Run:
    name: str
    folder: Path
    started: float


def fuzz(targets: Mapping[str, Target], seconds: int) -> int:
    """Fuzz `targets` for `seconds` in all, print a line on each and the crashes; return 0 only if there were none."""
    outcomes = []
    with (
        tempfile.TemporaryDirectory(prefix="marac-fuzz-") as folder,
        closing(_outcomes(targets, seconds, Path(folder))) as found,
    ):
        for outcome in found:
            print(outcome, flush=True)
            if outcome.crash:
                print(_explained(outcome.name, outcome.crash), flush=True)
            outcomes.append(outcome)
    crashed = [outcome.name for outcome in outcomes if outcome.crash]
    executions, new_inputs = (sum(getattr(each, what) for each in outcomes) for what in ("executions", "new_inputs"))
    ends = f"{len(crashed)} crashed: {', '.join(crashed)}" if crashed else "none crashed"
    print(f"{len(outcomes)} fuzz targets, {executions:,} executions, {new_inputs:,} new inputs, {ends}", flush=True)
    return 1 if crashed else 0


def _outcomes(targets: Mapping[str, Target], seconds: int, folder: Path) -> Generator[Outcome, None, None]:
    waiting = _shares(list(targets), seconds)
    running: dict[int, _Run] = {}
    try:
        while waiting or running:
            while waiting and len(running) < LANES:
                name, share = waiting.pop(0)
                run = _Run(name, folder / name, time.monotonic())
                running[_fork(targets[name], run, share)] = run
            pid, status = os.wait()
            yield _outcome_of(running.pop(pid), os.waitstatus_to_exitcode(status))
    finally:
        for number in (signal.SIGINT, signal.SIGTERM) if running else ():
            signal.signal(number, signal.SIG_IGN)  # it was Ctrl-C: a second one must not keep the others alive
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _shares(names: list[str], seconds: int) -> list[tuple[str, int]]:
    """Return how many seconds each target gets: the same for all, but for a second that is left over."""
    each, rest = divmod(seconds * min(LANES, len(names)), len(names))
    return [(name, max(LEAST_SECONDS, each + (place < rest))) for place, name in enumerate(names)]


def _fork(target: Target, run: _Run, seconds: int) -> int:
    corpus = run.folder / "corpus"
    corpus.mkdir(parents=True)
    sys.stdout.flush()
    # Forked, not started: importing and instrumenting takes longer than a target's share of a minute.
    pid = os.fork()
    if pid == 0:
        try:
            _be_fuzzed(target, run.folder, seconds)
        except BaseException:  # noqa: BLE001 - a fork must never go on as its parent
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)
    return pid


def _be_fuzzed(target: Target, folder: Path, seconds: int) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # who interrupts us is answered by the parent
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for number, seed in enumerate(target.seeds()):
        (folder / "corpus" / f"{number:03}").write_bytes(seed)

    count = 0

    def one(raw: bytes) -> None:
        nonlocal count
        count += 1
        try:
            accepts(target, raw)
        except Exception:
            # Ours, because libFuzzer writes its own only as the interpreter ends, which a fork of it never does.
            (folder / "input-crash").write_bytes(raw)
            (folder / "exception").write_text(traceback.format_exc(), errors="backslashreplace")
            os.write(1, f"\nstat::number_of_executed_units: {count}\n".encode())
            raise

    flags = {
        "max_total_time": seconds - 1,  # it stops in the second after
        "timeout": INPUT_TIMEOUT_S,
        "rss_limit_mb": MEMORY_MB,
        "max_len": target.max_bytes,
        "print_final_stats": 1,
        "artifact_prefix": f"{folder}/input-",
    }
    atheris.Setup(["fuzz", *(f"-{name}={value}" for name, value in flags.items()), str(folder / "corpus")], one)
    atheris.Fuzz()
    raise RuntimeError("libFuzzer came back")


def _outcome_of(run: _Run, code: int) -> Outcome:
    path = run.folder / "log"
    log = path.read_text(errors="replace") if path.exists() else ""
    covered = [int(number) for number in re.findall(r"\bcov: (\d+)", log)] or [0]
    found = re.search(r"^stat::number_of_executed_units:\s+(\d+)", log, re.MULTILINE)
    executions = int(found[1]) if found else 0
    return Outcome(
        name=run.name,
        executions=executions,
        per_second=round(executions / (time.monotonic() - run.started)),
        new_inputs=len(re.findall(r"^#\d+\s+NEW ", log, re.MULTILINE)),
        covered=(covered[0], covered[-1]),
        crash=None if code == 0 and executions else _crash_of(run.folder, code, log),
    )


def _crash_of(folder: Path, code: int, log: str) -> Crash:
    artifact = next(folder.glob("input-*"), None)
    exception = folder / "exception"
    if exception.exists():
        what = exception.read_text()
    elif artifact and artifact.name.startswith("input-timeout"):
        what = f"no answer within {INPUT_TIMEOUT_S} seconds\n{_stack_in(log)}"
    elif artifact and artifact.name.startswith("input-oom"):
        what = f"more than {MEMORY_MB} MB of memory"
    else:
        what = f"the process ended with {code}\n{log[-2000:]}"
    return Crash(what.rstrip(), artifact.read_bytes() if artifact else b"")


def _stack_in(log: str) -> str:
    return "\n".join(line for line in log.splitlines() if line.startswith("  File "))


def _explained(name: str, crash: Crash) -> str:
    indented = "\n".join(f"    {line}" for line in crash.what.splitlines())
    raw = base64.b64encode(crash.raw).decode()
    return (
        f"  {name} crashed:\n{indented}\n"
        f"  the input, {len(crash.raw)} bytes in base64:\n    {raw}\n"
        f"  once more:  echo '{raw}' | base64 -d >input;  python -m tests.fuzz {name} --input input"
    )
