"""The registrar's folder at the coordinator's office: the trust it starts from, the newest register, its key."""

from dataclasses import dataclass
from pathlib import Path

from agencies.area import Area, verify_area
from agencies.kit.expiry import RENEW, expiry_warnings
from agencies.kit.home import write_durably
from agencies.kit.terminal import warn
from agencies.register import Register, verify_register
from crypto.keys import VerifyKey, parse_vkey
from gateway.commands.outcome import Exit, Stopped, wall_clock


@dataclass(frozen=True, slots=True)
class Office:
    """Where everything of one office lies; the kit has a folder of its own inside."""

    folder: Path

    @property
    def registrar_key(self) -> Path:
        """The registrar's signing key, passphrase-encrypted."""
        return self.folder / "registrar.signkey"

    @property
    def agreement(self) -> Path:
        """The area's agreement as the coordinator signed it, for agencies to sign theirs by."""
        return self.folder / "area.agreement"

    @property
    def root(self) -> Path:
        """The root's public key, from which everything else is verified."""
        return self.folder / "root.vkey"

    @property
    def register_note(self) -> Path:
        """The newest register that the gateway has."""
        return self.folder / "register.note"

    @property
    def pending(self) -> Path:
        """A register that is signed, and not known to be at the gateway."""
        return self.folder / "register.pending"

    @property
    def pending_delegation(self) -> Path:
        """A delegation that the root signed, and that is not known to be at the gateway."""
        return self.folder / "delegation.pending"

    @property
    def kit(self) -> Path:
        """The folder of the coordinator's kit."""
        return self.folder / "kit"

    @property
    def challenges(self) -> Path:
        """Where test messages for new keys lie until they are answered."""
        return self.folder / "challenges"

    def begin(self, root: VerifyKey, delegation: str, register: str, agreement: str) -> None:
        """Keep what a new area starts from."""
        for folder in (self.folder / "delegations", self.challenges):
            folder.mkdir(mode=0o700)
        write_durably(self.root, f"{root.vkey}\n".encode())
        write_durably(self.delegation(1), delegation.encode())
        write_durably(self.register_note, register.encode())
        write_durably(self.agreement, agreement.encode())

    def delegation(self, number: int) -> Path:
        """Where the delegation with this number lies."""
        return self.folder / "delegations" / f"{number:04}.note"

    def delegations(self) -> list[str]:
        """Return every delegation note, the first one first."""
        return [path.read_text(encoding="utf-8") for path in sorted((self.folder / "delegations").glob("*.note"))]

    def area(self) -> Area:
        """Return the area, verified from its root.

        Raises Stopped if this is no office's folder; Malformed, BadSignature if it was tampered with.
        """
        if not self.root.is_file():
            raise Stopped(f"{self.folder} is not an office's folder", "give --office, or run: marac init", Exit.USAGE)
        return verify_area(parse_vkey(self.root.read_text(encoding="utf-8").strip()), self.delegations())

    def register(self) -> Register:
        """Return the newest register at the gateway, verified.

        Raises as `area` does.
        """
        return self.verified(self.register_note)

    def verified(self, path: Path) -> Register:
        """Return the register in `path`, verified.

        Raises as `area` does.
        """
        area = self.area()
        # Whether an area takes classical recipients is its gateway's setting, and refused or accepted there.
        return verify_register(path.read_text(encoding="utf-8"), area, allow_classical=True)


def open_office(folder: Path) -> Office:
    """Return the office in `folder`, after a warning if its delegation or its register has expired, or will.

    Raises as `Office.area` does.
    """
    office = Office(folder)
    for line in expiry_warnings(office.area(), office.register(), wall_clock(), RENEW):
        warn(line)
    return office
