"""`marac area`: the yearly delegation and new keys for it, and the way back for an office whose key is gone."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agencies.kit.terminal import confirmed, takes
from gateway.commands.options import Home, OfficeFolder, PassphraseFile, WorkFactor
from gateway.commands.outcome import Stopped, say, wall_clock

if TYPE_CHECKING:
    from gateway.commands.delegating import NewKeys
    from gateway.commands.office import Office

app = typer.Typer(no_args_is_help=True, help="The area's chain of trust.")


@dataclass(frozen=True, kw_only=True)
class NewKeyOptions:
    """Which key is to be replaced, and whose."""

    role: Annotated[str, typer.Argument(metavar="gateway|log", help="Which key is to be replaced.")]
    home: Home = Path()
    passphrase_file: PassphraseFile = None
    work_factor: WorkFactor = 18


@dataclass(frozen=True, kw_only=True)
class RenewOptions:
    """Where the root key is, what it delegates, and the office that brings the delegation to the gateway."""

    offline: Annotated[
        Path, typer.Option(help="The folder with root.signkey, from where it is kept.", exists=True, file_okay=False)
    ]
    new_gateway_key: Annotated[
        str, typer.Option(metavar="FILE", help="Replace the gateway's key by this vkey.", show_default=False)
    ] = ""
    new_log_key: Annotated[
        str, typer.Option(metavar="FILE", help="Replace the log's key by this vkey.", show_default=False)
    ] = ""
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: the fingerprints were compared.")] = False
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None
    offline_passphrase_file: Annotated[Path | None, typer.Option(help="As --passphrase-file, for the root key.")] = None


@app.command("new-key")
@takes(NewKeyOptions)
def new_key(options: NewKeyOptions) -> None:
    """Make a new key for the gateway or its log, on the gateway's machine.

    It lies beside the one in use, and changes nothing until the root
    delegates it: marac area renew --new-gateway-key, or --new-log-key.

    Example: marac area new-key log --home ./area
    """
    from agencies.area import fingerprint
    from gateway.commands.new_key import KEY_FILES, make_new_key

    key, public = make_new_key(options.home, options.role, options.passphrase_file, options.work_factor)
    say(f"New key of {key.name}. Fingerprint: {fingerprint(key)}")
    say(f"  Next: send {public} to the coordinator's office, read the fingerprint out when they telephone,")
    say(f"  and once they have delegated it put {options.role}-new.signkey in the place of {KEY_FILES[options.role]}.")


@dataclass(frozen=True, kw_only=True)
class EnterOptions:
    """What the registrar signed, and the area whose database takes it."""

    notes: Annotated[
        list[Path],
        typer.Argument(metavar="NOTE...", help="The next register, and revocations.", exists=True, dir_okay=False),
    ]
    home: Home = Path()


@app.command("renew")
@takes(RenewOptions)
def renew(options: RenewOptions) -> None:
    """Delegate for another year, with the root key.

    Do it a month before the year is over; then lock the root away again.
    A stolen key of the gateway or of its log is replaced at once, at any time:
    what signs is made on the gateway by marac area new-key; its .vkey file
    comes here. The old key is believed for another 24 hours.

    Example: marac area renew --offline /media/stick/area-offline
      --office ./area-office --new-log-key ./log-new.vkey
    """
    from gateway.commands.delegating import PassphraseFiles, renew_delegation
    from gateway.commands.office import Office

    office = Office(options.office)
    new = _compared(options, office)
    files = PassphraseFiles(options.passphrase_file, options.offline_passphrase_file)
    area = renew_delegation(office, options.offline, files, new, wall_clock())
    say(f"Delegation {area.latest.number} is in force until {area.latest.expires:%Y-%m-%d}.")
    for role in new.named():
        say(f"On the gateway, within 24 hours: stop it, mv {role}-new.signkey {role}.signkey, start it.")
    say("Lock the root key away again.")


def _compared(options: RenewOptions, office: "Office") -> "NewKeys":
    """Return the new keys, once a person has compared what arrived here with what was made on the gateway."""
    from agencies.area import fingerprint
    from gateway.commands.delegating import NewKeys, read_new_key

    area = office.area()
    new = NewKeys(
        gateway=read_new_key(area, "gateway", options.new_gateway_key),
        log=read_new_key(area, "log", options.new_log_key),
    )
    for role, key in new.named().items():
        say(f"New key of the {role}: {fingerprint(key)}")
        if not confirmed(f"Does the gateway's operator read out the same for the {role}?", yes=options.yes):
            raise Stopped("the key was not confirmed: nothing was delegated", "have the .vkey file sent again")
    return new


@app.command("enter-register")
@takes(EnterOptions)
def enter_register(options: EnterOptions) -> None:
    """Enter what the registrar signed, on the gateway's machine.

    For the day on which the coordinator's key was stolen, lost or revoked,
    so that the office can send nothing. Everything is verified as if it had
    been sent, and is in the log. All of it is entered, or nothing.

    Example: marac area enter-register register.pending revoked.note
      --home ./area
    """
    from gateway.commands.entering import enter

    register = enter(options.home, options.notes)
    say(f"Register {register.number} is in force, with what was revoked.")
    say("At the coordinator's office, run: marac register publish")
