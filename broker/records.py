"""What crosses the ports: messages, deliveries, letters and log entries as they are stored; nothing here opens them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agencies.names import CaseRef, DeliveryId, EntryId, MessageId, OfficerId, PartyId
from broker.lifecycle import DeliveryState

EMAIL, WEBHOOK = "email", "webhook"
CHANNELS = (EMAIL, WEBHOOK)
FAULTS = ("address", "unreachable", "insecure", "refused")  # why a notice does not get through


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is stored: one document of one submission, sealed once. Nothing here opens it.

    submission     hash of the submission note: its parts have it in common
    superseded_by  the message that corrects it, or None
    """

    id: MessageId
    case: CaseRef
    kind: str  # `referral/1.0`
    document: str
    sender: PartyId
    payload_hash: str
    payload_length: int
    suite: str
    accepted_at: datetime
    submission: str
    manifest: str  # the signed note
    superseded_by: MessageId | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient's copy of a message.

    header_keys   fingerprints (hash_text of the recipient's text) of the keys that its header is made for
    released_at   when the header was first released, or None
    receipts      states receipted so far, oldest first
    withheld      the rule that last withheld it from a lease, so that each is logged once
    urgent        as its document says: it goes first, and the office is told if it is not collected
    escalated_at  when the office was told
    accepted_at   when its message was; of a correction when that was which is urgent, and waited for this recipient
    shared_at     when it reached somebody whom its sender did not choose: shared by the office, or as a correction of
                  what they held; else None
    """

    id: DeliveryId
    message: MessageId
    case: CaseRef
    recipient: PartyId
    state: DeliveryState
    accepted_at: datetime
    header_keys: tuple[str, ...]
    published_at: datetime | None = None
    available_at: datetime | None = None
    leased_until: datetime | None = None
    leases: int = 0
    released_at: datetime | None = None
    recalled_at: datetime | None = None
    recall_notice: str | None = None  # the gateway's signed note, where the header had been released
    receipts: tuple[str, ...] = ()
    withheld: str | None = None
    urgent: bool = False
    escalated_at: datetime | None = None
    shared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Who asks for what waits, so that what they are excluded from is left out before anything is counted.

    readers   the officer who asks, or where none is named every officer of the party: who may be excluded
    hearers   whose exclusion keeps them from hearing of a recall: the readers, or nobody where it is judged later
    proved    those who, if a closed case names them, get it: what is closed to all of them is left out
    whole     True for the coordinator's office: closed cases, and those with people excluded in words, are not left out
    keys      fingerprints of the party's own recipients: who reads may hear of what was sealed to these alone,
    held      and in a closed case of what was sealed to officers only if it was to one of these, their own
    """

    party: PartyId
    readers: tuple[OfficerId, ...]
    hearers: tuple[OfficerId, ...]
    proved: tuple[OfficerId, ...]
    whole: bool
    keys: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Addressed:
    """A new message with its payload and, by delivery, the header that waits for each recipient."""

    message: Message
    payload: bytes
    deliveries: Sequence[tuple[Delivery, bytes]]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A submission accepted before: its case, the hash of its note, and the manifests it was answered with."""

    case: CaseRef
    note_hash: str
    manifests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes through the queue for one delivery. `id` is unique per publish; `body` is empty above 256 KiB."""

    id: str
    delivery: DeliveryId
    recipient: PartyId
    body: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """A letter that came out of the queue, to be settled or refused by its `tag`."""

    delivery: DeliveryId
    recipient: PartyId
    tag: str


@dataclass(frozen=True, slots=True)
class Channel:
    """One way of telling a party that something waits for it.

    address        a role mailbox or a webhook; personal data all the same, never logged
    unseen         a notice went out, and the party has leased nothing since
    again_at       while one is under way or has failed: from when on it may be sent again
    failing_since  since when nothing gets through, and why, one of FAULTS
    """

    party: PartyId
    channel: str
    address: str = field(repr=False)
    since: datetime
    told_at: datetime | None = None
    unseen: bool = False
    again_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as it rests in the database. encoded and salt are None once destroyed; index None until sequenced.

    withheld_from  whom its case excluded when it was destroyed; while there is a case, the case says
    """

    id: EntryId
    index: int | None
    encoded: bytes | None
    salt: bytes | None
    leaf: bytes
    case: CaseRef | None = None
    withheld_from: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LogState:
    """The log's one state row: how many leaves, and the newest signed checkpoint (None before the first)."""

    size: int
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Referred:
    """When a referral that stands was made; `informs`: for information only, which restarts no clock."""

    at: datetime
    informs: bool = False


class Named(StrEnum):
    """As what a referral names the person that a token is of."""

    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    CROSSED = "crossed"  # its victim, as another referral would name her as a perpetrator


class Sameness(StrEnum):
    """What the coordinator decided of two cases: are the people the same?"""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Alike:
    """Another case that may be of the same people, by its tokens: a proposal, which proves nothing.

    case   the lead, where several are one
    roles  whose tokens are the same: the victims', any perpetrators', or those of one's victim and other's perpetrator
    """

    case: CaseRef
    roles: frozenset[Named]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How much of a case went: messages by kind and document, deliveries, headers."""

    counts: Mapping[str, int]
