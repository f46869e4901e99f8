"""`marac case share` and `rehead`: the coordinator opens a case's messages to who joined it, or has new keys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from agencies.kit import keyfile
from agencies.kit.client import PURPOSE, Kit, PurposeNotAgreed
from agencies.kit.headings import SAFE_CONTACT, NoKeysToSealTo, Shareable, outdated, recipients_of, shareable, wrap_for
from agencies.kit.terminal import (
    HERE,
    AsJson,
    CaseArgument,
    Exit,
    KitFolder,
    PassphraseFile,
    Yes,
    answer,
    confirmed,
    message_id,
    open_kit,
    passphrase,
    stop,
    takes,
    the_case,
    warn,
)
from agencies.kit.wire import Problem
from agencies.names import CaseRef, PartyId, parse_party_id
from crypto import age
from crypto.errors import Malformed

REFUSED = "share-refused"
Purpose = Annotated[str, typer.Option(help="What it is opened for, where it was not yet; a purpose of the agreement.")]


@dataclass(frozen=True, kw_only=True)
class ShareOptions:
    """Which messages of which case, and with whom."""

    case: CaseArgument
    to: Annotated[str, typer.Option("--to", metavar="ID", help="The agency; see: marac register list.")]
    message: Annotated[list[str] | None, typer.Option("--message", metavar="ID", help="This one; repeatable.")] = None
    all_: Annotated[bool, typer.Option("--all", help="All that it does not have yet, but no safe contact.")] = False
    safe_contact: Annotated[bool, typer.Option("--safe-contact", help="Yes, a safe contact that is named.")] = False
    purpose: Purpose = PURPOSE
    yes: Yes = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(ShareOptions)
def share(options: ShareOptions) -> None:
    """Open to an agency what was sealed before it joined the case: what the office holds, item by item.

    What the agency may not have is refused: record its part first (marac case relate). A safe contact is shared only
    by name, with --message and --safe-contact. Exclusions are never shared.

    Example: marac case share CAM-7Q4X9-K2M8T-5 --to marac.cambridgeshire.example/agency/housing --all
    """
    if bool(options.message) == options.all_:
        stop("nothing to share was named", "give --message ID, or --all", Exit.USAGE)
    if options.all_ and options.safe_contact:
        stop("a safe contact is never part of --all", "name it: --message ID --safe-contact", Exit.USAGE)
    reference, party = the_case(options.case), _party(options.to)
    with open_kit(options.kit, options.passphrase_file) as office:
        _collect(office, party, options.purpose)
        there = shareable(office, reference, party)
        chosen = _named(options, there) if options.message else [one for one in there if _is_of_all(one)]
        if not chosen:
            stop("there is nothing to share", f"see what it holds: marac case show {reference}")
        _ask(chosen, party, "Shared with", yes=options.yes)
        done, refused = _wrap_all(office, chosen, party, options.purpose)
    _tell(options.as_json, party, done, refused)


@dataclass(frozen=True, kw_only=True)
class ReheadOptions:
    """For whom, and which recovery key opens what the working key does not any more."""

    for_: Annotated[str, typer.Option("--for", metavar="ID", help="The agency, or the office itself.")]
    recovery_key: Annotated[
        Path | None, typer.Option(help="The office's recovery key, where its working key is lost.", dir_okay=False)
    ] = None
    recovery_passphrase_file: Annotated[
        Path | None, typer.Option(help="Of the recovery key, where it has a passphrase of its own.", dir_okay=False)
    ] = None
    purpose: Purpose = PURPOSE
    yes: Yes = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(ReheadOptions)
def rehead(options: ReheadOptions) -> None:
    """Make new headers for who has new keys, in every open case that this folder knows: after a lost or revoked key.

    For the office itself, whose working key is lost: marac keys rotate working and marac agency renew first; then,
    with the recovery key from the safe, this.

    Example: marac case rehead --for marac.cambridgeshire.example/agency/housing
             marac case rehead --for marac.cambridgeshire.example/office/coordinator
             --recovery-key /media/stick/coordinator-recovery.agekey
    """
    party = _party(options.for_)
    with open_kit(options.kit, options.passphrase_file) as office:
        if options.recovery_key is not None:
            _open_with(office, options.recovery_key, options.recovery_passphrase_file, options.passphrase_file)
        _collect(office, party, options.purpose)
        stale = outdated(office, party)
        if stale:
            _ask(stale, party, "New headers for", yes=options.yes)
        done, refused = _wrap_all(office, stale, party, options.purpose)
    _tell(options.as_json, party, done, refused)


def _open_with(office: Kit, path: Path, own_words: Path | None, words: Path | None) -> None:
    """Let the office open with its recovery key too, in this sitting alone: the key is copied nowhere."""
    kept = keyfile.load_identities(path, passphrase(own_words or words))
    office.keyring = replace(office.keyring, identities=(*office.keyring.identities, *kept))


def _collect(office: Kit, party: PartyId, purpose: str) -> None:
    """Fetch what waits for the office first: it may be about this case. Stops where nothing could be made."""
    try:
        office.check_reader(purpose)
    except PurposeNotAgreed as wrong:
        stop(f"--purpose: {wrong}", f"give one of: {', '.join(wrong.purposes)}", Exit.USAGE)
    recipients_of(office, party)
    for delivery, error in office.pull_all():
        warn(f"delivery {delivery}: {error}; nothing of it was saved")


def _wrap_all(
    office: Kit, chosen: Sequence[Shareable], party: PartyId, purpose: str
) -> tuple[list[Shareable], list[Shareable]]:
    """Return what was shared, and what its recipient may not have; each is done before the next is begun."""
    done: list[Shareable] = []
    refused: list[Shareable] = []
    keys: dict[CaseRef, Sequence[age.Recipient]] = {}
    for one in chosen:
        try:
            keys[one.case] = keys.get(one.case) or recipients_of(office, party, one.case)
            wrap_for(office, one, party, keys[one.case], purpose)
        except NoKeysToSealTo:  # of a closed case in which no officer of it is named: the other cases wait for nobody
            refused.append(one)
        except Problem as problem:
            if problem.code != REFUSED:
                raise
            refused.append(one)
        else:
            done.append(one)
    return done, refused


def _named(options: ShareOptions, there: Sequence[Shareable]) -> list[Shareable]:
    wanted = [message_id(text) for text in options.message or ()]
    found = [one for one in there if one.message in wanted]
    if len(found) != len(set(wanted)):
        stop("a message that was named is not one of this case that can be shared", "see: marac inbox", Exit.USAGE)
    if any(one.document == SAFE_CONTACT for one in found) and not options.safe_contact:
        stop("a safe contact was named", "if the agency must know it, add --safe-contact", Exit.USAGE)
    return found


def _is_of_all(one: Shareable) -> bool:
    return one.document != SAFE_CONTACT and not one.held


def _ask(chosen: Sequence[Shareable], party: PartyId, what: str, *, yes: bool) -> None:
    for one in chosen:
        typer.echo(f"{_line(one)}", err=True)
    if not confirmed(f"{what} {party}: these {len(chosen)}?", yes=yes):
        stop("nothing was shared", "run it again when you are sure")


def _tell(as_json: bool, party: PartyId, done: Sequence[Shareable], refused: Sequence[Shareable]) -> None:
    members = {"to": party, "shared": [_members(one) for one in done], "refused": [_members(one) for one in refused]}
    lines = [f"{len(done)} done: they hold from now on."]
    if refused:
        lines += [
            "Refused: its part in the case is too small, it is kept out, the case is closed and names none of it, or",
            "the message was corrected:",
            *map(_line, refused),
        ]
    answer(as_json, members, "\n".join(lines))
    if refused and not done:
        raise typer.Exit(Exit.REFUSED)


def _members(one: Shareable) -> dict[str, str]:
    return {"case": one.case, "message": one.message, "document": one.document}


def _line(one: Shareable) -> str:
    return f"  {one.case}  {one.message}  {one.document}, from {one.sender.rpartition('/')[2]}, {one.accepted_at}"


def _party(text: str) -> PartyId:
    try:
        return parse_party_id(text)
    except Malformed:
        stop("that is not an agency's or office's id", "see: marac register list", Exit.USAGE)
