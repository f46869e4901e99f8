"""`./marac bench`: what our code costs beside named peers, measured in one run, and whether it reaches its figures.

A benchmark and not a test: it measures ratios of medians, because times alone say more about the machine.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import deciding, memory, packs, peers, sealing, tokens, tree
from tests.bench.machine import describe
from tests.bench.rounds import Progress
from tests.bench.table import Report, Row

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("cryptography", "PyNaCl", "pyrage")
EPILOG = """\
examples:
  ./marac bench crypto                              the table; progress goes to standard error
  ./marac bench pack                                the pack of 40 messages
  ./marac bench crypto --json | jq '.rows[].ratio'  for a program; times in seconds
  ./marac bench tokens --cases 100000               a search for alike cases among fewer, on a PostgreSQL of its own

exit code: 0 if every limit was measured and is kept, 1 if one is not or a peer is missing, 130 if interrupted
crypto takes about half a minute, 400 MB of memory and 200 MB in the temporary folder; tokens, among a million cases,
some minutes and 6 GB there"""


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that `arguments` name and return the exit code."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.chdir(ROOT)
    try:
        report = people(options.cases) if options.what == "tokens" else BENCHMARKS[options.what]()
    except KeyboardInterrupt:
        print("\nmarac bench: interrupted", file=sys.stderr)
        return 130
    print(report.json() if options.json else report.text())
    return report.exit_code


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options in `arguments`: what to measure, and for whom."""
    parser = argparse.ArgumentParser(
        prog="./marac bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what",
        choices=sorted([*BENCHMARKS, "tokens"]),
        help="crypto: sealing, opening, proofs of the log; decide: need-to-know; pack: how soon a case's pack begins; "
        "tokens: cases of the same people",
    )
    parser.add_argument("--cases", type=int, default=tokens.CASES, help="of tokens: among how many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="the same as JSON, on standard output")
    return parser.parse_args(arguments)


def crypto() -> Report:
    """Return the figures of sealed files and of the log's tree."""
    machine, progress = describe(PACKAGES), Progress()
    notes = [
        "Rounds: one call of ours, one of the peer's, in turn. Times are medians of this process's processor time; the "
        "ratio is the median of ours / peer's within a round. Keys are parsed beforehand. Suite: cryptography's HPKE.",
    ]
    rows: list[Row] = [*sealing.rows(progress, notes), *memory.rows(progress)]
    rows += [peers.gpg_row(progress, notes), peers.pyrage_row(progress), *tree.rows(progress, notes)]
    progress.done()
    return Report(rows, notes, machine)


def decide() -> Report:
    """Return what a decision costs."""
    progress, notes = Progress(), list[str]()
    rows = list(deciding.rows(progress, notes))
    progress.done()
    return Report(rows, notes, describe(()))


def pack() -> Report:
    """Return how soon the pack of a case begins to arrive."""
    progress = Progress()
    notes = [
        "Medians of this process's processor time, which is the time on an idle machine: the kit's signed request, the "
        "gateway with its worker on SQLite, and what the kit reads of the answer, all in this process.",
    ]
    rows = list(packs.rows(progress, notes))
    progress.done()
    return Report(rows, notes, describe(PACKAGES))


def people(cases: int) -> Report:
    """Return what it takes to find alike cases among so many."""
    machine, progress = describe(("SQLAlchemy", "asyncpg")), Progress()
    notes: list[str] = []
    rows = list(tokens.rows(progress, notes, cases))
    progress.done()
    return Report(rows, notes, machine)


BENCHMARKS = {"crypto": crypto, "decide": decide, "pack": pack}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
