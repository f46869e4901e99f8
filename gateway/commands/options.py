"""Options that several commands take; each command has a dataclass of them, see agencies/kit/terminal.py, `takes`."""

from pathlib import Path
from typing import Annotated

import typer

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
