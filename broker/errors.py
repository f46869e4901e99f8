"""One tree of errors: each states a fact and carries the stable code that the gateway turns into a problem document."""

from typing import ClassVar


class BrokerError(Exception):
    """Something the caller must be told; `code` is stable and public, `pointer` names the field that is wrong."""

    code: ClassVar[str] = "internal"

    def __init__(self, fact: str = "", pointer: str | None = None) -> None:
        super().__init__(fact)
        self.pointer = pointer


class Refused(BrokerError):
    """Need-to-know said no and the refusal is in the log; `public` is all that the caller may learn."""

    def __init__(self, public: str) -> None:
        super().__init__("refused")
        self.public = public


class DocumentRejected(BrokerError):
    """A submitted document does not fit its kind; `pointer` names the field, never its content."""

    code = "document-invalid"


class NoteRejected(BrokerError):
    """A signed note that came with the request is malformed, or not signed by whom it must be."""

    code = "note-invalid"


class NoteMismatch(BrokerError):
    """A signed note is sound, but speaks of something else than the request that carried it."""

    code = "note-mismatch"


class UnknownKind(BrokerError):
    """The submission names a kind that this broker does not know, or not on this route."""

    code = "kind-unknown"


class UnknownVersion(BrokerError):
    """The kind is known, this version of it is not."""

    code = "version-unknown"


class UnknownExclusion(BrokerError):
    """An exclusion names an agency or officer that the register does not know."""

    code = "exclusion-unknown"


class PartyUnknown(BrokerError):
    """A relation, or a message, is for somebody who is not in the register, or cannot take part in a case."""

    code = "party-unknown"


class CannotBeNamed(BrokerError):
    """An officer is not active with keys of their own, is excluded, or would be one too many for one header."""

    code = "officer-cannot-be-named"


class HeaderInvalid(BrokerError):
    """An uploaded header is malformed, or not made for exactly the keys of the recipient it is for."""

    code = "header-invalid"


class PackTooLarge(BrokerError):
    """A case has more messages, or larger ones, than a pack may hold; none was released."""

    code = "pack-too-large"


class ExclusionLeavesNobody(BrokerError):
    """With this exclusion nobody of the coordinator's office would be left who can act on the case, or lift it."""

    code = "exclusion-leaves-nobody"


class MergeConflict(BrokerError):
    """Two references are one case already, or never were: there is nothing to merge or link, or to split."""

    code = "merge-conflict"


class MergeCrossed(BrokerError):
    """Two cases would be one in which the victim of the one is a perpetrator of the other, and nobody decided so."""

    code = "merge-crossed"


class BasisNotAllowed(BrokerError):
    """A relation would rest on part 3 of the Data Protection Act, and the party is no competent authority."""

    code = "basis-not-allowed"


class BelowThreshold(BrokerError):
    """The only ground is a count of ticks, and it is below the area's threshold: professional judgement is enough."""

    code = "below-threshold"


class AlreadyCorrected(BrokerError):
    """The submission would correct a message that another has corrected: only the newest version may be."""

    code = "already-corrected"


class IdempotencyConflict(BrokerError):
    """The idempotency id was used before, with another submission note."""

    code = "idempotency-conflict"


class RegisterConflict(BrokerError):
    """A register or delegation does not follow the newest one that is held."""

    code = "register-conflict"


class RevocationLeavesNobody(BrokerError):
    """The coordinator's office would revoke its last signing key or its last recipient: the area would stand still."""

    code = "revocation-leaves-nobody"


class ReceiptOutOfOrder(BrokerError):
    """The receipt's state cannot follow what is already recorded for its delivery."""

    code = "receipt-out-of-order"


class NobodyToReceive(BrokerError):
    """No recipient with a valid key is left for a part of the submission: nothing is accepted that nobody can open."""

    code = "nobody-to-receive"


class AddressInvalid(BrokerError):
    """An address for notices is none, or one that no notice is ever sent to."""

    code = "address-invalid"


class ChannelNotOffered(BrokerError):
    """The area sends no notices on this channel."""

    code = "channel-not-offered"


class NoticeNotDelivered(BrokerError):
    """A notice did not get through; `fault` says why in one of the words of records.FAULTS. It is tried again."""

    code = "notice-not-delivered"

    def __init__(self, fault: str) -> None:
        super().__init__("a notice did not get through")
        self.fault = fault


class StoreUnavailable(BrokerError):
    """The database does not answer; nothing was changed."""

    code = "store-unavailable"


class QueueUnavailable(BrokerError):
    """The message queue does not answer; what is in the outbox goes out later."""

    code = "queue-unavailable"


class ClockUnsafe(BrokerError):
    """The clock cannot be trusted enough to destroy by it; nothing was scheduled or destroyed."""

    code = "clock-unsafe"


class TooMuchDue(BrokerError):
    """More cases are due at once than the area's setting takes for right; nothing was scheduled or destroyed."""

    code = "too-much-due"


class LogShortened(BrokerError):
    """The log in the database is shorter than a checkpoint already published, or another log: refuse to start."""

    code = "log-shortened"


class UnsafeSettings(BrokerError):
    """A setting would make the service unsafe: refuse to start."""

    code = "unsafe-settings"
