"""`marac keys officer`: who works with this folder, with keys of their own or spoken for by their agency."""

from pathlib import Path
from typing import Annotated

import typer

from agencies import enrolment
from agencies.agency import OFFICER_KIND, DatedKey, DatedRecipient
from agencies.kit import keyfile
from agencies.kit.keyring import Keyring, load_keyring, next_file, short_name
from agencies.kit.terminal import (
    HERE,
    Exit,
    KitFolder,
    PassphraseFile,
    WorkFactor,
    open_home,
    passphrase,
    refuse_to_overwrite,
    say,
    stop,
    wall_clock,
    write_public,
)
from agencies.names import draw_officer_id
from agencies.notes.party import PartyNote, parse_party
from crypto import age
from crypto import note as signed_note
from crypto.errors import Malformed
from crypto.keys import SigningKey, generate_signing_key


def officer(
    with_key: Annotated[
        bool, typer.Option("--with-key", help="With keys of their own: they prove their acts, and read closed cases.")
    ] = False,
    roles: Annotated[str, typer.Option(help="Words with commas between, such as referrer,reader.")] = "reader",
    out: Annotated[
        Path, typer.Option("--out", help="Where to write what goes to the coordinator.", dir_okay=False)
    ] = Path("officer.party"),
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    work_factor: WorkFactor = keyfile.WORK_FACTOR,
) -> None:
    """Give whoever works with this folder a random id, and write the note that the coordinator enters.

    The id says nothing of the person: keep the list of who is who inside the agency. With --with-key a test message
    comes back, for: marac keys prove. There is no recovery key: what was lost with the officer's, the coordinator
    seals anew to their next one.

    Example: marac keys officer --with-key --out officer.party
    """
    refuse_to_overwrite(out)
    words, home, now = passphrase(passphrase_file), open_home(kit), wall_clock()
    ring = load_keyring(home, words, now)
    id_ = draw_officer_id(home.settings.area)
    own = (generate_signing_key(id_), age.generate_identity()) if with_key else None
    said = PartyNote(
        id=id_,
        kind=OFFICER_KIND,
        name="Officer",
        keys=(DatedKey(own[0].verify_key, now, None),) if own else (),
        recipients=(DatedRecipient("working", str(own[1].recipient()), now, None),) if own else (),
        agency=home.settings.party,
        roles=tuple(roles.split(",")),
    )
    note = _signed(said, ring, own[0] if own else None)
    if own is not None:
        keyfile.save_identity(next_file(home.keys, short_name(id_), ".agekey"), own[1], words, work_factor)
        keyfile.save_signing_key(next_file(home.keys, short_name(id_), ".signkey"), own[0], words, work_factor)
    write_public(out, note)
    home.appoint(id_)
    say(f"The officer of this folder is {id_}.\n  Next: send {out} to the coordinator, for: marac officer add")


def _signed(said: PartyNote, ring: Keyring, own: SigningKey | None) -> str:
    """The agency vouches for its officer; an officer with a key signs first."""
    try:
        parse_party(said.encode())
    except Malformed as wrong:
        stop(f"--roles: {wrong}", "give words with commas between, such as referrer,reader", Exit.USAGE)
    if own is None:
        return signed_note.sign(said.encode(), [ring.agency])
    return signed_note.append_signature(enrolment.party_note(said, own), ring.agency)
