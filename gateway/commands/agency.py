"""`marac agency`: the registrar lets agencies and offices in, renews, suspends and removes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agencies.kit.terminal import takes
from gateway.commands.options import OfficeFolder, PassphraseFile
from gateway.commands.outcome import say, wall_clock

if TYPE_CHECKING:
    from gateway.commands.admission import Evidence

app = typer.Typer(no_args_is_help=True, help="Agencies and offices in the area's register.")

Note = Annotated[
    Path, typer.Argument(metavar="PARTY_NOTE", help="The note that the agency sent.", exists=True, dir_okay=False)
]
Proof = Annotated[Path | None, typer.Option(help="The answer to the test messages.", exists=True, dir_okay=False)]
Compared = Annotated[
    list[str] | None,
    typer.Option("--key", help="A new signing key's id, as they read it out on the telephone; once for each key."),
]
Who = Annotated[str, typer.Argument(metavar="ID", help="Such as marac.cambridgeshire.example/agency/housing.")]


@dataclass(frozen=True, kw_only=True)
class NoteOptions:
    """The agency's note, its proof, and the office that decides."""

    party_note: Note
    proof: Proof = None
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None


@dataclass(frozen=True, kw_only=True)
class RenewOptions:
    """The agency's new note, what proves it, and the office that decides."""

    party_note: Note
    proof: Proof = None
    key: Compared = None
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: what the note changes was compared.")] = False
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None

    def evidence(self) -> "Evidence":
        """Return what there is for the note beside itself."""
        from gateway.commands.admission import Evidence

        return Evidence(self.proof, tuple(self.key or ()))


@dataclass(frozen=True, kw_only=True)
class StatusOptions:
    """Whose status changes, and the office that decides."""

    party: Who
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None


@app.command("add")
@takes(NoteOptions)
def add(options: NoteOptions) -> None:
    """Let an agency in, once it has opened two test messages.

    First without --proof, which makes the messages; then with its answer.
    Compare the agency's key with somebody you know there, by telephone.

    Example: marac agency add housing.party --office ./area-office
    Then:    marac agency add housing.party --office ./area-office
      --proof housing.proof
    """
    from gateway.commands.admission import admit
    from gateway.commands.office import open_office

    admit(open_office(options.office), options.party_note, options.proof, options.passphrase_file)


@app.command("renew")
@takes(RenewOptions)
def renew(options: RenewOptions) -> None:
    """Take an agency's new note: a new agreement, another key.

    Recipients that are new need --proof, as for agency add. A new signing
    key needs a telephone call: give the keyid that they read out. An agency
    whose keys were all revoked needs both. What the note changes is shown,
    and asked about; its kind never changes, and its agreement is the area's.

    Example: marac agency renew housing.party --office ./area-office
    Then:    marac agency renew housing.party --office ./area-office
      --key marac.area.example/agency/housing+0a1b2c3d
    """
    from gateway.commands.admission import renew as renew_entry
    from gateway.commands.office import open_office

    office, evidence = open_office(options.office), options.evidence()
    renew_entry(office, options.party_note, evidence, options.passphrase_file, yes=options.yes)


@app.command("suspend")
@takes(StatusOptions)
def suspend(options: StatusOptions) -> None:
    """Stop an agency for now: nothing more is sealed to it or taken from it.

    Example: marac agency suspend marac.area.example/agency/housing
      --office ./area-office
    """
    set_status(options, "suspended")


@app.command("resume")
@takes(StatusOptions)
def resume(options: StatusOptions) -> None:
    """Let a suspended agency take part again.

    Example: marac agency resume marac.area.example/agency/housing
      --office ./area-office
    """
    set_status(options, "active")


@app.command("remove")
@takes(StatusOptions)
def remove(options: StatusOptions) -> None:
    """Let an agency go for good; it stays listed: old signatures verify.

    Example: marac agency remove marac.area.example/agency/housing
      --office ./area-office
    """
    set_status(options, "removed")


def set_status(options: StatusOptions, status: str) -> None:
    """Publish the register in which the participant has another status."""
    from gateway.commands.ledger import change_register, open_keys, with_status
    from gateway.commands.office import open_office

    change = with_status(options.party, status, wall_clock())
    register = change_register(open_office(options.office), change, open_keys(options.passphrase_file))
    say(f"{options.party} is {status}: register {register.number} is in force.")
