"""`marac area`: the yearly delegation, with the root key brought from where it is kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from agencies.kit.terminal import takes
from gateway.commands.options import OfficeFolder, PassphraseFile
from gateway.commands.outcome import say, wall_clock

app = typer.Typer(no_args_is_help=True, help="The area's chain of trust.")


@dataclass(frozen=True, kw_only=True)
class RenewOptions:
    """Where the root key is, and the office that brings the delegation to the gateway."""

    offline: Annotated[
        Path, typer.Option(help="The folder with root.signkey, from where it is kept.", exists=True, file_okay=False)
    ]
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None
    offline_passphrase_file: Annotated[Path | None, typer.Option(help="As --passphrase-file, for the root key.")] = None


@app.command("renew")
@takes(RenewOptions)
def renew(options: RenewOptions) -> None:
    """Delegate for another year, with the root key.

    Do it a month before the year is over; then lock the root away again.

    Example: marac area renew --offline /media/stick/area-offline
      --office ./area-office
    """
    from gateway.commands.delegating import PassphraseFiles, renew_delegation
    from gateway.commands.office import Office

    files = PassphraseFiles(options.passphrase_file, options.offline_passphrase_file)
    area = renew_delegation(Office(options.office), options.offline, files, wall_clock())
    say(f"Delegation {area.latest.number} is in force until {area.latest.expires:%Y-%m-%d}.")
    say("Lock the root key away again.")
