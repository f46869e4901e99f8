"""Passphrases of key files: from a file that only its owner can read, or asked for at the terminal."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import typer

from gateway.commands.outcome import Exit, Stopped

MIN_CHARS = 12
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Passphrases:
    """What protects the keys in each of an area's three folders; secret."""

    service: str = field(repr=False)
    office: str = field(repr=False)
    offline: str = field(repr=False)
    work_factor: int


def choose(keys: str, file: Path | None, option: str = "--passphrase-file") -> str:
    """Return a passphrase for new keys: the file's first line, else asked for twice; secret.

        keys   what it protects, as shown to the person

    Raises Stopped if it is shorter than 12 characters, or there is nobody to ask.
    """
    chosen = _read(file) if file else _ask(keys, option, twice=True)
    if len(chosen) < MIN_CHARS:
        raise Stopped(
            f"the passphrase for {keys} is shorter than {MIN_CHARS} characters", "choose a longer one", Exit.USAGE
        )
    return chosen


def recall(keys: str, file: Path | None, option: str = "--passphrase-file") -> str:
    """Return the passphrase of keys that are there: the file's first line, else asked for once; secret.

    Raises Stopped, naming `option`, if there is nobody to ask.
    """
    return _read(file) if file else _ask(keys, option, twice=False)


def _read(file: Path) -> str:
    if file.stat().st_mode & _OTHERS:
        raise Stopped(f"others on this machine may read {file}", f"run: chmod 600 {file}", Exit.USAGE)
    lines = file.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise Stopped(f"{file} holds no passphrase", "write it on the first line", Exit.USAGE)
    return lines[0]


def _ask(keys: str, option: str, *, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise Stopped(f"nobody is there to type the passphrase for {keys}", f"give {option}", Exit.USAGE)
    answer: str = typer.prompt(f"Passphrase for {keys}", hide_input=True, confirmation_prompt=twice)
    return answer
