"""Revocations: keys taken out of use at once, before the next register; formats.md, section 2."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agencies.area import Area
from agencies.notes.revocation import TYPE, Revocation, parse_revocation
from agencies.register import Register
from crypto import note as signed_note
from crypto.errors import Malformed
from crypto.keys import VerifyKey


@dataclass(frozen=True, slots=True)
class Revocations:
    """Verified revocations by signing keyid or age recipient; of two for one key the earlier instant counts."""

    _since: Mapping[str, datetime] = field(default_factory=dict)

    def is_revoked(self, key: str, at: datetime) -> bool:
        """Whether the keyid or recipient was out of use at the instant `at`."""
        since = self._since.get(key)
        return since is not None and at >= since

    def names(self, key: str) -> bool:
        """Whether there is any revocation of the keyid or recipient, even one that begins in a moment."""
        return key in self._since

    def since(self, key: str) -> datetime | None:
        """Return the instant from which the keyid or recipient is out of use, or None."""
        return self._since.get(key)

    def adding(self, revocation: Revocation) -> "Revocations":
        """Return these with one more, which must have been verified."""
        since = min(revocation.since, self._since.get(revocation.key, revocation.since))
        return Revocations({**self._since, revocation.key: since})


def verify_revocation(note: str, area: Area, register: Register) -> Revocation:
    """Return the revocation in `note`, signed by a key its owner lists or a registrar the root ever delegated.

    A note says nothing of when it was signed, so no key is too old for it here; `Directory.accept_revocation`
    is stricter on arrival.
    Raises Malformed if it is another area's, or nobody lists the key; BadSignature.
    """
    owner = register.owner_of(_stated_key(note))
    own = [key.verify_key for key in owner.keys] if owner else []
    return verify_revocation_by(note, area, [*own, *(each.registrar for each in area.delegations)])


def verify_revocations(notes: Iterable[str], area: Area, register: Register) -> Revocations:
    """Return the revocations in force for this register; those of keys nobody lists any more have no effect.

    Raises Malformed, BadSignature as `verify_revocation` does.
    """
    revocations = Revocations()
    for note in notes:
        if register.owner_of(_stated_key(note)) is not None:
            revocations = revocations.adding(verify_revocation(note, area, register))
    return revocations


def those_that_count(notes: Iterable[str], register: Register) -> tuple[str, ...]:
    """Return the one revocation of each key that begins first: whatever else verified changes nothing.

    Those of keys that nobody lists are left out: nothing in them was verified, and a register forgets no key.
    """
    first: dict[str, tuple[datetime, str]] = {}
    for note in notes:
        stated = parse_revocation(signed_note.text_of(note))
        if register.owner_of(stated.key) is None:
            continue
        if stated.key not in first or stated.since < first[stated.key][0]:
            first[stated.key] = (stated.since, note)
    return tuple(note for _, note in first.values())


def verify_revocation_by(note: str, area: Area, trusted: Iterable[VerifyKey]) -> Revocation:
    """Return the revocation in `note`, signed by one of `trusted`.

    Raises Malformed if it is another area's; BadSignature.
    """
    revocation = parse_revocation(signed_note.verify(note, trusted, TYPE).text)
    if revocation.area != area.name:
        raise Malformed("a revocation of another area")
    return revocation


def _stated_key(note: str) -> str:
    return parse_revocation(signed_note.text_of(note)).key
