"""What the gateway answers, route by route, as the kit reads it; the routes: gateway/README.md.

Nobody signs it. What is shown of it has the form of an id, a time or a word, so that it can make no line of its own.
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

_WORD: Final = r"^[a-z0-9][a-z0-9_-]{0,39}$"

Word = Annotated[str, Field(pattern=_WORD)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]  # of a message or a delivery
Case = Annotated[str, Field(pattern=r"^[A-Z]{2,4}(?:-[0-9A-Z]{5}){2}-[0-9A-Z]$")]
Party = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,200}/[a-z]{1,20}/[a-z0-9-]{1,40}$")]  # an officer too
Instant = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(?:Z|[+-][0-9]{2}:[0-9]{2})$")]
Basis = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.,:()/ -]{1,80}$")]
Address = Annotated[str, Field(pattern=r"^[!-~]{1,2000}$")]


class Answer(BaseModel):
    """The JSON of an answer: members this kit does not know are left alone, a newer gateway may have more."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


class AreaAnswer(Answer):
    """GET /v1/area: public."""

    area: str
    root: str
    delegations: tuple[str, ...]


class RegisterAnswer(Answer):
    """GET /v1/register."""

    register_: str | None = Field(alias="register")  # `register` is a method of every pydantic model
    revocations: tuple[str, ...]


class ManifestsAnswer(Answer):
    """POST /v1/referrals."""

    manifests: tuple[str, ...]


class StateAnswer(Answer):
    """GET /v1/messages/{id}, and a recall."""

    message: str
    state: Word  # shown as it is, one of a newer gateway too


class LeasedDelivery(Answer):
    """One leased delivery; `payload` in base64."""

    delivery: str
    message: str
    manifest: str
    payload: str = Field(repr=False)


class LeasedNotice(Answer):
    """A message has been taken back: one that was opened, or for the coordinator's office any."""

    delivery: str
    message: str
    manifest: str
    notice: str


class LeaseAnswer(Answer):
    """POST /v1/inbox/lease."""

    deliveries: tuple[LeasedDelivery, ...]
    notices: tuple[LeasedNotice, ...]


class HeaderAnswer(Answer):
    """POST /v1/deliveries/{id}/header; `header` in base64, `entry` the log's entry of this release."""

    header: str = Field(repr=False)
    entry: str


class TombstonesAnswer(Answer):
    """GET /v1/tombstones."""

    tombstones: tuple[str, ...]


class RelationAnswer(Answer):
    """One party's part in a case."""

    party: Party
    relation: Word
    basis: Basis
    why: Word
    since: Instant
    until: Instant | None


class FlagAnswer(Answer):
    """One agency's flag."""

    party: Party
    since: Instant
    until: Instant


class RepeatAnswer(Answer):
    """Whether a case's newest referral is proposed as a repeat, and the word of the rule that says so."""

    proposed: bool
    because: Word


class HeldAnswer(Answer):
    """A message that was released to a recipient who is excluded now, or one of whose officers is.

    unheard  it was taken back, unanswered, and nobody of its recipient may hear of that; `excluded` may be None
    """

    message: Id
    recipient: Party
    excluded: Party | None
    unheard: bool = False


class CaseAnswer(Answer):
    """GET /v1/cases/{case}; instants as the gateway writes them."""

    case: Case
    stage: Word
    opened_at: Instant
    last_referral_at: Instant | None
    closed: bool
    named: tuple[Party, ...] = ()  # gateways from before it do not say
    exclusions_pending: bool
    unsettled: tuple[Id, ...] = ()  # nor, here and below, which messages and what has to be taken back
    destruction_scheduled_at: Instant | None
    relations: tuple[RelationAnswer, ...]
    outranked: tuple[RelationAnswer, ...] = ()  # what an end of a part in one of merged cases takes away
    flags: tuple[FlagAnswer, ...]
    excluded: tuple[Party, ...]
    held: tuple[HeldAnswer, ...] = ()
    references: tuple[Case, ...]
    links: tuple[Case, ...]
    repeat: RepeatAnswer | None


class ChannelAnswer(Answer):
    """One way by which this party is told, and since when and why it fails."""

    address: Address
    since: Instant
    failing_since: Instant | None
    fault: Word | None


class FailingAnswer(Answer):
    """A party whose notices do not get through."""

    party: Party
    channel: Word
    failing_since: Instant | None
    fault: Word | None


class NoticesAnswer(Answer):
    """GET /v1/notices."""

    email: ChannelAnswer | None
    webhook: ChannelAnswer | None
    failing: tuple[FailingAnswer, ...]


class UncollectedDelivery(Answer):
    """An urgent delivery that is not collected."""

    agency: Party
    case: Case
    since: Instant


class UncollectedAnswer(Answer):
    """GET /v1/uncollected."""

    uncollected: tuple[UncollectedDelivery, ...]


class AgencyLookupsAnswer(Answer):
    """One agency's look-ups by date."""

    agency: Party
    looked_up: tuple[Instant, ...]
    without_referral: tuple[Instant, ...]
    stands_out: bool


class LookupsAnswer(Answer):
    """GET /v1/lookups."""

    agencies: tuple[AgencyLookupsAnswer, ...]


class WaitingAnswer(Answer):
    """A case in which something is missing."""

    case: Case
    stage: Word
    opened_at: Instant
    last_referral_at: Instant | None
    missing: tuple[Word, ...]


class WaitingCasesAnswer(Answer):
    """GET /v1/cases."""

    cases: tuple[WaitingAnswer, ...]


class SharedAnswer(Answer):
    """POST /v1/cases/{case}/shares."""

    delivery: str


class HoldingAnswer(Answer):
    """One recipient's copy of one message; `current`: its header is made for the keys that its recipient has now.

    excluded  of recipient and officers, who is excluded now, where it was released and is not taken back
    unheard   it was taken back after its release, unanswered, and nobody of its recipient may hear of that
    """

    message: Id
    kind: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}/[0-9.]{1,9}$")
    document: Word
    sender: Party
    accepted_at: Instant
    recipient: Party
    state: Word
    current: bool
    excluded: tuple[Party, ...] = ()
    unheard: bool = False


class HoldingsAnswer(Answer):
    """GET /v1/cases/{case}/holdings."""

    holdings: tuple[HoldingAnswer, ...]
