"""The root's next delegation: signed with the offline key, kept at the office, brought to the gateway."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agencies.area import Area, delegate, verify_area
from agencies.kit import keyfile
from agencies.kit.home import write_durably
from agencies.notes.delegation import Delegation
from crypto.errors import Malformed
from crypto.keys import VerifyKey, parse_vkey
from gateway.commands import passphrase
from gateway.commands.envoy import publish_delegation
from gateway.commands.founding import ROOT_KEY
from gateway.commands.office import Office
from gateway.commands.outcome import Exit, Stopped


@dataclass(frozen=True, slots=True)
class PassphraseFiles:
    """Where the passphrases are, or None to be asked."""

    office: Path | None
    offline: Path | None


@dataclass(frozen=True, slots=True)
class NewKeys:
    """What the root delegates in the place of the keys of before; None for the same again."""

    gateway: VerifyKey | None = None
    log: VerifyKey | None = None

    def named(self) -> dict[str, VerifyKey]:
        """Return the new ones by their roles."""
        return {role: key for role, key in (("gateway", self.gateway), ("log", self.log)) if key is not None}

    def are_in(self, delegation: Delegation) -> bool:
        """Whether `delegation` names every one of them."""
        held = {"gateway": delegation.gateway, "log": delegation.log}
        return all(held[role] == key for role, key in self.named().items())


def read_new_key(area: Area, role: str, stated: str) -> VerifyKey | None:
    """Return the key that a person stated for `role`: a vkey, or a file with one; None for an empty text.

    Raises Stopped if it is another role's or area's, or was delegated before: a key that was replaced stays out.
    """
    if not stated:
        return None
    option, next_step = f"--new-{role}-key", f"give the file that was made with: marac area new-key {role}"
    try:
        key = parse_vkey(stated if "+" in stated else Path(stated).read_text("ascii", "replace").strip())
    except Malformed:
        raise Stopped(
            f"{option}: that is no vkey", f"give the file of: marac area new-key {role}", Exit.USAGE
        ) from None
    if key.name != f"{area.name}/{role}":
        raise Stopped(f"{option}: that is the key of {key.name}", next_step, Exit.USAGE)
    if key in [known for each in area.delegations for known in (each.gateway, each.log)]:
        raise Stopped(
            f"{option}: that key was delegated before", f"make one with: marac area new-key {role}", Exit.USAGE
        )
    return key


def renew_delegation(office: Office, offline: Path, files: PassphraseFiles, new: NewKeys, now: datetime) -> Area:
    """Return the area with its next delegation, for the same keys but those in `new`, in force at the gateway.

    Raises WrongPassphrase; Malformed, BadSignature if the root key is another area's; Stopped if a delegation that
    was signed before waits for its gateway and names other keys.
    """
    area, delegations = office.area(), office.delegations()
    if not office.pending_delegation.exists():
        root = keyfile.load_signing_key(
            offline / ROOT_KEY, passphrase.recall("the root key", files.offline, "--offline-passphrase-file")
        )
        latest = area.latest
        note = delegate(
            root, delegations[-1], new.gateway or latest.gateway, new.log or latest.log, latest.registrar, now
        )
        # A crash before this line leaves nothing; after it, the next run brings this very delegation to the gateway.
        write_durably(office.pending_delegation, note.encode())
    note = office.pending_delegation.read_text(encoding="utf-8")
    if not new.are_in(verify_area(area.root, [*delegations, note]).latest):
        raise Stopped(
            "a delegation that was signed before, for other keys, has not reached the gateway",
            "run it without new keys to bring that one there, then with them again",
        )
    publish_delegation(office, note, passphrase.recall("the office's keys", files.office))
    office.pending_delegation.replace(office.delegation(len(delegations) + 1))
    return office.area()
