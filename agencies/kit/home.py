"""The kit's folder, one for each area: what is trusted, keys, saved deliveries, the inbox; README.md, "The folder"."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

from agencies.kit.inbox import Inbox
from agencies.kit.opening import TrustNotes, check_succession
from agencies.kit.outbox import Outbox
from agencies.names import AreaName, MessageId, OfficerId, PartyId, parse_area_name, parse_officer_id, parse_party_id
from agencies.revocations import those_that_count
from crypto.draw import draw_symbols
from crypto.errors import Malformed
from crypto.keys import parse_vkey

PRIVATE: Final = 0o600
_LETTERS: Final = "abcdefghjkmnpqrstvwxyz"


_CONTENT: Final = (".payload", ".age")


class NoSuchHome(Exception):
    """The folder is not a kit's folder, or its settings cannot be read."""


class HomeDamaged(NoSuchHome):
    """The folder is a kit's, and one of its files cannot be read."""


class HomeExists(Exception):
    """A kit's folder is there already: joining twice would throw away what is pinned."""


class NotSaved(Exception):
    """Nothing of this message is saved here."""


@dataclass(frozen=True, slots=True)
class KitSettings:
    """One agency's place in one area.

    root             the vkey whose fingerprint was compared aloud
    officer          who works with this folder, or None
    ca_file          certificates to trust for the gateway's TLS, None for the system's; relative to the kit's folder
    telephone        the coordinator's, for when the gateway cannot say it; None if it is not known yet
    allow_classical  the area's setting
    """

    area: AreaName
    url: str
    root: str
    party: PartyId
    officer: OfficerId | None = None
    ca_file: str | None = None
    telephone: str | None = None
    allow_classical: bool = False


class Home:
    """The folder at `path`. Files are written whole or not at all, 0600, and named by ids alone."""

    def __init__(self, path: Path, settings: KitSettings) -> None:
        self.path = path
        self.settings = settings

    @classmethod
    def create(cls, path: Path, settings: KitSettings) -> Self:
        """Make the folder for one area. Raises HomeExists; Malformed if a setting is."""
        _check(settings)
        if (path / "kit.json").exists():
            raise HomeExists("this folder belongs to a kit already")
        for folder in (path, path / "keys", path / "deliveries"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = cls(path, settings)
        home._write_json("kit.json", {"v": 1, **asdict(settings)})
        return home

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the folder made earlier. Raises NoSuchHome; HomeDamaged if there is one, and it cannot be read."""
        if not (path / "kit.json").exists():
            raise NoSuchHome(f"there is no kit's folder at {path}")
        try:
            stated = json.loads((path / "kit.json").read_text())
            version = stated.pop("v")
            settings = KitSettings(**stated)
            _check(settings)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, Malformed):
            raise HomeDamaged("kit.json in the kit's folder is damaged") from None
        if version != 1:
            raise HomeDamaged("this folder was made by a newer kit")
        return cls(path, settings)

    @property
    def keys(self) -> Path:
        """The folder of the key files."""
        return self.path / "keys"

    @property
    def ca_file(self) -> str | None:
        """Where the certificates lie that are trusted for the gateway, None for the system's."""
        # Beside kit.json and named without a folder, they stay found when the whole folder is carried elsewhere.
        return str(self.path / self.settings.ca_file) if self.settings.ca_file else None

    def appoint(self, officer: OfficerId) -> None:
        """Name who works with this folder from now on. Raises Malformed if it is another area's officer."""
        self._change(lambda held: replace(held, officer=officer))

    def note_telephone(self, stated: str) -> str:
        """Return the coordinator's number that is kept: the one that the gateway states only if there was none yet.

        Its words are signed by nobody, and the number is for the day on which nobody trusts it.
        """
        settings = self._change(lambda held: held if held.telephone else replace(held, telephone=stated))
        return settings.telephone or stated

    def change_telephone(self, telephone: str) -> None:
        """Keep the coordinator's number that a person gives."""
        self._change(lambda held: replace(held, telephone=telephone))

    def inbox(self) -> Inbox:
        """Return the inbox's database, open; the caller closes it."""
        return Inbox(self.path / "inbox.sqlite")

    def outbox(self) -> Outbox:
        """Return the database of what is sent, open; the caller closes it."""
        return Outbox(self.path / "outbox.sqlite")

    def trust(self) -> TrustNotes | None:
        """Return what was last trusted, or None before the first refresh. Raises NoSuchHome if it is damaged."""
        path = self.path / "trust.json"
        if not path.exists():
            return None
        try:
            held = json.loads(path.read_text())
            register, delegations, revocations = held["register"], held["delegations"], held["revocations"]
        except (OSError, ValueError, TypeError, KeyError):
            raise HomeDamaged("trust.json in the kit's folder is damaged") from None
        settings = self.settings
        return TrustNotes(settings.root, tuple(delegations), register, tuple(revocations), settings.allow_classical)

    def keep_trust(self, new: TrustNotes) -> TrustNotes:
        """Keep what the gateway served, if it may follow what is held; return what is trusted from now on.

        A revocation once seen is never forgotten, even if it is no longer served; of several of one key the first
        to begin is kept, so that whoever writes many of them fills nobody's folder.
        Raises CheckFailed (check 1) if anything does not verify or would be rolled back: nothing is changed then.
        """
        held = self.trust()
        if new == held:
            return new  # verified when it was kept; a kit asks before every message, and mostly nothing is new
        if held is not None:
            check_succession(held.verified(), new.verified())
            revocations = tuple(dict.fromkeys((*held.revocations, *new.revocations)))
            new = TrustNotes(new.root, new.delegations, new.register, revocations, new.allow_classical)
        counting = those_that_count(new.revocations, new.verified().register)
        new = TrustNotes(new.root, new.delegations, new.register, counting, new.allow_classical)
        if new != held:
            stated = {"register": new.register, "delegations": new.delegations, "revocations": new.revocations}
            self._write_json("trust.json", stated)
        return new

    def save_pulled(self, message: MessageId, manifest: str, payload: bytes) -> None:
        """Write payload and manifest durably: when this returns, a `collected` receipt is true."""
        write_durably(self._saved(message, ".payload"), payload)
        self.save_manifest(message, manifest)

    def save_manifest(self, message: MessageId, manifest: str) -> None:
        """Write the manifest durably: what a receipt speaks of."""
        write_durably(self._saved(message, ".manifest"), manifest.encode())

    def save_opened(self, message: MessageId, header: bytes, payload: bytes) -> None:
        """Write `<message>.age`: any age tool opens it with the agency's identity file."""
        write_durably(self._saved(message, ".age"), header + payload)

    def drop_payload(self, message: MessageId) -> None:
        """Remove the bare payload; the age file holds it from now on."""
        self._saved(message, ".payload").unlink(missing_ok=True)

    def manifest(self, message: MessageId) -> str:
        """Return the saved manifest. Raises NotSaved."""
        return self._read(message, ".manifest").decode("utf-8", "replace")

    def payload(self, message: MessageId) -> bytes:
        """Return the payload of a message that was pulled and not opened yet. Raises NotSaved."""
        return self._read(message, ".payload")

    def age_file(self, message: MessageId) -> bytes:
        """Return the age file of an opened message. Raises NotSaved."""
        return self._read(message, ".age")

    def opened(self, message: MessageId) -> bool:
        """Claim that the message is saved as it was opened: with a header of its own."""
        return self._saved(message, ".age").exists()

    def holds(self, message: MessageId) -> bool:
        """Claim that content of the message is saved here, readable or not."""
        return any(self._saved(message, ending).exists() for ending in _CONTENT)

    def destroy(self, message: MessageId) -> None:
        """Delete every byte of content saved of the message; what is gone already is no error.

        The manifest stays until `forget`: the receipt of the destruction is made from it.
        """
        for ending in _CONTENT:
            self._remove(message, ending)
        sync_folder(self.path / "deliveries")

    def forget(self, message: MessageId) -> None:
        """Delete the manifest too, once the gateway has the answer."""
        self._remove(message, ".manifest")
        sync_folder(self.path / "deliveries")

    def _change(self, change: Callable[[KitSettings], KitSettings]) -> KitSettings:
        """Return the settings as they are on the disk after `change`; only what it changes is another."""
        with _alone(self.path):
            # Read again: another command may have changed another member since this one began.
            held = self.load(self.path).settings
            settings = change(held)
            _check(settings)
            if settings != held:
                self._write_json("kit.json", {"v": 1, **asdict(settings)})
        self.settings = settings
        return settings

    def _saved(self, message: MessageId, ending: str) -> Path:
        return self.path / "deliveries" / f"{message}{ending}"

    def _remove(self, message: MessageId, ending: str) -> None:
        """Delete a saved file, and every draft of it that a crash left."""
        saved = self._saved(message, ending)
        for path in (saved, *saved.parent.glob(f".{saved.name}.*")):
            path.unlink(missing_ok=True)

    def _read(self, message: MessageId, ending: str) -> bytes:
        try:
            return self._saved(message, ending).read_bytes()
        except FileNotFoundError:
            raise NotSaved("nothing of this message is saved here") from None

    def _write_json(self, name: str, content: Mapping[str, object]) -> None:
        write_durably(self.path / name, (json.dumps(content, indent=1) + "\n").encode())


def write_durably(path: Path, content: bytes) -> None:
    """Write `path` whole or not at all, mode 0600; when this returns, a power cut does not undo it."""
    draft = path.with_name(f".{path.name}.{draw_symbols(_LETTERS, 12)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        # A crash before this line leaves a hidden draft that nothing reads; after it, the whole file.
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's list of files durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go when it is closed, or the process ends
        yield
    finally:
        os.close(handle)


def _check(settings: KitSettings) -> None:
    area = parse_area_name(settings.area)
    if parse_vkey(settings.root).name != f"{area}/root":
        raise Malformed("the root key is another area's")
    if not parse_party_id(settings.party).startswith(f"{area}/"):
        raise Malformed("the agency is another area's")
    if settings.officer is not None and not parse_officer_id(settings.officer).startswith(f"{area}/"):
        raise Malformed("the officer is another area's")
