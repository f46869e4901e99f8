"""A command's options as one frozen value: a dataclass whose fields are the command line."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

T = TypeVar("T")

Home = Annotated[
    Path,
    typer.Option(
        envvar="MARAC_HOME", help="The area's folder on the gateway, as `marac init` made it.", file_okay=False
    ),
]
OfficeFolder = Annotated[
    Path,
    typer.Option(envvar="MARAC_OFFICE", help="The coordinator's office: registrar's key and kit.", file_okay=False),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="Read the passphrase from the first line of this file instead of asking.", dir_okay=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
WorkFactor = Annotated[int, typer.Option("--work-factor", hidden=True, min=1, max=20)]
"""scrypt's cost for new key files, as a power of two. Hidden: the tests lower it, nobody else has a reason to."""


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
