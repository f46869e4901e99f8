"""`marac pack`: all that this agency may hold of a case, as one document to read and to print."""

from pathlib import Path
from typing import Annotated

import typer

from agencies.kit.client import PURPOSE, PurposeNotAgreed
from agencies.kit.home import write_durably
from agencies.kit.pack import fetch_pack
from agencies.kit.pack_page import page_of
from agencies.kit.terminal import (
    HERE,
    CaseArgument,
    Exit,
    KitFolder,
    PassphraseFile,
    open_kit,
    refuse_to_overwrite,
    say,
    stop,
    the_case,
    warn,
)


def pack(
    case: CaseArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="The HTML file; else CASE.html here.", dir_okay=False)
    ] = None,
    purpose: Annotated[str, typer.Option(help="What it is read for; a purpose of the agreement.")] = PURPOSE,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Fetch all that this agency may hold of a case, check it, and write it as one HTML document: read it in a
    browser, or print it. Every page is marked with who opened it and when; the log notes each message.

    The file holds everything in clear: keep it where only you can read, and delete it once it is printed.

    Example: marac pack CAM-7Q4X9-K2M8T-5 --out case.html
    """
    reference = the_case(case)
    path = out or Path(f"{reference}.html")
    refuse_to_overwrite(path)
    with open_kit(kit, passphrase_file) as receiving:
        try:
            packed = fetch_pack(receiving, reference, purpose)
        except PurposeNotAgreed as wrong:
            stop(f"--purpose: {wrong}", f"give one of: {', '.join(wrong.purposes)}", Exit.USAGE)
        for delivery, error in packed.failed:
            warn(f"WARNING: delivery {delivery}, collected before the pack: {error}; nothing of it was saved")
        write_durably(path, page_of(packed).encode())
        if receiving.pending():
            warn("a receipt could not be sent yet; the next `marac pull` sends it")
    say(f"{len(packed.messages)} messages, every check passed: {path}")
