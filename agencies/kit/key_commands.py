"""`marac keys`: make, prove, rotate and revoke this agency's keys, and name the officer who works here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from agencies import enrolment
from agencies.agency import AGENCY_KINDS, OFFICE_KINDS, DatedKey, DatedRecipient
from agencies.area import fingerprint
from agencies.directory import Directory
from agencies.enrolment import ChallengeFiles
from agencies.isa import Isa
from agencies.kit import keyfile
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import Keyring, load_keyring, next_file, shelve, short_name
from agencies.kit.officer_keys import officer
from agencies.kit.terminal import (
    HERE,
    Exit,
    KitFolder,
    PassphraseFile,
    WorkFactor,
    Yes,
    open_home,
    open_kit,
    passphrase,
    refuse_to_overwrite,
    say,
    sha256_hex,
    stop,
    takes,
    wall_clock,
    write_public,
)
from agencies.kit.wire import Problem
from agencies.names import PartyId, coordinator_of, is_office
from agencies.notes.isa import parse_isa
from agencies.notes.party import PartyNote, parse_party
from agencies.notes.revocation import REASONS
from crypto import age
from crypto import note as signed_note
from crypto.errors import Malformed, NotForYou
from crypto.keys import SigningKey, generate_signing_key

app = typer.Typer(no_args_is_help=True, help="This agency's keys; they never leave its folder unencrypted.")

_KINDS: Final = (*AGENCY_KINDS, *OFFICE_KINDS)
Out = Annotated[Path, typer.Option("--out", help="Where to write what goes to the coordinator.", dir_okay=False)]


@dataclass(frozen=True, kw_only=True)
class NewKeys:
    """Whose keys are made, under which agreement, and where they go."""

    kind: Annotated[str, typer.Option(help=f"One of: {', '.join(_KINDS)}.")]
    name: Annotated[str, typer.Option(help="The agency's name, as people know it; never a person's.")]
    agreement: Annotated[Path, typer.Option(help="The area's agreement, as a note.", exists=True, dir_okay=False)]
    recovery: Annotated[Path, typer.Option(help="Where the recovery key goes: a stick for the safe.", dir_okay=False)]
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    work_factor: WorkFactor = keyfile.WORK_FACTOR


@app.command("generate")
@takes(NewKeys)
def generate(options: NewKeys) -> None:
    """Make the agency's keys, sign the area's agreement, and write the note that the coordinator enters.

    Example: marac keys generate --kind housing --name "Exampleton Housing" --agreement area.agreement
             --recovery /media/stick/housing-recovery.agekey
    """
    home, now = open_home(options.kit), wall_clock()
    _check_kind(options.kind, home.settings.party)
    short, isa = short_name(home.settings.party), _agreement(options.agreement)
    out = home.path / f"{short}.party"
    refuse_to_overwrite(out, "--kit")
    refuse_to_overwrite(options.recovery, "--recovery")
    key, working, recovery = generate_signing_key(home.settings.party), age.generate_identity(), age.generate_identity()
    said = PartyNote(
        id=home.settings.party,
        kind=options.kind,
        name=options.name,
        isa=enrolment.sign_isa(isa, key),
        keys=(DatedKey(key.verify_key, now, None),),
        recipients=(
            DatedRecipient("working", str(working.recipient()), now, None),
            DatedRecipient("recovery", str(recovery.recipient()), now, None),
        ),
    )
    note = _signed(said, key)
    words, cost = passphrase(options.passphrase_file, new=True), options.work_factor
    keyfile.save_identity(options.recovery, recovery, words, cost)
    keyfile.save_identity(next_file(home.keys, short, ".agekey"), working, words, cost)
    keyfile.save_signing_key(next_file(home.keys, short, ".signkey"), key, words, cost)
    write_public(out, note)
    _show(isa)
    say(f"Signing key {key.verify_key.keyid}. When the coordinator telephones, read out its fingerprint:")
    say(f"  {fingerprint(key.verify_key)}")
    say(f"  Next: send {out} to the coordinator; two test messages come back for: marac keys prove")


@app.command("agreement")
def agreement(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", dir_okay=False)],
    kit: KitFolder = HERE,
) -> None:
    """Write the area's agreement as the coordinator's office signed it, for agencies that join to sign as well.

    Example: marac keys agreement area.agreement
    """
    home = open_home(kit)
    held = home.trust()
    entries = held.verified().register.entries if held else ()
    for entry in entries:
        said = parse_party(signed_note.text_of(entry.note))
        if said.id == coordinator_of(home.settings.area) and said.isa is not None:
            write_public(out, said.isa)
            say(f"Written to {out}.\n  Next: give it to agencies that join, for: marac keys generate")
            return
    stop("this kit knows no agreement of the area", "run it with the coordinator's kit, after: marac pull")


@dataclass(frozen=True, kw_only=True)
class ProveOptions:
    """Which test messages, and what opens the recovery key."""

    working: Annotated[Path, typer.Argument(help="The test message for the working key.", exists=True, dir_okay=False)]
    recovery: Annotated[
        Path | None,
        typer.Argument(metavar="[RECOVERY]", help="For the recovery key; an officer has none.", dir_okay=False),
    ] = None
    recovery_key: Annotated[Path | None, typer.Option(help="The recovery key's file.", dir_okay=False)] = None
    recovery_passphrase_file: Annotated[
        Path | None, typer.Option(help="Of the recovery key, where it has a passphrase of its own.", dir_okay=False)
    ] = None
    out: Out = Path("keys.proof")
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None


@app.command("prove")
@takes(ProveOptions)
def prove(options: ProveOptions) -> None:
    """Open the coordinator's test messages, and write the signed answer: the keys work, the recovery key too.

    One message alone is for the officer who works with this folder.

    Example: marac keys prove housing-working.age housing-recovery.age
             --recovery-key /media/stick/housing-recovery.agekey
    Or:      marac keys prove officer-working.age
    """
    refuse_to_overwrite(options.out)
    if (options.recovery is None) != (options.recovery_key is None):
        stop("--recovery-key: it goes with the second test message", "give both, or neither for an officer", Exit.USAGE)
    home, words, now = open_home(options.kit), passphrase(options.passphrase_file), wall_clock()
    ring = load_keyring(home, words, now)
    kept = None if options.recovery_key is None else _recovery_identity(options.recovery_key, options, words)
    key = ring.agency if kept else ring.officer
    if key is None:
        stop("the officer here has no key of their own", "make one with: marac keys officer --with-key", Exit.USAGE)
    recovery = None if options.recovery is None else options.recovery.read_bytes()
    files = ChallengeFiles(options.working.read_bytes(), recovery)
    for identity in ring.identities:
        try:
            answered = enrolment.answer(files, identity, kept, key, now)
        except NotForYou:
            continue
        write_public(options.out, answered)
        say(f"{'Both keys open' if kept else 'The key opens'}.\n  Next: send {options.out} to the coordinator")
        return
    stop("the test messages are not for these keys", "check that you have those made for these keys", Exit.CHECK_FAILED)


def _recovery_identity(path: Path, options: ProveOptions, words: str) -> age.Identity:
    own = options.recovery_passphrase_file
    try:
        return keyfile.load_identities(path, words if own is None else passphrase(own))[0]
    except keyfile.WrongPassphrase:
        stop(
            "the passphrase does not open the recovery key's file",
            "where it has a passphrase of its own, give that with --recovery-passphrase-file",
        )


@app.command("rotate")
def rotate(
    what: Annotated[str, typer.Argument(metavar="signing|working", help="Which key is to be replaced.")],
    out: Out = Path("rotated.party"),
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    work_factor: WorkFactor = keyfile.WORK_FACTOR,
) -> None:
    """Make a new key beside the old one, and write the note that the coordinator enters with: marac agency renew.

    The old signing key goes on until the register lists the new one, unless it was revoked; old working keys stay,
    to open old messages. The working key that follows is the one announced with marac keys next, if there is one.

    Example: marac keys rotate signing --out housing-2.party
    """
    if what not in ("signing", "working"):
        stop("that is not a key to rotate", "give signing or working", Exit.USAGE)
    refuse_to_overwrite(out)
    words = passphrase(passphrase_file)
    home, now = open_home(kit), wall_clock()
    ring, short = load_keyring(home, words, now), short_name(home.settings.party)
    with Kit(home, ring, wall_clock) as connected:
        directory, is_revoked = _newest_known(connected)
    said, signer = _said(directory, home.settings.party), ring.agency
    if what == "signing":
        key = generate_signing_key(home.settings.party)
        keyfile.save_signing_key(next_file(home.keys, short, ".signkey"), key, words, work_factor)
        new = enrolment.rotate_key(said, key, now)
        # A key that the register knows vouches for the new one; after a revocation a telephone call and a proof do.
        signer = key if is_revoked else ring.agency
        say(f"Signing key {key.verify_key.keyid}: read it out when the coordinator telephones.")
    elif (announced := enrolment.next_recipient(said, now)) is not None:
        _check_held(ring, announced)
        new = enrolment.promote_recipient(said, now)
    else:
        new = enrolment.rotate_recipient(said, _new_recipient(home, words, work_factor), now)
    write_public(out, enrolment.party_note(new, signer))
    if signer != ring.agency:
        shelve(home, ring.agency, words)
    say(f"The new key is in the kit's folder.\n  Next: send {out} to the coordinator")


@app.command("next")
def announce(
    out: Out = Path("next.party"),
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    work_factor: WorkFactor = keyfile.WORK_FACTOR,
) -> None:
    """Make the next working key beside the one of now, and write the note that the coordinator enters with: marac
    agency renew.

    From then on messages are sealed to both; marac keys rotate working makes the next key the working one.

    Example: marac keys next --out housing-next.party
    """
    refuse_to_overwrite(out)
    words = passphrase(passphrase_file)
    home, now = open_home(kit), wall_clock()
    ring = load_keyring(home, words, now)
    with Kit(home, ring, wall_clock) as connected:
        said = _said(connected.refresh(), home.settings.party)
    if enrolment.next_recipient(said, now) is not None:
        stop("the register lists a next key already", "make it the working one: marac keys rotate working")
    new = enrolment.announce_recipient(said, _new_recipient(home, words, work_factor), now)
    write_public(out, enrolment.party_note(new, ring.agency))
    say(f"The next key is in the kit's folder.\n  Next: send {out} to the coordinator; two test messages come back")


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A signing keyid, or an age recipient.")],
    reason: Annotated[str, typer.Option(help=f"One of: {', '.join(REASONS)}.")],
    yes: Yes = False,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Take a key out of use at once and for ever. What it signed before stays valid.

    Example: marac keys revoke marac.cambridgeshire.example/agency/housing+0a1b2c3d --reason lost
    """
    if reason not in REASONS:
        stop("--reason: there is no such reason", f"give one of: {', '.join(REASONS)}", Exit.USAGE)
    if not yes and not typer.confirm(f"Revoke {key}? It cannot be undone."):
        stop("nothing was revoked", "run it again when you are sure")
    with open_kit(kit, passphrase_file) as connected:
        _keep_the_offices_last(connected, key)
        try:
            connected.revoke(key, reason)
        except Malformed:
            stop(
                "that is not a key of this area",
                "copy the keyid from: marac register show",
                Exit.USAGE,
            )
    say("Revoked: it holds from now on. Tell the coordinator, and make a new key with: marac keys rotate")


app.command("officer")(officer)


def _check_kind(kind: str, party: PartyId) -> None:
    allowed = [one for one in OFFICE_KINDS if party.rpartition("/")[2].startswith(one)] if is_office(party) else []
    if kind not in (allowed or AGENCY_KINDS):
        words = ", ".join(allowed or AGENCY_KINDS)
        stop(f"--kind: that is no kind of {short_name(party)}", f"give one of: {words}", Exit.USAGE)


def _keep_the_offices_last(connected: Kit, key: str) -> None:
    """Stop before the coordinator's office sends what the gateway would refuse."""
    if connected.refresh().is_the_offices_last(key, wall_clock()):
        stop(
            "nothing was revoked: this is the last such key of the coordinator's office, without which nobody could"
            " refer, and no register be published",
            "enter a new one first (marac keys rotate, marac agency renew). If it is stolen, the registrar revokes it:"
            " marac register revoke",
            Exit.REFUSED,
        )


def _signed(said: PartyNote, key: SigningKey) -> str:
    try:
        return enrolment.party_note(said, key)
    except Malformed as wrong:  # its kind was checked: what is left that a person writes is the name
        stop(f"--name: {wrong}", "give a plain name, such as Exampleton Housing", Exit.USAGE)


def _agreement(file: Path) -> Isa:
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        return parse_isa(signed_note.text_of(text)).isa
    except Malformed:
        stop("that is not an agreement's note", "ask the coordinator for the area's agreement", Exit.USAGE)


def _show(isa: Isa) -> None:
    say(f"Agreement {isa.version}, kept {isa.retention_years} years, for: {', '.join(isa.purposes)}")
    say(f"  Text: {isa.text_hash}")
    say(f"  Compare with sha256sum of the document your agency agreed to: {sha256_hex(isa.text_hash)}")


def _newest_known(connected: Kit) -> tuple[Directory, bool]:
    """Return who takes part, and whether our key was revoked: the gateway tells it nothing more, so as last seen."""
    try:
        return connected.refresh(), False
    except Problem as problem:
        if problem.code != "key-revoked":
            raise
        return connected.directory(), True


def _said(directory: Directory, party: PartyId) -> PartyNote:
    notes = [entry.note for entry in directory.register.entries if entry.id == party]
    if not notes:
        stop("the register does not list this agency yet", "ask the coordinator: marac agency add")
    return parse_party(signed_note.text_of(notes[0]))


def _new_recipient(home: Home, words: str, work_factor: int) -> age.Recipient:
    """Return the public half of a fresh key that is in the kit's folder by then."""
    identity = age.generate_identity()
    path = next_file(home.keys, short_name(home.settings.party), ".agekey")
    keyfile.save_identity(path, identity, words, work_factor)
    return identity.recipient()


def _check_held(ring: Keyring, recipient: str) -> None:
    if recipient not in {str(identity.recipient()) for identity in ring.identities}:
        stop("the next key is not in this folder", "run it where marac keys next was run, or copy the key here first")
