"""What a kind of message declares about its handling; its document is declared in agencies/documents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agencies.directory import Directory
from agencies.documents.document import Document
from agencies.names import OfficerId, PartyId
from broker.case import Relation
from broker.settings import Settings

Documents = Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class Scene:
    """What an effect may look at besides the documents: who sent them and when, the settings and who takes part."""

    sender: PartyId
    now: datetime
    settings: Settings
    directory: Directory


@dataclass(frozen=True, slots=True)
class Effects:
    """What a submission does to its case.

    excluded            agencies and officers by register id: rules from this very request on
    exclusions_pending  people were excluded in words: all but the coordinator wait
    closes              honour-based abuse
    starts_clock        True for any referral: where the case was only looked up, its clock runs from now on
    restarts_clock      True for a referral that is not for information only
    asked               agencies that are asked from now on; who is involved stays so
    answered_nothing    an agency that was asked and knows nothing: its part in the case ends
    urgent              its documents go first, and the office is told of who does not collect them
    triaged             of a triage: True if the referral waits for none any more, False if it goes on waiting
    informs_until       every agency of the area that takes part gets the case for information, until then
    """

    excluded: frozenset[PartyId | OfficerId] = frozenset()
    exclusions_pending: bool = False
    closes: bool = False
    starts_clock: bool = False
    restarts_clock: bool = False
    asked: tuple[PartyId, ...] = ()
    answered_nothing: PartyId | None = None
    triaged: bool | None = None
    informs_until: datetime | None = None
    urgent: bool = False


Effect = Callable[[Documents, Scene], Effects]


def no_effect(_documents: Documents, _scene: Scene) -> Effects:
    """Return that nothing about the case changes."""
    return Effects()


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a kind: it becomes one message with its own audience.

    receivers   kinds of party that it is sealed to by role, besides the coordinator's office
    least       the relation that a receiver must have to the case when the message is released
    chosen      True: also to whom the document itself names, as far as they have that relation
    everybody   True: to every agency of the area that takes part, the excluded excepted
    mash_too    True: to the police MASH where the area says that it receives referrals
    by_name     True: whoever else has it got it from the office, one by one; and a correction of it too
    """

    receivers: frozenset[str]
    least: Relation
    chosen: bool = False
    everybody: bool = False
    mash_too: bool = False
    by_name: bool = False

    @property
    def office_alone(self) -> bool:
        """Whether nobody but the coordinator's office ever gets it, so that it is shared with nobody either."""
        return not (self.receivers or self.chosen or self.everybody)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: who sends it, for which purpose, in which parts, and what it does to its case.

    name          on the wire; never reused
    versions      accepted at once, newest first
    senders       kinds of party that may send it
    least_sender  the relation that its sender must have to a case that is there
    purposes      what it may be sent for; the agreement must allow that purpose too
    opens_case    True if `case new` is allowed; whoever sends it is `asked` in that case from then on
    parts         by document name, in the order of the submission note
    effect        what its documents do to the case; raises what makes a submission unsound
    """

    name: str
    versions: tuple[str, ...]
    senders: frozenset[str]
    least_sender: Relation
    purposes: frozenset[str]
    opens_case: bool
    parts: Mapping[str, Part]
    effect: Effect = no_effect
