"""`marac case share` and `rehead`: the coordinator opens a case's messages to who joined it, or has new keys."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from agencies.kit import keyfile
from agencies.kit.client import PURPOSE, Kit, PurposeNotAgreed
from agencies.kit.headings import (
    SAFE_CONTACT,
    NoKeysToSealTo,
    NotForThem,
    Sealing,
    Shareable,
    elsewhere,
    open_referrals,
    outdated,
    parse_recipients,
    read_referrals,
    recipients_of,
    sealing_of,
    shareable,
    wrap_for,
)
from agencies.kit.home import NotSaved
from agencies.kit.opening import CheckFailed
from agencies.kit.recalls import TakenBack
from agencies.kit.service_reached import warn_of_no_service
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
    sha256_hex,
    stop,
    takes,
    tell,
    the_case,
    warn,
)
from agencies.kit.wire import BadAnswer, Problem
from agencies.names import CaseRef, PartyId, parse_party_id
from crypto.errors import CryptoError, Malformed
from crypto.note import hash_text

REFUSED = "share-refused"
# What is wrong with one message or case, and no reason to make none of the others.
UNREADABLE = (CryptoError, CheckFailed, NotSaved, TakenBack, Problem, BadAnswer)
# Sealed to the office and the chair, to who asked, or to whom it concerns: another gets one only if a person names it.
BY_NAME_ALONE = frozenset({
    SAFE_CONTACT,
    "chair-decision",
    "lookup-answer",
    "research-return",
    "reuse-consent",
    "reuse-request",
})  # fmt: skip
Purpose = Annotated[str, typer.Option(help="What it is opened for, where it was not yet; a purpose of the agreement.")]


@dataclass(frozen=True, kw_only=True)
class ShareOptions:
    """Which messages of which case, and with whom."""

    case: CaseArgument
    to: Annotated[str, typer.Option("--to", metavar="ID", help="The agency; see: marac register list.")]
    message: Annotated[list[str] | None, typer.Option("--message", metavar="ID", help="This one; repeatable.")] = None
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help="All that it does not have yet, but no safe contact, research return, answer to a look-up, decision of"
            " the chair's, or question of reuse.",
        ),
    ] = False
    safe_contact: Annotated[bool, typer.Option("--safe-contact", help="Yes, a safe contact that is named.")] = False
    purpose: Purpose = PURPOSE
    yes: Yes = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(ShareOptions)
def share(options: ShareOptions) -> None:
    """Open to an agency what was sealed before it joined the case: what the office holds, item by item.

    What the agency may not have is refused: record its part first (marac case relate). What was taken back from it
    alone is given again by name, with --message. A safe contact is shared only
    by name, with --message and --safe-contact; what others found, asked or decided by name too. Exclusions, look-ups
    and triage are never shared. Whom it is sealed to is shown before it is done.

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
        for message in elsewhere(office, reference):
            warn(f"message {message} was collected by another kit of the office: it is shared from there")
        chosen = _named(options, there) if options.message else [one for one in there if _is_of_all(one)]
        if not chosen:
            stop("there is nothing to share", f"see what it holds: marac case show {reference}")
        act = Act(office, party, options.purpose, safe_contact=options.safe_contact)
        done = act.carry_out(chosen, "Shared with", yes=options.yes)
        warn_of_no_service(office, reference)
    _tell(options.as_json, party, done)


@dataclass(frozen=True, kw_only=True)
class ReheadOptions:
    """For whom, and which recovery key opens what the working key does not any more."""

    for_: Annotated[str, typer.Option("--for", metavar="ID", help="The agency, or the office itself.")]
    case: Annotated[str | None, typer.Option("--case", metavar="CASE", help="In this case alone.")] = None
    recovery_key: Annotated[
        Path | None, typer.Option(help="The office's recovery key, where its working key is lost.", dir_okay=False)
    ] = None
    recovery_passphrase_file: Annotated[
        Path | None, typer.Option(help="Of the recovery key, where it has a passphrase of its own.", dir_okay=False)
    ] = None
    safe_contact: Annotated[
        bool, typer.Option("--safe-contact", help="Yes, the safe contacts too that are listed.")
    ] = False
    purpose: Purpose = PURPOSE
    yes: Yes = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(ReheadOptions)
def rehead(options: ReheadOptions) -> None:
    """Make new headers for who has new keys, in every open case that this folder knows: after a lost or revoked key.

    That it held each message the gateway says: look through the list. What cannot be read is left out, and named. Safe
    contacts are left out without --safe-contact. For the office itself, whose working key is lost: marac keys rotate
    working and marac agency renew first; then, with the recovery key from the safe, this.

    Example: marac case rehead --for marac.cambridgeshire.example/agency/housing
             marac case rehead --for marac.cambridgeshire.example/office/coordinator
             --recovery-key /media/stick/coordinator-recovery.agekey
    """
    party, only = _party(options.for_), None if options.case is None else the_case(options.case)
    with open_kit(options.kit, options.passphrase_file) as office:
        if options.recovery_key is not None:
            _open_with(office, options.recovery_key, options.recovery_passphrase_file, options.passphrase_file)
        _collect(office, party, options.purpose)
        is_own = party == office.home.settings.party
        act = Act(office, party, options.purpose, safe_contact=options.safe_contact or is_own)
        stale = act.without_safe_contacts(outdated(office, party, only))
        done = act.carry_out(stale, "New headers for", yes=options.yes) if stale else Done((), (), ())
    _tell(options.as_json, party, done)


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


@dataclass(frozen=True, slots=True)
class Done:
    """What became of messages: headers were made; refused, for its recipient may not have it; not readable here."""

    shared: Sequence[Shareable]
    refused: Sequence[Shareable]
    left_out: Sequence[Shareable]


@dataclass(frozen=True, slots=True)
class Act:
    """Headers are made for one party: whom they are for is shown, a person says yes, and only then each is made."""

    office: Kit
    party: PartyId
    purpose: str
    safe_contact: bool

    def without_safe_contacts(self, stale: Sequence[Shareable]) -> list[Shareable]:
        """Return what may be made without another word, and say what is left out."""
        left_out = [] if self.safe_contact else [one for one in stale if one.document == SAFE_CONTACT]
        if left_out:
            warn(f"safe contacts are left out: {len(left_out)}; if it must have them, add --safe-contact")
        return [one for one in stale if one not in left_out]

    def carry_out(self, chosen: Sequence[Shareable], what: str, *, yes: bool) -> Done:
        """Return what became of each; each is done before the next is begun.

        Referrals that nobody has opened yet are opened once the person said yes, and may close a case that the gateway
        calls open: nothing of it is shared then. A case or message that cannot be read holds up no other.
        """
        cases = list(dict.fromkeys(one.case for one in chosen))
        readable = self._readable(cases, opens=False)
        unread = set(cases).difference(readable)
        sealings = self._sealings(readable)
        wanted = [one for one in chosen if one.case in sealings]
        if wanted:
            _ask(wanted, sealings, self.party, what, yes=yes)
            self.office.refresh()  # it may have been asked an hour ago
            readable = self._readable(list(sealings), opens=True)
            unread |= set(sealings).difference(readable)
            sealings = self._still(sealings, readable)
        made = {one: self._wrap(one, sealings[one.case]) for one in wanted if one.case in sealings}
        made |= {one: None for one in chosen if one.case in unread}
        return Done(*([one for one in chosen if made.get(one, False) is which] for which in (True, False, None)))

    def _still(self, before: Mapping[CaseRef, Sealing], readable: Collection[CaseRef]) -> dict[CaseRef, Sealing]:
        """Return for whom it is sealed in each case, as it was shown; the command ends where that has changed."""
        now = self._sealings([case for case in before if case in readable])
        if any(before[case] != sealing for case, sealing in now.items()):
            stop("its keys, or who is named, changed while you were asked: nothing was shared", "run it again")
        return now

    def _readable(self, cases: Sequence[CaseRef], *, opens: bool) -> list[CaseRef]:
        """Return the cases of which it is known whether a referral that is here closes them; the others are told."""
        if self.party == self.office.home.settings.party:
            return list(cases)
        found = []
        for case in cases:
            try:
                if opens:
                    open_referrals(self.office, case, self.purpose)
                else:
                    read_referrals(self.office, case)
                found.append(case)
            except UNREADABLE as error:
                warn(f"{case}: left out, for a referral of it cannot be read here: {error}")
        return found

    def _sealings(self, cases: Iterable[CaseRef]) -> dict[CaseRef, Sealing]:
        """Return for whom it is sealed in each case; none where nobody may have it: the other cases wait for nobody."""
        found: dict[CaseRef, Sealing] = {}
        for case in cases:
            try:
                found[case] = sealing_of(self.office, self.party, case)
            except NoKeysToSealTo:  # of a closed case in which no officer of it is named
                continue
            except NotForThem as refused:
                warn(f"{case}: {refused}")
        return found

    def _wrap(self, one: Shareable, sealing: Sealing) -> bool | None:
        """Return whether a header was made and taken; None where the message cannot be read here."""
        recipients = parse_recipients(sealing)
        try:
            wrap_for(self.office, one, self.party, recipients, self.purpose, safe_contact=self.safe_contact)
        except NotForThem as refused:
            warn(f"message {one.message}: {refused}")
            return False
        except UNREADABLE as error:
            if isinstance(error, Problem) and error.code == REFUSED:
                return False
            warn(f"message {one.message}: left out, for it cannot be read or handed in here: {error}")
            return None
        return True


def _named(options: ShareOptions, there: Sequence[Shareable]) -> list[Shareable]:
    wanted = [message_id(text) for text in options.message or ()]
    found = [one for one in there if one.message in wanted]
    if len(found) != len(set(wanted)):
        stop("a message that was named is not one of this case that can be shared", "see: marac inbox", Exit.USAGE)
    if any(one.document == SAFE_CONTACT for one in found) and not options.safe_contact:
        stop("a safe contact was named", "if the agency must know it, add --safe-contact", Exit.USAGE)
    return found


def _is_of_all(one: Shareable) -> bool:
    return one.document not in BY_NAME_ALONE and not one.held


def _ask(
    chosen: Sequence[Shareable], sealings: Mapping[CaseRef, Sealing], party: PartyId, what: str, *, yes: bool
) -> None:
    """Show each message and whose keys it will be sealed to, and ask."""
    for case, sealing in sealings.items():
        whom = "CLOSED: sealed to these officers alone of" if sealing.by_officers else "sealed to all of"
        tell(f"{case}, {whom} {party}:")
        for line in _keys(sealing):
            tell(line)
        for one in chosen:
            if one.case == case:
                tell(_line(one))
    if not confirmed(f"{what} {party}: these {len(chosen)}?", yes=yes):
        stop("nothing was shared", "run it again when you are sure")


def _keys(sealing: Sealing) -> list[str]:
    officers = [f"  {owner}" for owner in sealing.owners if sealing.by_officers]
    return [*officers, *(f"  key {sha256_hex(hash_text(each))}" for each in sealing.recipients)]


def _tell(as_json: bool, party: PartyId, done: Done) -> None:
    lists = {"shared": done.shared, "refused": done.refused, "left_out": done.left_out}
    members = {"to": party, **{name: [_members(one) for one in found] for name, found in lists.items()}}
    lines = [f"{len(done.shared)} done: they hold from now on."]
    if done.refused:
        lines += [
            "Refused: its part in the case is too small, it is kept out, the case is closed and names none of it, or",
            "the message was corrected:",
            *map(_line, done.refused),
        ]
    if done.left_out:
        lines += ["LEFT OUT, for it or a referral of its case cannot be read here:", *map(_line, done.left_out)]
    answer(as_json, members, "\n".join(lines))
    if done.left_out:
        stop(
            f"left out: {len(done.left_out)}, of {', '.join(sorted({one.case for one in done.left_out}))}",
            "see why above; put it right, or do it from the office's folder that can read them, and run it again",
        )
    if done.refused and not done.shared:
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
