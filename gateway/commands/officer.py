"""`marac officer`: the registrar enters and removes the named readers of an agency or office."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from agencies.kit.terminal import takes
from gateway.commands.agency import Compared, Proof, StatusOptions, set_status
from gateway.commands.options import OfficeFolder, PassphraseFile

app = typer.Typer(no_args_is_help=True, help="Officers: the named readers of an agency or office.")


@dataclass(frozen=True, kw_only=True)
class NoteOptions:
    """The officer's note, and the office that decides."""

    officer_note: Annotated[
        Path,
        typer.Argument(metavar="OFFICER_NOTE", help="The note that the agency sent.", exists=True, dir_okay=False),
    ]
    proof: Proof = None
    key: Compared = None
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None


@dataclass(frozen=True, kw_only=True)
class OfficerOptions:
    """Which officer, and the office that decides."""

    officer: Annotated[str, typer.Argument(metavar="ID", help="Such as marac.cambridgeshire.example/officer/7f3k2m9q.")]
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None


@app.command("add")
@takes(NoteOptions)
def add(options: NoteOptions) -> None:
    """Enter an officer, or the new note of one.

    With a recipient of their own, for closed cases, they open a test
    message first: without --proof it is made, with their answer they are
    entered. A new signing key of an officer who is entered already needs a telephone
    call: give the keyid that they read out. Who was removed or moves to
    another agency gets a new officer id.

    Example: marac officer add 7f3k2m9q.party --office ./area-office
    Then:    marac officer add 7f3k2m9q.party --office ./area-office
      --proof officer.proof
    """
    from gateway.commands.admission import Evidence, enter_officer
    from gateway.commands.office import open_office

    evidence = Evidence(options.proof, tuple(options.key or ()))
    enter_officer(open_office(options.office), options.officer_note, evidence, options.passphrase_file)


@app.command("remove")
@takes(OfficerOptions)
def remove(options: OfficerOptions) -> None:
    """Let an officer go: nothing more is released to them.

    Example: marac officer remove marac.area.example/officer/7f3k2m9q
      --office ./area-office
    """
    status = StatusOptions(party=options.officer, office=options.office, passphrase_file=options.passphrase_file)
    set_status(status, "removed")
