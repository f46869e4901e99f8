"""Agencies and offices as the register shows them, with their dated keys; see README.md, `Participants`."""

from dataclasses import dataclass
from datetime import datetime

from agencies.isa import Isa
from agencies.names import PartyId
from crypto.keys import VerifyKey

RECIPIENT_USES = ("working", "next", "recovery")
OFFICE_KINDS = ("coordinator", "deputy", "chair")
COORDINATING = frozenset({"coordinator", "deputy"})  # the offices that take in, ask and decide who takes part
OFFICER_KIND = "officer"
AGENCY_KINDS = (
    "police",
    "idva-service",
    "childrens-social-care",
    "adult-social-care",
    "health",
    "housing",
    "probation",
    "education",
    "substance-misuse",
    "voluntary-sector",
    "mash",
    "cafcass",
    "compliance",
)
TAKING_PART = frozenset(AGENCY_KINDS) - {"compliance"}  # who may have a part in a case: compliance reads the log alone
PARTY_KINDS = (*AGENCY_KINDS, *OFFICE_KINDS, OFFICER_KIND)
PartyKind = str


def is_within(since: datetime, until: datetime | None, at: datetime) -> bool:
    """Whether `at` lies in the span from `since` on and before `until`."""
    return since <= at and (until is None or at < until)


@dataclass(frozen=True, slots=True)
class DatedKey:
    """A signing key and the span in which it may sign; a retired key stays listed, so that old signatures verify."""

    verify_key: VerifyKey
    since: datetime
    until: datetime | None

    def is_in_force(self, at: datetime) -> bool:
        """Whether the key may sign at the instant `at`, as far as its own dates say."""
        return is_within(self.since, self.until, at)


@dataclass(frozen=True, slots=True)
class DatedRecipient:
    """An age recipient, what it is for (working, next, recovery) and the span in which messages are sealed to it."""

    use: str
    recipient: str
    since: datetime
    until: datetime | None

    def is_in_force(self, at: datetime) -> bool:
        """Whether messages are sealed to it at the instant `at`, as far as its own dates say."""
        return is_within(self.since, self.until, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """What agencies, offices and officers have in common; made only from a verified register."""

    kind: PartyKind
    name: str
    status: str
    since: datetime
    until: datetime | None
    isa: Isa | None
    keys: tuple[DatedKey, ...]
    recipients: tuple[DatedRecipient, ...]

    def is_active(self, at: datetime) -> bool:
        """Whether the register lets the participant take part at the instant `at`."""
        return self.status == "active" and is_within(self.since, self.until, at)

    def keys_at(self, at: datetime) -> tuple[VerifyKey, ...]:
        """Return the signing keys whose dates hold at `at`; revocations are the Directory's to judge."""
        return tuple(key.verify_key for key in self.keys if key.is_in_force(at))

    def recipients_at(self, at: datetime) -> tuple[str, ...]:
        """Return the age recipients whose dates hold at `at`, in the order working, next, recovery."""
        held = [recipient for recipient in self.recipients if recipient.is_in_force(at)]
        held.sort(key=lambda recipient: RECIPIENT_USES.index(recipient.use))
        return tuple(recipient.recipient for recipient in held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(Participant):
    """An agency or an office."""

    id: PartyId
