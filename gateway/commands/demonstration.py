"""`marac demo`: the whole way of a message with made-up people, in a temporary folder; and a sandbox to go on with."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.outcome import Exit, Stopped


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Then open a sandbox to try out, until Ctrl-C.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(help="With --keep: a new folder, which stays. Without it a temporary one.", file_okay=False),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="With --keep: where it listens, on 127.0.0.1.")] = 8443,
) -> None:
    """Show the whole way of a message, from the agreement to the tombstone, with made-up people.

    Needs nothing but this program, and leaves nothing behind. Exit code 0 only if every step held.
    With --keep a sandbox opens afterwards: fixed agencies and keys, a case for every error code, a clock to move.

    Example: marac demo
             marac demo --keep
    """
    from gateway.demo import run

    if not keep:
        if folder is not None:
            raise Stopped("--folder is the sandbox's", "give --keep with it", Exit.USAGE)
        raise typer.Exit(run())
    from gateway.sandbox.stay import NotFree, claim, leave, stay

    try:
        place = claim(folder, port)
    except NotFree as taken:
        raise Stopped(str(taken), taken.next_step) from None
    try:
        ended = run(sandbox=lambda console: stay(place, console))
    finally:
        leave(place)
    raise typer.Exit(ended)
