"""A new area in three folders: the gateway's, the coordinator's office's, and what is kept offline.

All is made beside its place, as `NAME.unfinished`, and moved there at the very end: a folder without that
ending is whole.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agencies.area import delegate
from agencies.isa import Isa
from agencies.kit import keyfile
from agencies.kit.home import Home, KitSettings, sync_folder, write_durably
from agencies.kit.opening import TrustNotes
from agencies.names import AreaName, coordinator_of
from agencies.notes.register import MAX_BYTES
from agencies.register import draft_register
from crypto import note
from crypto.blind_index import generate_index_key
from crypto.keys import VerifyKey, generate_signing_key
from gateway.commands.coordinator import enter_coordinator
from gateway.commands.office import Office
from gateway.commands.outcome import Exit, Stopped
from gateway.commands.passphrase import Passphrases

GATEWAY_KEY = "gateway.signkey"
LOG_KEY = "log.signkey"
INDEX_KEY = "people.indexkey"
ROOT_KEY = "root.signkey"
CA_FILE = "ca.pem"


@dataclass(frozen=True, slots=True)
class Places:
    """The three folders of an area."""

    home: Path
    office: Path
    offline: Path

    def all(self) -> tuple[Path, ...]:
        """Return them in the order in which they are moved into place: the gateway's last."""
        return (self.offline, self.office, self.home)

    def unfinished(self) -> "Places":
        """Return where they are made."""
        return Places(*(path.with_name(path.name + ".unfinished") for path in (self.home, self.office, self.offline)))


@dataclass(frozen=True, slots=True)
class Terms:
    """What was decided about the area.

    gateway       where the coordinator's kit reaches it
    telephone     the coordinator's
    certificates  PEM of the authorities that the coordinator's kit trusts for it, None for the system's
    """

    area: AreaName
    gateway: str
    isa: Isa
    telephone: str
    certificates: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Founded:
    """What a new area starts from: its root, its first delegation and its first register."""

    root: VerifyKey
    delegation: str = field(repr=False)
    register: str = field(repr=False)


@contextmanager
def making(places: Places) -> Iterator[Places]:
    """Yield the folders to fill, and move them into place at the end; a failure leaves nothing behind.

    Raises Stopped if one of the folders is there already, or is left from a run that was killed.
    """
    drafts = places.unfinished()
    _refuse_to_overwrite(places, drafts)
    with ExitStack() as unfinished:
        for folder in drafts.all():
            unfinished.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.mkdir(parents=True, mode=0o700)
        yield drafts
        # A crash between two of these moves leaves folders that the next run names, to be removed: none was in use.
        for draft, place in zip(drafts.all(), places.all(), strict=True):
            draft.rename(place)
            sync_folder(place.parent)
        unfinished.pop_all()


def found(terms: Terms, drafts: Places, secrets: Passphrases, now: datetime) -> Founded:
    """Return what the new area starts from, with every key on disk and the coordinator's office entered.

    Raises KeyFileError if a key that was just written does not open again.
    """
    keys = {role: generate_signing_key(f"{terms.area}/{role}") for role in ("root", "registrar", "gateway", "log")}
    root, registrar, office = keys["root"], keys["registrar"], Office(drafts.office)
    for path, role, passphrase in (
        (drafts.offline / ROOT_KEY, "root", secrets.offline),
        (office.registrar_key, "registrar", secrets.office),
        (drafts.home / GATEWAY_KEY, "gateway", secrets.service),
        (drafts.home / LOG_KEY, "log", secrets.service),
    ):
        keyfile.save_signing_key(path, keys[role], passphrase, secrets.work_factor)
    index = generate_index_key(terms.area)
    keyfile.save_index_key(drafts.home / INDEX_KEY, index, secrets.service, secrets.work_factor)
    kit = Home.create(office.kit, _coordinators_kit(terms, root.verify_key))
    if terms.certificates is not None:
        write_durably(kit.path / CA_FILE, terms.certificates)
    entry, agreement = enter_coordinator(terms.isa, kit, drafts.offline, secrets, now)
    gateway, log = keys["gateway"].verify_key, keys["log"].verify_key
    delegation = delegate(root, None, gateway, log, registrar.verify_key, now)
    register = note.sign(draft_register(None, terms.area, [entry], now), [registrar], MAX_BYTES)
    kit.keep_trust(TrustNotes(root.verify_key.vkey, (delegation,), register, ()))
    office.begin(root.verify_key, delegation, register, agreement)
    return Founded(root.verify_key, delegation, register)


def _coordinators_kit(terms: Terms, root: VerifyKey) -> KitSettings:
    return KitSettings(
        area=terms.area,
        url=terms.gateway,
        root=root.vkey,
        party=coordinator_of(terms.area),
        ca_file=CA_FILE if terms.certificates is not None else None,
        telephone=terms.telephone,
    )


def _refuse_to_overwrite(places: Places, drafts: Places) -> None:
    present = [str(place) for place in places.all() if place.exists()]
    left = [str(draft) for draft in drafts.all() if draft.exists()]
    if left:
        moved = f"; if no area uses {' and '.join(present)}, remove that too" if present else ""
        raise Stopped("an earlier marac init did not finish", f"remove {' and '.join(left)}{moved}, and run it again")
    if present:
        raise Stopped(
            f"{' and '.join(present)} is there already: nothing was changed", "give other folders", Exit.USAGE
        )
