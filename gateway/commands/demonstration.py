"""`marac demo`: the whole way of a message with made-up people, in a temporary folder."""

from typing import Annotated

import typer


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running afterwards, as a sandbox to try out.")] = False,
) -> None:
    """Show the whole way of a message, from the agreement to the tombstone, with made-up people.

    Needs nothing but this program, and leaves nothing behind. Exit code 0 only if every step held.

    Example: marac demo
    """
    from gateway.demo import run

    raise typer.Exit(run(keep=keep))
