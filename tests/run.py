"""`./marac test`: every check of the project in one command, against real servers that it starts and stops."""

import argparse
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import programs
from tests.servers.child import NotReady
from tests.servers.postgres import private_postgres
from tests.servers.rabbitmq import private_rabbitmq

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest")

CHECKS = {
    "ruff check": ("ruff", "check"),
    "ruff format": ("ruff", "format", "--check"),
    "mypy": ("mypy",),
    "import layers": ("lint-imports", "--no-cache"),
    "shellcheck": ("shellcheck", "marac", ".ci/run"),
}

# Least branch coverage in per cent of what a change here can break most. That of all rooms is in pyproject.toml, and
# judged by a campaign: measuring doubles what a test costs, and a whole gateway is most of all.
STRICT_FLOOR = 99
STRICT_ROOMS = ("crypto", "broker")
STRICT_FILES = (
    "crypto/*", "broker/need_to_know.py", "broker/retention.py", "broker/lifecycle.py", "broker/audit.py",
    "broker/lookups.py", "broker/kinds/*",
)  # fmt: skip

MEMORY_BYTES = 4 << 30  # what the tests may need at most, several times over

_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)\b")


@dataclass(frozen=True)
class Options:
    """What was asked of this run; `rest` goes to pytest."""

    quick: bool
    campaign: bool
    install: bool
    fuzz_minutes: float | None
    rest: tuple[str, ...]

    @property
    def markers(self) -> str:
        """The tests of this run, as pytest's marker expression."""
        return " and ".join(f"not {marker}" for marker in self.left_out)

    @property
    def left_out(self) -> Sequence[str]:
        """The markers of the tests that are not run."""
        return ["servers", "whole"] * self.quick + ["campaign"] * (not self.campaign)

    @property
    def profile(self) -> str:
        """How many examples a property test draws."""
        return "quick" if self.quick else "campaign" if self.campaign else "ci"

    @property
    def measures_coverage(self) -> bool:
        """Whether enough is run for coverage to say something."""
        return not self.quick and not self.rest

    @property
    def fuzz_seconds(self) -> int:
        """How long the parsers are fuzzed: as asked; else a minute, but not beside a part of the tests."""
        asked = (0 if self.quick or self.rest else 1) if self.fuzz_minutes is None else self.fuzz_minutes
        return round(60 * asked)


@dataclass(frozen=True)
class Outcome:
    """How a step went."""

    name: str
    passed: bool
    output: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run what `arguments` ask for and return the exit code: 0 only if every step passed."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    os.chdir(ROOT)
    options = parse(arguments)
    try:
        if not options.quick:
            _install_missing(options)
        outcomes = _checks()
        outcomes += _tests(options)
        outcomes += _fuzz(options)
    except (programs.Missing, NotReady) as problem:
        print(f"marac test: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmarac test: interrupted", file=sys.stderr)
        return 130
    return _summary(options, outcomes)


def parse(arguments: Sequence[str]) -> Options:
    """Return the options in `arguments`; what is not ours is for pytest."""
    parser = argparse.ArgumentParser(prog="./marac test", description=__doc__, epilog="Other arguments go to pytest.")
    parser.add_argument("--quick", action="store_true", help="no servers, under a minute")
    parser.add_argument("--campaign", action="store_true", help="the long tests too")
    parser.add_argument("--install", action="store_true", help="install missing server programs (apt-get)")
    parser.add_argument(
        "--fuzz", type=float, metavar="MINUTES", help="of fuzzing, all parsers together: 1, or 0 for none"
    )
    ours, rest = parser.parse_known_args(arguments)
    return Options(ours.quick, ours.campaign, ours.install, ours.fuzz, tuple(rest))


def counts_of(output: str) -> Counter[str]:
    """Return the numbers in pytest's last line, such as `3 failed, 120 passed, 1 error in 4.20s`."""
    ends = [line for line in output.splitlines() if _COUNT.search(line) and re.search(r" in [\d.]+s", line)]
    counts: Counter[str] = Counter()
    for number, word in _COUNT.findall(ends[-1]) if ends else []:
        counts[word.rstrip("s")] += int(number)
    return counts


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def _install_missing(options: Options) -> None:
    missing = programs.missing()
    if not missing:
        return
    line = programs.install_line(missing)
    if options.install or os.environ.get("CI") == "true":
        print(f"Installing what is missing: {line}", flush=True)
        programs.install(missing)
        return
    raise programs.Missing(
        f"these programs are missing: {', '.join(program.package for program in missing)}.\n"
        f"Install them:  {line}\n"
        "or let the test do it:  ./marac test --install\n"
        "or leave out what needs them:  ./marac test --quick"
    )


def _checks() -> list[Outcome]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(_check, CHECKS))


def _check(name: str) -> Outcome:
    tool, *arguments = CHECKS[name]
    return _step(name, [str(TOOLS / tool), *arguments])


def _step(name: str, command: Sequence[str]) -> Outcome:
    started = time.monotonic()
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    outcome = Outcome(name, result.returncode == 0, result.stdout + result.stderr)
    _report(outcome, started)
    return outcome


def _report(outcome: Outcome, started: float) -> None:
    verdict = "ok" if outcome.passed else "FAILED"
    shown = "" if outcome.passed else f"{outcome.output.rstrip()}\n"
    # One write, so that steps running side by side do not mix their lines.
    sys.stdout.write(f"{outcome.name:<16} {verdict:<7} {time.monotonic() - started:5.1f} s\n{shown}")
    sys.stdout.flush()


def _tests(options: Options) -> list[Outcome]:
    environment = {**os.environ, "MARAC_TEST_PROFILE": options.profile}
    with ExitStack() as stack:
        folder = stack.enter_context(_memory())
        environment |= _compiled_once(folder)
        if not options.quick:
            environment |= stack.enter_context(_servers())
        outcomes = [_pytest(options, environment, folder)]
    if options.measures_coverage:
        outcomes += _coverage(options)
    return outcomes


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    started = time.monotonic()
    with private_postgres() as postgres, private_rabbitmq() as rabbitmq:
        _report(Outcome("servers", passed=True), started)
        yield {"MARAC_TEST_POSTGRES_URL": postgres.url, "MARAC_TEST_AMQP_URL": rabbitmq.url}


def _compiled_once(folder: Path) -> Mapping[str, str]:
    """Return what makes all processes of this run share compiled modules, kept in its own folder.

    The tests start hundreds of processes; where Python may not write beside the source, each would compile all anew.
    """
    return {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}


def _pytest(options: Options, environment: Mapping[str, str], folder: Path) -> Outcome:
    command = [*PYTEST, "-q", "-n", "4", "--dist", "loadgroup", "--durations=8", "--durations-min=3"]
    if options.markers:
        command += ["-m", options.markers]
    if options.measures_coverage:
        rooms = ["--cov"] if options.campaign else [f"--cov={room}" for room in STRICT_ROOMS]
        command += [*rooms, "--cov-report=", "--cov-fail-under=0"]  # judged by a step of its own
    return _shown_step("pytest", [*command, f"--basetemp={folder / 'tests'}", *options.rest], environment)


def _fuzz(options: Options) -> list[Outcome]:
    if not options.fuzz_seconds:
        return []
    return [_shown_step("fuzz", [sys.executable, "-m", "tests.fuzz", f"--seconds={options.fuzz_seconds}"], os.environ)]


def _shown_step(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Outcome:
    """Run a step whose output is shown as it comes."""
    started = time.monotonic()
    output = io.StringIO()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            for line in process.stdout or ():
                sys.stdout.write(line)
                sys.stdout.flush()
                output.write(line)
        except KeyboardInterrupt:
            # It had the same Ctrl-C, or gets it now: what it started is taken down before our servers are.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    outcome = Outcome(name, process.returncode == 0, output.getvalue())
    _report(Outcome(name, outcome.passed), started)
    return outcome


@contextmanager
def _memory() -> Iterator[Path]:
    """Yield a folder for what the tests write, in memory where there is some: they wait for disks most."""
    shared = Path("/dev/shm")
    roomy = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free >= MEMORY_BYTES
    folder = tempfile.mkdtemp(prefix="marac-test-", dir=shared if roomy else None)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _coverage(options: Options) -> list[Outcome]:
    report = [sys.executable, "-m", "coverage", "report"]
    strict = [*report, f"--include={','.join(STRICT_FILES)}", f"--fail-under={STRICT_FLOOR}"]
    whole = [_step("coverage", report)] if options.campaign else []
    return [*whole, _step("strict coverage", strict)]


def _summary(options: Options, outcomes: Sequence[Outcome]) -> int:
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    if options.quick or not options.campaign:
        print(_left_out(options))
    if failed:
        print(f"Failed: {', '.join(failed)}")
    for outcome in outcomes:
        if outcome.name == "fuzz":
            print(f"Fuzzed: {outcome.output.rstrip().rpartition(chr(10))[2]}")
    counts = counts_of(next(outcome.output for outcome in outcomes if outcome.name == "pytest"))
    also = "".join(f", {counts[word]} {word}" for word in ("skipped", "xfailed") if counts[word])
    print(f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed{also}")
    return 1 if failed else 0


def _left_out(options: Options) -> str:
    command = [*PYTEST, "--collect-only", "-q", "-m", " or ".join(options.left_out), *options.rest]
    listing = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    files = Counter(line.split("::")[0] for line in listing.splitlines() if "::" in line)
    named = [f"  {file} ({number} tests)" for file, number in sorted(files.items())]
    if options.quick:
        named.append("  the measurement of coverage")
    elif not options.campaign:
        named.append("  the coverage of all rooms (that of crypto and of the rules is measured)")
    if not options.fuzz_seconds:
        named.append("  the fuzzing of the parsers")
    return "\n".join([f"Left out ({', '.join(options.left_out)}):", *(named or ["  nothing"])])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
