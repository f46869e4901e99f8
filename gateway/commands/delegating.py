"""The root's next delegation: signed with the offline key, kept at the office, brought to the gateway."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agencies.area import Area, delegate
from agencies.kit import keyfile
from agencies.kit.home import write_durably
from gateway.commands import passphrase
from gateway.commands.envoy import publish_delegation
from gateway.commands.founding import ROOT_KEY
from gateway.commands.office import Office


@dataclass(frozen=True, slots=True)
class PassphraseFiles:
    """Where the passphrases are, or None to be asked."""

    office: Path | None
    offline: Path | None


def renew_delegation(office: Office, offline: Path, files: PassphraseFiles, now: datetime) -> Area:
    """Return the area with its next delegation, for the same keys, in force at the gateway.

    Raises WrongPassphrase; Malformed, BadSignature if the root key is another area's.
    """
    area, delegations = office.area(), office.delegations()
    if not office.pending_delegation.exists():
        root = keyfile.load_signing_key(
            offline / ROOT_KEY, passphrase.recall("the root key", files.offline, "--offline-passphrase-file")
        )
        latest = area.latest
        note = delegate(root, delegations[-1], latest.gateway, latest.log, latest.registrar, now)
        # A crash before this line leaves nothing; after it, the next run brings this very delegation to the gateway.
        write_durably(office.pending_delegation, note.encode())
    note = office.pending_delegation.read_text(encoding="utf-8")
    publish_delegation(office, note, passphrase.recall("the office's keys", files.office))
    office.pending_delegation.replace(office.delegation(len(delegations) + 1))
    return office.area()
