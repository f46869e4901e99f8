"""The kit's errors in a person's words; loaded only once something went wrong. No message of theirs holds content."""

from typing import Final

import typer

from agencies.documents.invalid import DocumentInvalid
from agencies.kit.client import AlreadyShown, NoOfficer, OfficerNotEntered
from agencies.kit.compose import UnknownKind
from agencies.kit.export import LogMismatch
from agencies.kit.forms import FormInvalid
from agencies.kit.headings import NoKeysToSealTo
from agencies.kit.home import HomeDamaged, HomeExists, NoSuchHome, NotSaved
from agencies.kit.inbox import NotInInbox
from agencies.kit.keyfile import (
    AlreadyThere,
    KeyFileError,
    NoMemory,
    OpenToOthers,
    UnusablePassphrase,
    WrongPassphrase,
)
from agencies.kit.keyring import NoKeys
from agencies.kit.opening import CheckFailed
from agencies.kit.outbox import NotReadable, OutboxUnavailable
from agencies.kit.recalls import RecallAnswered, TakenBack
from agencies.kit.safe_address import OlderSafeContactElsewhere, SafeContactElsewhere
from agencies.kit.safe_contacts import SafeContactUnread
from agencies.kit.sending import NotOurs
from agencies.kit.terminal import on_one_line, warn
from agencies.kit.urgent import NotKnownToArrive
from agencies.kit.wire import BadAnswer, Problem, Unreachable, Untrusted
from gateway.commands.outcome import Exit, complain

KIT_FAULTS: Final[tuple[tuple[type[Exception], Exit, str], ...]] = (
    (WrongPassphrase, Exit.FAILED, "try again with the passphrase that was chosen for this folder's keys"),
    (UnusablePassphrase, Exit.FAILED, "type it in a terminal set to UTF-8, or save its file as UTF-8"),
    (NoMemory, Exit.FAILED, "end other programs, or open it on a machine with two gigabytes to spare"),
    (
        OpenToOthers,
        Exit.FAILED,
        "if nobody else can have read it, run chmod 600 on it (on a FAT or exFAT stick that does nothing: copy it into"
        " a folder of your own first, with umask 077, and delete the copy afterwards); otherwise revoke the key",
    ),
    (AlreadyThere, Exit.FAILED, "choose another folder, or move the old key away first"),
    (KeyFileError, Exit.FAILED, "fetch the file again from where its copy is kept"),
    (CheckFailed, Exit.CHECK_FAILED, "do not use what you received, and tell the coordinator by telephone"),
    (LogMismatch, Exit.CHECK_FAILED, "keep the file, and tell the area's data protection lead"),
    (Untrusted, Exit.FAILED, "give --ca FILE to marac join, or name the file as ca_file in kit.json"),
    (NotKnownToArrive, Exit.FAILED, "run the same again, or marac refer --unanswered: it cannot be taken twice"),
    (Unreachable, Exit.FAILED, "check that the gateway runs and its address in kit.json; running it again is safe"),
    (BadAnswer, Exit.FAILED, "check that the gateway's address is right, and that this kit is not older than it"),
    (HomeDamaged, Exit.USAGE, "restore it from a copy, or join again in a new folder, comparing the fingerprint"),
    (NoSuchHome, Exit.USAGE, "give the folder with --kit, or make one with: marac join"),
    (HomeExists, Exit.USAGE, "give another folder"),
    (NoKeys, Exit.FAILED, "make one with: marac keys generate"),
    (OutboxUnavailable, Exit.FAILED, "make room on the disk; if outbox.sqlite is damaged, move it away and keep it"),
    (NotReadable, Exit.FAILED, "put the key files back that it was kept with, or ask the coordinator"),
    (NotOurs, Exit.FAILED, "give the folder that it was made in with --kit"),
    (NotSaved, Exit.FAILED, "pull it first with: marac pull"),
    (AlreadyShown, Exit.FAILED, "read the saved copy: marac open --again"),
    (RecallAnswered, Exit.REFUSED, "nothing more is to be done; if it is needed, ask its sender"),
    (TakenBack, Exit.REFUSED, "confirm that it is destroyed: marac destroy"),
    (NoOfficer, Exit.USAGE, "name one with: marac keys officer"),
    (OfficerNotEntered, Exit.REFUSED, "give the coordinator the note for: marac officer add; then run it again"),
    (
        NoKeysToSealTo,
        Exit.FAILED,
        "take its id from: marac register list; new keys are entered with: marac agency renew",
    ),
    (NotInInbox, Exit.FAILED, "look what there is with: marac inbox"),
    (UnknownKind, Exit.FAILED, "install a newer kit"),
    (
        OlderSafeContactElsewhere,
        Exit.USAGE,
        "nothing was sent: take it out there; or, where whoever reads it must know that place (he lives there, it was"
        " the wrong one), add --older-safe-contact",
    ),
    (
        SafeContactElsewhere,
        Exit.USAGE,
        "nothing was sent: take it out there and leave the field unknown; whoever reads that document would learn it",
    ),
    (
        SafeContactUnread,
        Exit.USAGE,
        "nothing was sent: open it first (marac inbox, marac open), and run this again; where it cannot be opened here,"
        " read the message for any safe address yourself, and add --unread-safe-contact",
    ),
    (DocumentInvalid, Exit.USAGE, "correct the document and send it again"),
)
_REFUSALS: Final = ("not-available", "not-active", "not-allowed", "not-in-force", "required", "not-proved", "revoked")


def explain_form(fault: Exception) -> Exit | None:
    """Tell every mistake of a form on a line of its own and return the exit code; None if `fault` is no form's."""
    if not isinstance(fault, FormInvalid):
        return None
    count = len(fault.problems)
    warn(f"the form has {'1 mistake' if count == 1 else f'{count} mistakes'}:")
    for line in str(fault).splitlines():
        typer.echo(f"  {on_one_line(line)}", err=True)
    typer.echo("  Next: correct the form and send it again", err=True)
    return Exit.USAGE


def explain_problem(fault: Exception) -> Exit | None:
    """Tell what the gateway answered and return the exit code; None if `fault` is no answer of the gateway's."""
    if not isinstance(fault, Problem):
        return None
    where = f", at {fault.pointer}" if fault.pointer else ""
    complain(f"the gateway refused: {fault}{where}", fault.help)
    return Exit.REFUSED if fault.code.endswith(_REFUSALS) else Exit.FAILED
