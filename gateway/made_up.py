"""A made-up area for the demo, the sandbox and the tests: agencies with real keys and kits, nobody who exists."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from agencies import enrolment
from agencies.agency import OFFICE_KINDS, DatedKey, DatedRecipient
from agencies.area import delegate, verify_area
from agencies.isa import Isa
from agencies.kit import keyfile
from agencies.kit.client import Kit
from agencies.kit.home import Home, KitSettings, write_durably
from agencies.kit.keyring import Keyring, load_keyring, short_name
from agencies.names import AreaName, OfficerId, PartyId, agency_id, draw_officer_id, office_id
from agencies.notes.party import PartyNote
from agencies.notes.register import MAX_BYTES, Entry
from agencies.register import draft_register, verify_register
from crypto import age
from crypto import note as signed_note
from crypto.blind_index import IndexKey, generate_index_key
from crypto.draw import draw_passphrase
from crypto.keys import SigningKey, generate_signing_key
from crypto.note import hash_text

AREA = AreaName("marac.fenmark.example")
PREFIX = "FEN"
TELEPHONE = "01632 960100"
AGREEMENT = "The made-up Information Sharing Agreement of Fenmark. It binds nobody.\n"
PURPOSES = ("referral", "safeguarding")
WORK_FACTOR = 12  # drawn passphrases have 140 bits: stretching them for a second each would protect nothing more


@dataclass(frozen=True, slots=True)
class Role:
    """One made-up participant.

    short   its short name
    signs   whether it signed the agreement
    proves  whether its officer has keys of their own, and so proves who they are and can be named in a closed case
    lapsed  whether the agreement that it signed ended yesterday
    status  what the register says of it
    """

    short: str
    kind: str
    name: str
    signs: bool = True
    proves: bool = False
    lapsed: bool = False
    status: str = "active"


CAST: Sequence[Role] = (
    Role("coordinator", "coordinator", "Fenmark MARAC Coordinator", proves=True),
    Role("lantern", "idva-service", "Lantern IDVA Service", proves=True),
    Role("constabulary", "police", "Fenmark Constabulary"),
    Role("rivermead", "housing", "Rivermead Housing"),
    Role("health", "health", "Fenmark Health Trust"),
    Role("harbour", "voluntary-sector", "Harbour Drop-in", signs=False),
    Role("governance", "compliance", "Fenmark Information Governance"),
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where an area's secrets and random ids come from; `signing_key` and `identity` are given the key's name."""

    signing_key: Callable[[str], SigningKey]
    identity: Callable[[str], age.Identity]
    officer: Callable[[str], OfficerId]
    passphrase: str = field(repr=False)


def drawn() -> Secrets:
    """Return secrets that nobody has had before."""
    return Secrets(
        signing_key=generate_signing_key,
        identity=lambda _name: age.generate_identity(),
        officer=lambda _party: draw_officer_id(AREA),
        passphrase=draw_passphrase(),
    )


class MovableClock:
    """A clock that starts at a given instant, runs on with `ticks` and can be moved forwards; never in production."""

    def __init__(self, start: datetime, ticks: Callable[[], float]) -> None:
        self._start = start
        self._ticks = ticks
        self._begun = ticks()
        self._moved = timedelta()
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the current time."""
        with self._lock:
            return self._start + self._moved + timedelta(seconds=self._ticks() - self._begun)

    def move(self, by: timedelta) -> None:
        """Let `by` pass at once."""
        if by < timedelta():
            raise ValueError("time does not run backwards")
        with self._lock:
            self._moved += by


@dataclass(frozen=True, slots=True)
class Member:
    """One participant: its entries in the register, its folder and its kit's keys."""

    role: Role
    entries: tuple[Entry, Entry]
    home: Home
    keyring: Keyring = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpArea:
    """An area with its members, before any server runs. The secret keys are of people who do not exist.

    passphrase  opens every key file here
    register    the first register, with everybody in it
    """

    folder: Path
    isa: Isa
    members: dict[str, Member]
    delegation: str = field(repr=False)
    register: str = field(repr=False)
    passphrase: str = field(repr=False)
    root: SigningKey = field(repr=False)
    registrar: SigningKey = field(repr=False)
    gateway: SigningKey = field(repr=False)
    log: SigningKey = field(repr=False)
    index: IndexKey = field(repr=False)

    def kit(self, short: str, clock: Callable[[], datetime]) -> Kit:
        """Return the kit of a member, to be closed by the caller."""
        member = self.members[short]
        return Kit(member.home, member.keyring, clock)

    def party(self, short: str) -> PartyId:
        """Return the register id of a member."""
        return self.members[short].home.settings.party

    def next_register(self, entries: Sequence[Entry], current: str, now: datetime) -> str:
        """Return the registrar's next register after the note `current`, with `entries`."""
        area = verify_area(self.root.verify_key, [self.delegation])
        held = verify_register(current, area, allow_classical=True)
        return signed_note.sign(draft_register(held, AREA, _sorted(entries), now), [self.registrar], MAX_BYTES)


def found(
    folder: Path,
    url: str,
    now: datetime,
    told: Callable[[Role], None] = lambda _: None,
    cast: Sequence[Role] = CAST,
    secrets: Secrets | None = None,
) -> MadeUpArea:
    """Return a new area whose members have proved their keys and signed the agreement.

        folder   gets one kit's folder a member, and `passphrase`, which opens all their keys
        url      where the gateway will be
        told     hears of each member once its keys are made
        secrets  None to draw them

    Every member opens a test message with its working and its recovery key, as real ones do.
    """
    now, secrets = now.replace(microsecond=0), secrets or drawn()
    keys = {role: secrets.signing_key(f"{AREA}/{role}") for role in ("root", "registrar", "gateway", "log")}
    isa = Isa("2026.1", now, None, hash_text(AGREEMENT), 7, PURPOSES)
    write_durably(folder / "passphrase", f"{secrets.passphrase}\n".encode())
    members = {}
    for role in cast:
        party = _id(role)
        settings = KitSettings(AREA, url, keys["root"].verify_key.vkey, party, secrets.officer(party))
        members[role.short] = _enter(role, Home.create(folder / role.short, settings), secrets, isa, now)
        told(role)
    entries = _sorted(entry for member in members.values() for entry in member.entries)
    return MadeUpArea(
        folder=folder,
        isa=isa,
        members=members,
        delegation=delegate(
            keys["root"],
            None,
            keys["gateway"].verify_key,
            keys["log"].verify_key,
            keys["registrar"].verify_key,
            now,
        ),
        register=signed_note.sign(draft_register(None, AREA, entries, now), [keys["registrar"]], MAX_BYTES),
        passphrase=secrets.passphrase,
        index=generate_index_key(AREA),
        **keys,
    )


def _enter(role: Role, home: Home, secrets: Secrets, isa: Isa, now: datetime) -> Member:
    """Return a member whose key files are on the disk and have opened a test message each."""
    party, passphrase = home.settings.party, secrets.passphrase
    key = secrets.signing_key(party)
    working, recovery = secrets.identity(f"{party}/working"), secrets.identity(f"{party}/recovery")
    keyfile.save_signing_key(home.keys / f"{role.short}.signkey", key, passphrase, WORK_FACTOR)
    keyfile.save_identity(home.keys / f"{role.short}.agekey", working, passphrase, WORK_FACTOR)
    keyfile.save_identity(home.path / "recovery.agekey", recovery, passphrase, WORK_FACTOR)
    said = PartyNote(
        id=party,
        kind=role.kind,
        name=role.name,
        isa=enrolment.sign_isa(_agreed(role, isa), key) if role.signs else None,
        keys=(DatedKey(key.verify_key, now, None),),
        recipients=(
            DatedRecipient("working", str(working.recipient()), now, None),
            DatedRecipient("recovery", str(recovery.recipient()), now, None),
        ),
    )
    officer = _officer(role, home, key, secrets, now)
    keyring = load_keyring(home, passphrase, now)
    (reopened,) = keyfile.load_identities(home.path / "recovery.agekey", passphrase)
    made = enrolment.challenge(said, [key.verify_key for key in said.keys], now)
    answer = enrolment.answer(made.files, keyring.identities[0], reopened, keyring.agency, now)
    enrolment.check_answer(made, answer, said)
    entry = Entry(said.id, role.status, now, None, enrolment.party_note(said, key))
    return Member(role, (entry, officer), home, keyring)


def _agreed(role: Role, isa: Isa) -> Isa:
    """Return the agreement as this member signed it: the current one, or last year's."""
    if not role.lapsed:
        return isa
    began = isa.in_force - timedelta(days=366)
    return replace(isa, version="2025.1", in_force=began, until=isa.in_force - timedelta(days=1))


def _officer(role: Role, home: Home, agency_key: SigningKey, secrets: Secrets, now: datetime) -> Entry:
    """Return the entry of the officer who works with the kit; without a key of their own the agency speaks for them."""
    officer = OfficerId(str(home.settings.officer))
    keys: tuple[DatedKey, ...] = ()
    recipients: tuple[DatedRecipient, ...] = ()
    signer = agency_key
    if role.proves:
        working, path = secrets.identity(f"{officer}/working"), home.keys / f"{short_name(officer)}.agekey"
        keyfile.save_identity(path, working, secrets.passphrase, WORK_FACTOR)
        recipients = (DatedRecipient("working", str(working.recipient()), now, None),)
        signer = secrets.signing_key(officer)
        keyfile.save_signing_key(home.keys / f"{short_name(officer)}.signkey", signer, secrets.passphrase, WORK_FACTOR)
        keys = (DatedKey(signer.verify_key, now, None),)
    said = PartyNote(
        id=officer,
        kind="officer",
        name="Officer",
        keys=keys,
        recipients=recipients,
        agency=home.settings.party,
        roles=("reader",),
    )
    return Entry(officer, "active", now, None, enrolment.party_note(said, signer))


def _id(role: Role) -> PartyId:
    return office_id(AREA, role.short) if role.kind in OFFICE_KINDS else agency_id(AREA, role.short)


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.id)
