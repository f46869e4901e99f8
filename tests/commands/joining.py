"""A made-up agency that wants to take part: its note, and its answer to the two test messages."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from agencies import enrolment
from agencies.agency import DatedKey, DatedRecipient
from agencies.enrolment import ChallengeFiles
from agencies.names import OfficerId, PartyId, agency_id, draw_officer_id
from agencies.notes.isa import parse_isa
from agencies.notes.party import PartyNote
from crypto import age, note
from crypto.keys import SigningKey, generate_signing_key
from tests.commands.running import AREA, Places

STARTED = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Joining:
    """One agency with its keys, as files for the registrar."""

    folder: Path
    said: PartyNote
    key: SigningKey = field(repr=False)
    working: age.Identity = field(repr=False)
    recovery: age.Identity = field(repr=False)

    def note(self) -> Path:
        """Return the file with the agency's own note."""
        path = self.folder / "housing.party"
        path.write_text(enrolment.party_note(self.said, self.key))
        return path

    def proof(self, places: Places, signer: SigningKey | None = None) -> Path:
        """Return the file with the answer to the test messages that lie at the office, signed by the agency's key."""
        stem = places.office / "challenges" / f"agency-{self.key.name.rpartition('/')[2]}"
        files = ChallengeFiles(
            stem.with_name(stem.name + "-working.age").read_bytes(),
            stem.with_name(stem.name + "-recovery.age").read_bytes(),
        )
        path = self.folder / "housing.proof"
        path.write_text(enrolment.answer(files, self.working, self.recovery, self.key, STARTED))
        if signer is not None:
            path.write_text(note.sign(note.text_of(path.read_text()), [signer]))
        return path


def housing(folder: Path, office: Path, short: str = "housing") -> Joining:
    """Return a made-up housing agency with fresh keys, under the agreement that the coordinator's office carries."""
    key = generate_signing_key(agency_id(AREA, short))
    working, recovery = age.generate_identity(), age.generate_identity()
    isa = parse_isa(note.text_of((office / "area.agreement").read_text())).isa
    said = PartyNote(
        id=PartyId(key.name),
        kind="housing",
        name="Exampleton Housing (made up)",
        isa=enrolment.sign_isa(isa, key),
        keys=(DatedKey(key.verify_key, STARTED, None),),
        recipients=(
            DatedRecipient("working", str(working.recipient()), STARTED, None),
            DatedRecipient("recovery", str(recovery.recipient()), STARTED, None),
        ),
    )
    return Joining(folder, said, key, working, recovery)


def with_new_working_key(agency: Joining, now: datetime) -> Joining:
    """Return the agency after it rotated its working key."""
    fresh = age.generate_identity()
    recipient = fresh.recipient()
    return replace(agency, said=enrolment.rotate_recipient(agency.said, recipient, now), working=fresh)


def keyed_officer_note(folder: Path, own: SigningKey, agency: str, signers: list[SigningKey]) -> Path:
    """Return the file with the note of an officer with a key of their own, of the party `agency`."""
    said = PartyNote(
        id=OfficerId(own.name), kind="officer", name="Officer", keys=(DatedKey(own.verify_key, STARTED, None),),
        recipients=(), agency=PartyId(agency), roles=("reader",),
    )  # fmt: skip
    path = folder / "officer.party"
    path.write_text(note.sign(said.encode(), signers))
    return path


def officer_note(agency: Joining, signers: list[SigningKey]) -> tuple[OfficerId, Path]:
    """Return a keyless officer of the agency, and the file with their note, signed by `signers`."""
    id_ = draw_officer_id(AREA)
    said = PartyNote(
        id=id_, kind="officer", name="Robin Placeholder", keys=(), recipients=(), agency=PartyId(agency.key.name),
        roles=("referrer",),
    )  # fmt: skip
    path = agency.folder / "officer.party"
    path.write_text(note.sign(said.encode(), signers))
    return id_, path
