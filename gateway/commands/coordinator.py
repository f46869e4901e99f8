"""The coordinator's office of a new area: its keys, its kit, and its entry, proved like everybody else's."""

from datetime import datetime
from pathlib import Path

from agencies import enrolment
from agencies.agency import DatedKey, DatedRecipient
from agencies.isa import Isa
from agencies.kit import keyfile
from agencies.kit.home import Home
from agencies.names import coordinator_of
from agencies.notes.party import PartyNote
from agencies.notes.register import Entry
from crypto import age
from crypto.keys import generate_signing_key
from gateway.commands.passphrase import Passphrases

NAME = "Coordinator"
SIGNING_KEY = "coordinator.signkey"
WORKING_KEY = "coordinator.agekey"
RECOVERY_KEY = "coordinator-recovery.agekey"


def enter_coordinator(isa: Isa, kit: Home, offline: Path, secrets: Passphrases, now: datetime) -> tuple[Entry, str]:
    """Return the office's register entry, and the agreement as it signed it.

    Its keys are on disk by then, and a test message was opened with them.
    """
    id_ = coordinator_of(kit.settings.area)
    key = generate_signing_key(id_)
    working, recovery = age.generate_identity(), age.generate_identity()
    keyfile.save_signing_key(kit.keys / SIGNING_KEY, key, secrets.office, secrets.work_factor)
    keyfile.save_identity(kit.keys / WORKING_KEY, working, secrets.office, secrets.work_factor)
    keyfile.save_identity(offline / RECOVERY_KEY, recovery, secrets.offline, secrets.work_factor)
    agreement = enrolment.sign_isa(isa, key)
    said = PartyNote(
        id=id_,
        kind="coordinator",
        name=NAME,
        isa=agreement,
        keys=(DatedKey(key.verify_key, now, None),),
        recipients=(
            DatedRecipient("working", str(working.recipient()), now, None),
            DatedRecipient("recovery", str(recovery.recipient()), now, None),
        ),
    )
    _prove(said, kit, offline, secrets, now)
    return Entry(said.id, "active", now, None, enrolment.party_note(said, key)), agreement


def _prove(said: PartyNote, kit: Home, offline: Path, secrets: Passphrases, now: datetime) -> None:
    """Open a test message with the keys as they now rest on disk: a key that does not open again is found here."""
    made = enrolment.challenge(said, [key.verify_key for key in said.keys], now)
    key = keyfile.load_signing_key(kit.keys / SIGNING_KEY, secrets.office)
    (working,) = keyfile.load_identities(kit.keys / WORKING_KEY, secrets.office)
    (recovery,) = keyfile.load_identities(offline / RECOVERY_KEY, secrets.offline)
    enrolment.check_answer(made, enrolment.answer(made.files, working, recovery, key, now), said)
