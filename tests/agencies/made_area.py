"""A made-up area with fixed keys: its root, gateway, log, registrar, a coordinator, agencies and an officer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from agencies.agency import DatedKey, DatedRecipient
from agencies.area import Area, delegate, verify_area
from agencies.enrolment import party_note, sign_isa
from agencies.isa import Isa
from agencies.names import AreaName, OfficerId, PartyId, agency_id, area_of, coordinator_of, is_officer
from agencies.notes.party import PartyNote
from agencies.notes.register import MAX_BYTES, Entry
from agencies.notes.revocation import Revocation
from agencies.register import Register, draft_register, verify_register
from broker.wiring import ServiceKeys
from crypto import age, b64, bech32, note
from crypto.blind_index import IndexKey
from crypto.keys import SigningKey, parse_signing_key

AREA = AreaName("marac.cambridgeshire.example")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)

COORDINATOR = coordinator_of(AREA)
HOUSING = agency_id(AREA, "housing")
IDVA = agency_id(AREA, "idva")
OFFICER = OfficerId(f"{AREA}/officer/7f3k2m9q")
KEYLESS = OfficerId(f"{AREA}/officer/2a2a2a2a")
KINDS = {COORDINATOR: "coordinator", HOUSING: "housing", IDVA: "idva-service", OFFICER: "officer", KEYLESS: "officer"}

ISA = Isa(
    version="2026.1",
    in_force=NOW - DAY,
    until=None,
    text_hash=note.hash_text("the agreement, made up"),
    retention_years=7,
    purposes=("referral", "safeguarding"),
)


def fixed_key(name: str, turn: int = 1) -> SigningKey:
    """The signing key that the vectors use under this name; public knowledge."""
    seed = hashlib.sha256(f"{name} {turn}".encode()).digest()
    return parse_signing_key(f"marac-signing-key {name} {b64.encode_padded(seed)}")


@cache
def fixed_identity(name: str, use: str, prefix: str = "AGE-SECRET-KEY-PQ-") -> age.Identity:
    """The age identity that the vectors use; public knowledge."""
    return age.parse_identity(bech32.encode(prefix, hashlib.sha256(f"{name} {use}".encode()).digest()))


def said_by(id_: PartyId | OfficerId, *, signs_isa: bool = True) -> PartyNote:
    """What a made-up participant says of itself: one key, a working and a recovery recipient."""
    uses = () if is_officer(id_) else ("working", "recovery")
    return PartyNote(
        id=id_,
        kind=KINDS.get(PartyId(id_), "health"),
        name="A made-up participant",
        isa=sign_isa(replace(ISA), fixed_key(id_)) if signs_isa and not is_officer(id_) else None,
        keys=() if id_ == KEYLESS else (DatedKey(fixed_key(id_).verify_key, NOW - DAY, None),),
        recipients=tuple(
            DatedRecipient(use, str(fixed_identity(id_, use).recipient()), NOW - DAY, None) for use in uses
        ),
        agency=HOUSING if is_officer(id_) else None,
        roles=("referrer",) if is_officer(id_) else (),
    )


def entry_of(said: PartyNote, status: str = "active", signer: SigningKey | None = None) -> Entry:
    """An entry with the participant's note, signed by its fixed key unless another signs."""
    default = fixed_key(said.agency or said.id) if said.id == KEYLESS else fixed_key(said.id)
    return Entry(said.id, status, NOW - DAY, None, party_note(said, signer or default))


@dataclass(frozen=True)
class MadeArea:
    """A verified area with its secret keys."""

    area: Area
    root: SigningKey
    gateway: SigningKey
    log: SigningKey
    registrar: SigningKey
    delegation: str

    @property
    def service_keys(self) -> ServiceKeys:
        """The keys that a broker of this area holds."""
        return ServiceKeys(self.gateway, self.log, IndexKey(self.area.name, hashlib.sha256(b"index").digest()))


@cache
def made_area(name: str = AREA, at: datetime = NOW - DAY) -> MadeArea:
    """An area whose root delegated at `at`."""
    root, gateway, log, registrar = (fixed_key(f"{name}/{role}") for role in ("root", "gateway", "log", "registrar"))
    delegation = delegate(root, None, gateway.verify_key, log.verify_key, registrar.verify_key, at)
    return MadeArea(verify_area(root.verify_key, [delegation]), root, gateway, log, registrar, delegation)


@cache
def usual_entries() -> tuple[Entry, ...]:
    """Coordinator, two agencies, an officer with a key and one without."""
    return tuple(entry_of(said_by(id_)) for id_ in (COORDINATOR, HOUSING, IDVA, OFFICER, KEYLESS))


def signed_register(entries: Sequence[Entry], previous: Register | None = None, now: datetime = NOW) -> str:
    """The next register of the made-up area, signed by its registrar."""
    return note.sign(draft_register(previous, AREA, entries, now), [made_area().registrar], MAX_BYTES)


def register_of(entries: Sequence[Entry], previous: Register | None = None, now: datetime = NOW) -> Register:
    """The next register of the made-up area, verified."""
    return verify_register(signed_register(entries, previous, now), made_area().area)


@cache
def usual_register() -> Register:
    """The first register of the made-up area."""
    return register_of(usual_entries())


def revocation_of(key: str, signer: SigningKey, since: datetime = NOW) -> str:
    """A revocation of `key`, signed."""
    return note.sign(Revocation(area_of(AREA), key, since, "lost").encode(), [signer])
