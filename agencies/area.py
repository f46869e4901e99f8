"""An area's chain of trust: the offline root delegates, year by year; formats.md, section 2."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agencies.names import CROCKFORD, AreaName, parse_area_name
from agencies.notes.delegation import TYPE, Delegation, parse_delegation
from crypto import note as signed_note
from crypto.errors import Malformed
from crypto.keys import SigningKey, VerifyKey

DELEGATION_LIFE = timedelta(days=365)
EXPIRY_NOTICE = timedelta(days=60)
# A gateway goes on with the key it has until it is started with the new one. The registrar is a person with two
# files and needs none: a stolen registrar's key is out from the new delegation's first second.
REPLACED_SERVICE_KEY = timedelta(hours=24)
REPLACED_REGISTRAR_KEY = timedelta()
_FINGERPRINT_SYMBOLS = 25
_FINGERPRINT_GROUP = 5


@dataclass(frozen=True, slots=True)
class Area:
    """An area whose chain of delegations was verified; made by `verify_area` alone."""

    name: AreaName
    root: VerifyKey
    delegations: tuple[Delegation, ...]

    @property
    def latest(self) -> Delegation:
        """The delegation with the highest number."""
        return self.delegations[-1]

    def is_expired(self, at: datetime) -> bool:
        """Whether the latest delegation is past its year: a warning and no more additions, never a refused message."""
        return at >= self.latest.expires

    def is_expiring(self, at: datetime) -> bool:
        """Whether the latest delegation ends within 60 days, or has ended: the root is to be fetched."""
        return at >= self.latest.expires - EXPIRY_NOTICE

    def gateway_keys(self, at: datetime) -> tuple[VerifyKey, ...]:
        """Return the gateway's keys that are believed for what is dated `at`, the newest first."""
        return self._believed(lambda delegation: delegation.gateway, at, REPLACED_SERVICE_KEY)

    def log_keys(self, at: datetime) -> tuple[VerifyKey, ...]:
        """Return the log's keys that are believed for what is dated `at`, the newest first."""
        return self._believed(lambda delegation: delegation.log, at, REPLACED_SERVICE_KEY)

    def every_log_key(self) -> tuple[VerifyKey, ...]:
        """Return each key that the root ever delegated to the log, the newest first.

        For a log's own earlier checkpoints alone, where they are kept: what somebody shows is judged by `log_keys`.
        """
        return tuple(dict.fromkeys(delegation.log for delegation in reversed(self.delegations)))

    def registrar_keys(self, at: datetime) -> tuple[VerifyKey, ...]:
        """Return the registrar's keys that are believed for what is dated `at`, the newest first."""
        return self._believed(lambda delegation: delegation.registrar, at, REPLACED_REGISTRAR_KEY)

    def _believed(
        self, role: Callable[[Delegation], VerifyKey], at: datetime, overlap: timedelta
    ) -> tuple[VerifyKey, ...]:
        """Return the keys that a role held at `at`: README.md, `Rules of trust`, 1.

        A key ends with the delegation that names another, not by the calendar: a root that is fetched late must
        not keep a referral from being read, and one that is fetched early must be able to end a stolen key.
        """
        found: list[VerifyKey] = []
        for place, delegation in enumerate(self.delegations):
            key = role(delegation)
            ends = [later.issued + overlap for later in self.delegations[place + 1 :] if role(later) != key]
            if delegation.issued <= at and (not ends or at < ends[0]):
                found.append(key)
        return tuple(dict.fromkeys(reversed(found)))


def verify_area(root: VerifyKey, notes: Sequence[str]) -> Area:
    """Return the area that `root` speaks for.

        notes  every delegation ever made, the first one first

    Raises Malformed if the chain is empty, has a gap or another order, or is another area's; BadSignature.
    """
    name = parse_area_name(root.name.removesuffix("/root"))
    if root.name != root_name(name) or not notes:
        raise Malformed("not a root key, or nothing delegated")
    delegations: list[Delegation] = []
    previous: str | None = None
    for number, note in enumerate(notes, start=1):
        text = signed_note.verify(note, [root], TYPE).text
        delegation = parse_delegation(text)
        if (delegation.area, delegation.number, delegation.previous) != (name, number, previous):
            raise Malformed("a delegation does not follow the one before")
        if delegations and delegation.issued < delegations[-1].issued:
            raise Malformed("a delegation is older than the one before")
        delegations.append(delegation)
        previous = signed_note.hash_text(text)
    return Area(name, root, tuple(delegations))


def delegate(
    root_key: SigningKey,
    previous: str | None,
    gateway: VerifyKey,
    log: VerifyKey,
    registrar: VerifyKey,
    now: datetime,
) -> str:
    """Return a delegation valid for 365 days, signed by the root.

        previous  the delegation note before, None for an area's first

    Raises Malformed if a key's name is not its role's, or `previous` is no delegation of this root; BadSignature.
    """
    number, hash_before = 1, None
    if previous is not None:
        text = signed_note.verify(previous, [root_key.verify_key], TYPE).text
        number, hash_before = parse_delegation(text).number + 1, signed_note.hash_text(text)
    area = parse_area_name(root_key.name.removesuffix("/root"))
    text = Delegation(area, number, hash_before, now, now + DELEGATION_LIFE, gateway, log, registrar).encode()
    parse_delegation(text)
    return signed_note.sign(text, [root_key])


def root_name(area: str) -> str:
    """Return the name of an area's root key.

    Raises Malformed.
    """
    return f"{parse_area_name(area)}/root"


def gateway_name(area: str) -> str:
    """Return the name of an area's gateway key.

    Raises Malformed.
    """
    return f"{parse_area_name(area)}/gateway"


def log_name(area: str) -> str:
    """Return the name of an area's log key, which is its first log's origin as well.

    Raises Malformed.
    """
    return f"{parse_area_name(area)}/log"


def registrar_name(area: str) -> str:
    """Return the name of an area's registrar key.

    Raises Malformed.
    """
    return f"{parse_area_name(area)}/registrar"


def fingerprint(root: VerifyKey) -> str:
    """Return the root key's fingerprint to be compared aloud: five groups of five symbols, 125 bits.

    Source: README.md, `Names`: the first 125 bits of SHA-256 of the vkey, in Crockford's base 32.
    """
    bits = int.from_bytes(hashlib.sha256(root.vkey.encode("ascii")).digest()) >> (256 - 5 * _FINGERPRINT_SYMBOLS)
    symbols = "".join(CROCKFORD[(bits >> 5 * place) & 31] for place in range(_FINGERPRINT_SYMBOLS - 1, -1, -1))
    groups = range(0, _FINGERPRINT_SYMBOLS, _FINGERPRINT_GROUP)
    return " ".join(symbols[start : start + _FINGERPRINT_GROUP] for start in groups)
