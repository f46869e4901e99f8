"""The register: who takes part, verified from the registrar's note down to each party's own; formats.md, section 2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agencies.agency import DatedKey, Party
from agencies.area import Area
from agencies.entry import check_successor, verify_entries
from agencies.isa import Isa
from agencies.names import AreaName, coordinator_of, parse_area_name
from agencies.notes.register import MAX_BYTES, TYPE, Entry, RegisterText, parse_register
from agencies.officer import Officer
from crypto import note as signed_note
from crypto.errors import Malformed

REGISTER_LIFE = timedelta(days=365)
Participants = dict[str, Party | Officer]


@dataclass(frozen=True, slots=True)
class Register:
    """A verified register; `hash` is that of its text, `note` the signed note it was read from."""

    area: AreaName
    number: int
    previous: str | None
    issued: datetime
    expires: datetime
    hash: str
    note: str = field(repr=False)
    entries: tuple[Entry, ...] = field(repr=False)
    _participants: Participants = field(repr=False)
    _keys: dict[str, tuple[Party | Officer, DatedKey]] = field(repr=False)
    _recipients: Participants = field(repr=False)

    def party(self, id_: str) -> Party | None:
        """Return the agency or office with this id, whatever its status."""
        found = self._participants.get(id_)
        return found if isinstance(found, Party) else None

    def officer(self, id_: str) -> Officer | None:
        """Return the officer with this id, whatever the status."""
        found = self._participants.get(id_)
        return found if isinstance(found, Officer) else None

    def participants(self) -> tuple[Party | Officer, ...]:
        """Return everybody who was ever entered, sorted by id."""
        return tuple(self._participants.values())

    def parties_of_kind(self, kind: str, at: datetime) -> tuple[Party, ...]:
        """Return the agencies and offices of one kind that are active at `at`, sorted by id."""
        everybody = self._participants.values()
        return tuple(one for one in everybody if isinstance(one, Party) and one.kind == kind and one.is_active(at))

    def party_of_key(self, keyid: str) -> tuple[Party, DatedKey] | None:
        """Return the agency or office that lists this signing key, whatever the dates."""
        owner, key = self._keys.get(keyid, (None, None))
        return (owner, key) if isinstance(owner, Party) and key is not None else None

    def officer_of_key(self, keyid: str) -> tuple[Officer, DatedKey] | None:
        """Return the officer who lists this signing key, whatever the dates."""
        owner, key = self._keys.get(keyid, (None, None))
        return (owner, key) if isinstance(owner, Officer) and key is not None else None

    def owner_of(self, key: str) -> Party | Officer | None:
        """Return who lists this signing keyid or age recipient, whatever the dates."""
        return self._keys[key][0] if key in self._keys else self._recipients.get(key)

    def agreement(self, at: datetime) -> Isa | None:
        """Return the area's agreement, as the coordinator's office carries it, if it is in force at `at`."""
        coordinator = self.party(coordinator_of(self.area))
        isa = coordinator.isa if coordinator else None
        return isa if isa is not None and isa.covers(at) else None

    def is_expired(self, at: datetime) -> bool:
        """Whether the register is past its year: a warning, and no more additions; never a refused submission."""
        return at >= self.expires


def verify_register(note: str, area: Area, *, allow_classical: bool = False) -> Register:
    """Return the register in `note`, verified from the registrar's signature down to each party's own.

        allow_classical  the area's setting: a party may list X25519 recipients, then all of them so

    Raises Malformed if it is another area's, or any part breaks its form; BadSignature if the registrar
    delegated when it was issued did not sign, or a party's note or agreement is not signed by that party.
    """
    # (1) the registrar, judged at the instant the register says it was issued; `follows` keeps that from going back
    stated = parse_register(signed_note.text_of(note, MAX_BYTES))
    text = signed_note.verify(note, area.registrar_keys(stated.issued), TYPE, MAX_BYTES).text
    if stated.area != area.name:
        raise Malformed("a register of another area")
    # (2) every participant, by its own signature
    entered = verify_entries(stated.entries, allow_classical=allow_classical)
    return Register(
        area=stated.area,
        number=stated.number,
        previous=stated.previous,
        issued=stated.issued,
        expires=stated.expires,
        hash=signed_note.hash_text(text),
        note=note,
        entries=stated.entries,
        _participants=entered,
        _keys={key.verify_key.keyid: (one, key) for one in entered.values() for key in one.keys},
        _recipients={each.recipient: one for one in entered.values() for each in one.recipients},
    )


def draft_register(previous: Register | None, area_name: str, entries: Sequence[Entry], now: datetime) -> str:
    """Return the text of the next register, for the registrar to sign; it is valid for 365 days.

        entries  everybody ever entered, in any order: who has left stays, as removed

    Raises Malformed or BadSignature if an entry does not verify, is gone, or lost a retired key.
    """
    ordered = tuple(sorted(entries, key=lambda entry: entry.id))
    text = RegisterText(
        area=parse_area_name(area_name),
        number=previous.number + 1 if previous else 1,
        previous=previous.hash if previous else None,
        issued=now,
        expires=now + REGISTER_LIFE,
        entries=ordered,
    ).encode()
    parse_register(text)
    entered = verify_entries(ordered, allow_classical=True)
    if previous is not None:
        _check_nobody_is_gone(previous, entered)
    return text


def follows(old: Register, new: Register) -> None:
    """Return only if `new` is `old` itself or may come after it: a register is never rolled back, and forgets no key.

    A kit that was away may skip numbers; the hash chain is checked where the two are neighbours.
    Raises Malformed.
    """
    if new.area != old.area:
        raise Malformed("a register of another area")
    if new.number < old.number or new.issued < old.issued:
        raise Malformed("the register is older than the one already known")
    if new.number == old.number and new.hash != old.hash:
        raise Malformed("two registers have one number")
    if new.number == old.number + 1 and new.previous != old.hash:
        raise Malformed("the register does not follow the one already known")
    _check_nobody_is_gone(old, {one.id: one for one in new.participants()})


def _check_nobody_is_gone(old: Register, entered: Mapping[str, Party | Officer]) -> None:
    for one in old.participants():
        if one.id not in entered:
            raise Malformed("somebody is gone from the register: who leaves stays listed, as removed")
        check_successor(one, entered[one.id])
