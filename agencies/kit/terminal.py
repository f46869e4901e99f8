"""How the kit's commands speak: options in common, passphrases, answers, and the way a command stops."""

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeVar

import typer

from agencies.kit.client import Kit
from agencies.kit.expiry import TELL, expiry_warnings
from agencies.kit.home import Home, NoSuchHome
from agencies.kit.keyring import load_keyring
from agencies.kit.outbox import OutboxUnavailable
from agencies.kit.readable import harmless
from agencies.kit.wire import Problem
from agencies.names import CaseRef, MessageId, parse_case_ref, parse_message_id
from crypto import b64
from crypto.errors import Malformed

T = TypeVar("T")

_OTHERS: Final = 0o077
MIN_PASSPHRASE_CHARS: Final = 12


class Exit(IntEnum):
    """What the exit code says to a program."""

    FAILED = 1
    USAGE = 2
    REFUSED = 3
    CHECK_FAILED = 4


KitFolder = Annotated[
    Path, typer.Option("--kit", envvar="MARAC_KIT", help="The kit's folder, as `marac join` made it.", file_okay=False)
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Read the passphrase from this file's first line.", dir_okay=False),
]
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Such as CAM-7Q4X9-K2M8T-5.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
WorkFactor = Annotated[int, typer.Option("--work-factor", hidden=True, min=1, max=20)]
HERE: Final = Path("marac-kit")


def takes(options: type[T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Return a decorator: the command's options are the fields of the dataclass `options`, given as one value."""

    def decorate(command: Callable[[T], None]) -> Callable[..., None]:
        def run(**values: object) -> None:
            command(options(**values))

        run.__name__, run.__doc__ = command.__name__, inspect.getdoc(command)
        # What typer reads the options from; `run` itself takes whatever they are.
        run.__dict__["__signature__"] = inspect.signature(options)
        return run

    return decorate


def the_case(text: str) -> CaseRef:
    """Return the case reference that somebody typed; stops where it is none."""
    try:
        return parse_case_ref(text)
    except Malformed:
        stop("that is not a case reference", "copy it from the message: a letter may be misread", Exit.USAGE)


def say(text: str = "") -> None:
    """Write lines for people to standard output; what came from elsewhere can neither steer nor colour a terminal."""
    typer.echo(harmless(text))


def warn(text: str) -> None:
    """Write one line to standard error, whatever `text` holds."""
    typer.echo(f"marac: {on_one_line(text)}", err=True)


def tell(text: str) -> None:
    """Write one line to standard error for who is about to be asked, whatever `text` holds."""
    typer.echo(on_one_line(text), err=True)


def on_one_line(text: str) -> str:
    """Return `text` as one harmless line: no word of a gateway's can pass for a line of ours."""
    return harmless(" ".join(text.splitlines()))


def sha256_hex(text_hash: str) -> str:
    """Return a hash of ours, `sha256:` and base64, as `sha256sum` prints it. Raises Malformed."""
    return b64.parse_padded(text_hash.removeprefix("sha256:")).hex()


def answer(as_json: bool, members: Mapping[str, object], text: str) -> None:
    """Write an answer: the members for a program (JSON, in ASCII: it may be shown by a terminal), or the text."""
    if as_json:
        typer.echo(json.dumps(members))
    else:
        say(text)


def stop(fact: str, next_step: str, code: Exit = Exit.FAILED) -> NoReturn:
    """End the command: one line what is wrong, one line what to do next."""
    warn(fact)
    typer.echo(f"  Next: {on_one_line(next_step)}", err=True)
    raise typer.Exit(code)


def confirmed(question: str, *, yes: bool) -> bool:
    """Return whether the person says yes; `yes` says it for them. Where nobody can answer the command ends."""
    if yes:
        return True
    if not sys.stdin.isatty():
        stop("nobody is there to answer", "give --yes", Exit.USAGE)
    return typer.confirm(on_one_line(question), err=True)


def message_id(text: str) -> MessageId:
    """Return the id of a message that was sent; what is none ends the command."""
    try:
        return parse_message_id(text)
    except Malformed:
        stop("that is not a message's id", "copy it from the answer of marac refer", Exit.USAGE)


def wall_clock() -> datetime:
    """Return the time as this machine has it: commands are where the clock enters."""
    return datetime.now(UTC)


def open_home(folder: Path) -> Home:
    """Return the kit's folder, after a warning if what it trusts has expired, or will.

    Raises NoSuchHome, CheckFailed.
    """
    home = Home.load(folder)
    _warn_of_expiry(home)
    return home


@contextmanager
def open_kit(folder: Path, passphrase_file: Path | None) -> Iterator[Kit]:
    """Yield the kit in `folder` with its keys open; at the end, say what it could not do and what has expired.

    Raises NoSuchHome, NoKeys, KeyFileError, CheckFailed.
    """
    home = Home.load(folder)
    with Kit(home, load_keyring(home, passphrase(passphrase_file), wall_clock()), wall_clock) as kit:
        try:
            yield kit
        except Problem as problem:
            if problem.telephone:
                _note_telephone(home, problem.telephone)  # for the day on which nothing answers
            raise
        finally:
            for receipt in kit.given_up:
                warn(
                    f"WARNING: the gateway does not take the receipt {receipt.state!r} of delivery {receipt.delivery},"
                    " not even signed anew. Tell the coordinator; it is not sent again."
                )
            _tell_of_unanswered(kit)
            _warn_of_expiry(home)  # last: what the command fetched may have renewed it


def _note_telephone(home: Home, stated: str) -> None:
    try:
        kept = home.note_telephone(stated)
    except (OSError, NoSuchHome):
        return  # what must be told is the refusal
    if _bare(kept) != _bare(stated):
        settings = home.settings
        warn(
            f"WARNING: the gateway states another number for the coordinator: {stated!r}; kept: {kept!r}. Ask your"
            " coordinator, on a number you already had, which is right, and change it with:"
            f" marac join {settings.url} {settings.party} --kit {home.path} --telephone NUMBER"
        )


def _tell_of_unanswered(kit: Kit) -> None:
    # On every command: a lid closed over an unsent referral must not stay unnoticed.
    with suppress(OutboxUnavailable):
        if waiting := len(kit.outbox.unanswered()):
            warn(f"WARNING: of what was sent from here, {waiting} got no answer and may not have arrived: marac sent")


def _bare(number: str) -> str:
    return "".join(symbol for symbol in number if symbol not in " -().")  # written otherwise, it is the same number


def _warn_of_expiry(home: Home) -> None:
    held = home.trust()
    if held is not None:
        directory = held.verified()
        for line in expiry_warnings(directory.area, directory.register, wall_clock(), TELL):
            warn(line)


def passphrase(file: Path | None, *, new: bool = False) -> str:
    """Return the passphrase of the folder's keys: from the file, else asked for; secret.

    new  it is being chosen: asked for twice, and not too short
    """
    chosen = _from_file(file) if file else _asked(new=new)
    if new and len(chosen) < MIN_PASSPHRASE_CHARS:
        stop(f"the passphrase is shorter than {MIN_PASSPHRASE_CHARS} characters", "choose a longer one", Exit.USAGE)
    return chosen


def refuse_to_overwrite(path: Path, option: str = "--out") -> None:
    """End the command where a file is in the way, or there is no folder for it: before a key is made for it.

    option  how the person gives another
    """
    if path.exists() or path.is_symlink():
        stop(f"{path} is there already: nothing was made", f"move it away, or give another {option}", Exit.USAGE)
    if not path.parent.is_dir():
        stop(f"{path.parent} is not a folder: nothing was made", f"make it, or give another {option}", Exit.USAGE)


def write_public(path: Path, content: str) -> None:
    """Write a file that may be sent to others; one that is there is never overwritten."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        stop(f"{path} is there already", "move it away, or give another --out", Exit.USAGE)
    with open(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(content)


def _from_file(file: Path) -> str:
    if file.stat().st_mode & _OTHERS:
        stop(f"others on this machine may read {file}", f"run: chmod 600 {file}", Exit.USAGE)
    lines = file.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        stop(f"{file} holds no passphrase", "write it on the first line", Exit.USAGE)
    return lines[0]


def _asked(*, new: bool) -> str:
    if not sys.stdin.isatty():
        stop("nobody is there to type the passphrase", "give --passphrase-file", Exit.USAGE)
    typed: str = typer.prompt("Passphrase of this kit's keys", hide_input=True, confirmation_prompt=new)
    return typed
