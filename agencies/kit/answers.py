"""What the gateway answers, route by route, as the kit reads it; the routes: gateway/README.md."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

_WORD: Final = r"^[a-z0-9][a-z0-9_-]{0,39}$"


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
    state: str = Field(pattern=_WORD)  # shown as it is, one of a newer gateway too


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

    party: str
    relation: str
    basis: str
    why: str
    since: str
    until: str | None


class FlagAnswer(Answer):
    """One agency's flag."""

    party: str
    since: str
    until: str


class RepeatAnswer(Answer):
    """Whether a case's newest referral is proposed as a repeat, and the word of the rule that says so."""

    proposed: bool
    because: str = Field(pattern=_WORD)


class HeldAnswer(Answer):
    """A message that was released to a recipient who is excluded now, or one of whose officers is."""

    message: str
    recipient: str
    excluded: str


class CaseAnswer(Answer):
    """GET /v1/cases/{case}; instants as the gateway writes them."""

    case: str
    stage: str
    opened_at: str
    last_referral_at: str | None
    closed: bool
    named: tuple[str, ...] = ()  # gateways from before it do not say
    exclusions_pending: bool
    unsettled: tuple[str, ...] = ()  # nor, here and below, which messages and what has to be taken back
    destruction_scheduled_at: str | None
    relations: tuple[RelationAnswer, ...]
    flags: tuple[FlagAnswer, ...]
    excluded: tuple[str, ...]
    held: tuple[HeldAnswer, ...] = ()
    references: tuple[str, ...]
    links: tuple[str, ...]
    repeat: RepeatAnswer | None


class ChannelAnswer(Answer):
    """One way by which this party is told, and since when and why it fails."""

    address: str
    since: str
    failing_since: str | None
    fault: str | None


class FailingAnswer(Answer):
    """A party whose notices do not get through."""

    party: str
    channel: str
    failing_since: str | None
    fault: str | None


class NoticesAnswer(Answer):
    """GET /v1/notices."""

    email: ChannelAnswer | None
    webhook: ChannelAnswer | None
    failing: tuple[FailingAnswer, ...]


class UncollectedDelivery(Answer):
    """An urgent delivery that is not collected."""

    agency: str
    case: str
    since: str


class UncollectedAnswer(Answer):
    """GET /v1/uncollected."""

    uncollected: tuple[UncollectedDelivery, ...]


class AgencyLookupsAnswer(Answer):
    """One agency's look-ups by date."""

    agency: str
    looked_up: tuple[str, ...]
    without_referral: tuple[str, ...]
    stands_out: bool


class LookupsAnswer(Answer):
    """GET /v1/lookups."""

    agencies: tuple[AgencyLookupsAnswer, ...]


class WaitingAnswer(Answer):
    """A case in which something is missing."""

    case: str
    stage: str
    opened_at: str
    last_referral_at: str | None
    missing: tuple[str, ...]


class WaitingCasesAnswer(Answer):
    """GET /v1/cases."""

    cases: tuple[WaitingAnswer, ...]


class SharedAnswer(Answer):
    """POST /v1/cases/{case}/shares."""

    delivery: str


class HoldingAnswer(Answer):
    """One recipient's copy of one message; `current`: its header is made for the keys that its recipient has now.

    excluded  of recipient and officers, who is excluded now, where it was released and is not taken back
    """

    message: str
    kind: str
    document: str
    sender: str
    accepted_at: str
    recipient: str
    state: str
    current: bool
    excluded: tuple[str, ...] = ()


class HoldingsAnswer(Answer):
    """GET /v1/cases/{case}/holdings."""

    holdings: tuple[HoldingAnswer, ...]
