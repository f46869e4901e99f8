"""Fuzz the parsers: `python -m tests.fuzz --seconds 60`, or `python -m tests.fuzz age-header --seconds 600`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

ABSENT = (
    "tests.fuzz: atheris is not installed here. It is a development dependency, for Linux on x86-64 alone;\n"
    "elsewhere leave this step out with `./marac test --fuzz 0`."
)


def main(arguments: Sequence[str]) -> int:
    """Do what `arguments` say and return the exit code: 0 only if nothing crashed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them, unless some are named")
    parser.add_argument("--seconds", type=int, default=60, help="for all of them together; 60 unless given")
    parser.add_argument("--input", metavar="FILE", help="try this one input instead, `-` for standard input")
    parser.add_argument("--list", action="store_true", help="name the targets")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs begin with the first one ignored
        signal.signal(number, signal.default_int_handler)
    try:
        if options.input:
            return _try(options.targets, options.input)
        return _list() if options.list else _fuzz(options.targets, options.seconds)
    except KeyboardInterrupt:
        print("tests.fuzz: interrupted", file=sys.stderr)
        return 130


def _fuzz(names: Sequence[str], seconds: int) -> int:
    try:
        from tests.fuzz.campaign import fuzz, instrumented
    except ModuleNotFoundError as missing:
        if missing.name != "atheris":
            raise
        print(ABSENT, file=sys.stderr)
        return 1
    with instrumented():
        from tests.fuzz.targets import TARGETS
    unknown = set(names) - set(TARGETS)
    if unknown:
        print(f"tests.fuzz: no such target: {', '.join(sorted(unknown))}; see --list", file=sys.stderr)
        return 1
    return fuzz({name: TARGETS[name] for name in names or TARGETS}, seconds)


def _try(names: Sequence[str], file: str) -> int:
    """Try one input, without atheris; a crash is shown as Python shows it."""
    from tests.fuzz.target import accepts
    from tests.fuzz.targets import TARGETS

    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    for name in names or TARGETS:
        print(f"{name}: {'accepted' if accepts(TARGETS[name], raw) else 'refused'}")
    return 0


def _list() -> int:
    from tests.fuzz.targets import TARGETS

    print("\n".join(TARGETS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
