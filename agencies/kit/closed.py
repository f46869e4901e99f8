"""`marac case close` and `marac case name`: cases that are for named officers alone."""

from dataclasses import dataclass
from typing import Annotated

import typer

from agencies.kit.terminal import (
    HERE,
    CaseArgument,
    Exit,
    KitFolder,
    PassphraseFile,
    Yes,
    confirmed,
    open_kit,
    say,
    stop,
    takes,
    the_case,
)


def close(
    case: CaseArgument,
    yes: Yes = False,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Close a case (coordinator): from now on it is for this office and for named officers alone. It stays closed.

    A referral that names honour-based abuse, forced marriage or FGM has closed its case already.

    Example: marac case close CAM-7Q4X9-K2M8T-5
    """
    reference = the_case(case)
    if not confirmed(f"Close {reference}? It cannot be opened again.", yes=yes):
        stop("nothing was closed", "run it again when you are sure")
    with open_kit(kit, passphrase_file) as office:
        office.close_case(reference)
    say("Closed. What was sealed to agencies and not opened yet is withheld.\n  Next: marac case name")


@dataclass(frozen=True, kw_only=True)
class NameOptions:
    """Which officers, in which case."""

    case: CaseArgument
    officers: Annotated[
        list[str] | None, typer.Option("--officer", metavar="ID", help="An officer's id; repeatable.")
    ] = None
    remove: Annotated[bool, typer.Option("--remove", help="They may have nothing of it any more.")] = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None


@takes(NameOptions)
def name(options: NameOptions) -> None:
    """Name the officers who may have what a closed case holds (coordinator); an agency without one gets nothing.

    They need keys of their own (marac keys officer --with-key). Ids: marac register list --officers.

    Example: marac case name CAM-7Q4X9-K2M8T-5 --officer marac.area.example/officer/7f3k2m9q
    """
    if not options.officers:
        stop("no officer was named", "give --officer ID, once for each", Exit.USAGE)
    reference = the_case(options.case)
    with open_kit(options.kit, options.passphrase_file) as office:
        office.name(reference, options.officers, remove=options.remove)
    if options.remove:
        say("Done: nothing more of this case is released to them. What they have opened, they have.")
    else:
        say("Done: what comes from now on is sealed to them. What was sealed before is opened by: marac case share")
