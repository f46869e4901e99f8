"""`marac audit`: fetch the log's export, and check one offline."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from agencies.kit.export import EntryAltered, LogMismatch, Verified, verify_export
from agencies.kit.terminal import (
    HERE,
    AsJson,
    Exit,
    KitFolder,
    PassphraseFile,
    answer,
    open_home,
    open_kit,
    say,
    stop,
    wall_clock,
)
from crypto.errors import Malformed
from crypto.keys import VerifyKey, parse_vkey

app = typer.Typer(no_args_is_help=True, help="The audit log: export it (coordinator, compliance), and check an export.")


@app.command("export")
def export(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", dir_okay=False)],
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Fetch the whole log with its salts. The file is personal data: keep it as such.

    Example: marac audit export log.jsonl
    """
    if path.exists():
        stop(f"{path} is there already", "give another name", Exit.USAGE)
    with open_kit(kit, passphrase_file) as office:
        lines = office.export_log(path)
    say(f"{lines - 1} entries. Check them: marac audit verify {path}")


@app.command("verify")
def verify(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An export.", exists=True, dir_okay=False)],
    log_key: Annotated[str, typer.Option(help="The log's vkey, if it was another when this was exported.")] = "",
    kit: KitFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Check an export without any network: each entry, the tree over them, and the log's signature.

    Example: marac audit verify log.jsonl
    """
    keys = _keys(log_key, kit)
    origin = keys[0].name
    try:
        verified = _verified(path, keys, origin)
    except EntryAltered as error:
        answer(as_json, {"verified": False, "index": error.index, "entry": error.entry}, f"ALTERED: {error}")
        raise typer.Exit(Exit.CHECK_FAILED) from None
    except LogMismatch as error:
        answer(as_json, {"verified": False, "fact": str(error)}, f"NOT VERIFIED: {error}")
        raise typer.Exit(Exit.CHECK_FAILED) from None
    members = {"verified": True, "origin": origin, "size": verified.size, "destroyed": verified.destroyed}
    gone = f", {verified.destroyed} of them destroyed with their salt" if verified.destroyed else ""
    answer(as_json, members, f"Verified: all {verified.size} entries of {origin}{gone}.")


def _verified(path: Path, keys: list[VerifyKey], origin: str) -> Verified:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking", total=None)
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            return verify_export(lines, keys, origin, lambda done, size: bar.update(task, completed=done, total=size))


def _keys(log_key: str, kit: Path) -> list[VerifyKey]:
    if log_key:
        try:
            return [parse_vkey(log_key)]
        except Malformed:
            stop("that is not a log's vkey", "copy it from the area's delegation", Exit.USAGE)
    home = open_home(kit)
    held = home.trust()
    if held is None:
        stop("this kit has not seen the area's delegation yet", "run: marac pull, or give --log-key", Exit.USAGE)
    # Of now, not of all times: a log key that the root replaced must not sign a history of its own.
    return list(held.verified().area.log_keys(wall_clock()))
