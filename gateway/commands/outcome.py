"""How a command ends: its exit code, and one line of fact with the next step; never a traceback, never content."""

import json
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum

import typer

from agencies.kit.readable import harmless
from agencies.kit.terminal import on_one_line, warn


class Exit(IntEnum):
    """What the exit code says to a program."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    CHECK_FAILED = 4
    INTERNAL = 70


class Stopped(Exception):
    """The command cannot go on: the fact, what the person does next, and the exit code."""

    def __init__(self, fact: str, next_step: str = "", code: Exit = Exit.FAILED) -> None:
        super().__init__(fact)
        self.next_step = next_step
        self.code = code


def say(text: str = "") -> None:
    """Write lines for people to standard output; what came from elsewhere can neither steer nor colour a terminal."""
    typer.echo(harmless(text))


def say_json(answer: Mapping[str, object]) -> None:
    """Write one JSON object to standard output, in ASCII: it may be a terminal that shows it."""
    typer.echo(json.dumps(answer, indent=2))


def complain(fact: str, next_step: str = "") -> None:
    """Write a fact and, on a second line, the next step to standard error."""
    warn(fact)
    if next_step:
        typer.echo(f"  Next: {on_one_line(next_step)}", err=True)


def add_notes(fault: BaseException) -> None:
    """Write to standard error what a command wants said after its fault, whatever that is."""
    for line in getattr(fault, "__notes__", ()):
        typer.echo(f"  {on_one_line(str(line))}", err=True)


def wall_clock() -> datetime:
    """Return the time as this machine has it: commands are where the clock enters."""
    return datetime.now(UTC)


def locate(fault: BaseException) -> str:
    """Return the kind of fault and the code line it came from; never its message, which may hold content."""
    frames = traceback.extract_tb(fault.__traceback__)
    if not frames:
        return type(fault).__name__
    place = frames[-1]
    return f"{type(fault).__name__} in {'/'.join(place.filename.split('/')[-3:])}, line {place.lineno}"
