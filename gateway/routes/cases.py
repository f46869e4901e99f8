"""Cases, by reference alone: what the coordinator says of who must not learn of one."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from agencies.names import OfficerId, PartyId
from agencies.taking_part import BASES, RELATIONS, WHYS
from broker.case import LawfulBasis, Related, Relation, Stage
from broker.services.closing import Naming
from broker.services.exclude import Change
from broker.services.holdings import Held
from broker.services.relate import Relating, View
from broker.services.share import Sharing
from gateway.deps import Body, Signed, TheBroker, TheCase, the_message
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1/cases/{case}", tags=["cases"])

TAR = "application/x-tar"


class ExclusionsIn(Body):
    """Parties and officers to exclude.

    settled  messages of which everybody excluded in words has been dealt with, as the case's `unsettled` names them
    lifted   whose exclusion ends; who is in `parties` too stays excluded
    """

    parties: list[str]
    settled: Annotated[list[str], Field(max_length=100)]
    lifted: tuple[str, ...] = ()  # may be left out: kits from before it do


class RelationIn(Body):
    """What part an agency has in the case from now on, until when; without a basis, on that of its kind."""

    party: str
    relation: Annotated[str, Field(pattern=f"^(?:{'|'.join(RELATIONS)})$")]
    why: Annotated[str, Field(pattern=f"^(?:{'|'.join(WHYS)})$")]
    basis: Annotated[str, Field(pattern=f"^(?:{'|'.join(re.escape(each) for each in BASES)})$")] | None = None
    until: AwareDatetime | None = None


class OfficersIn(Body):
    """Officers by register id who may have what the case holds once it is closed; with `remove`, who may no longer."""

    officers: Annotated[list[str], Field(min_length=1, max_length=100)]
    remove: bool = False  # may be left out


class ShareIn(Body):
    """A message of the case, with whom it is shared, and the age header for them in base64.

    made_for  the fingerprint of each key that the header was made for, in its order
    """

    message: str
    recipient: str
    header: str
    made_for: Annotated[list[str], Field(max_length=100)]


class ShareOut(BaseModel):
    """The recipient's delivery of the message: a new one, or the one that was there."""

    delivery: str


class HoldingOut(BaseModel):
    """One recipient's copy of one message; `current`: its header is made for the keys that its recipient has now.

    excluded  of its recipient and their officers, who is excluded now, where it was released and is not taken back
    unheard   it was taken back after its release, unanswered, and nobody of its recipient may hear of that
    """

    message: str
    kind: str
    document: str
    sender: str
    accepted_at: datetime
    recipient: str
    state: str
    current: bool
    excluded: list[str]
    unheard: bool


class HoldingsOut(BaseModel):
    """Who holds what of the case, oldest message first."""

    holdings: list[HoldingOut]


class RelationOut(BaseModel):
    """One party's part in the case; `relation` as recorded, which `until` may have ended."""

    party: str
    relation: str
    basis: str
    why: str
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, related: Iterable[Related]) -> "list[RelationOut]":
        """Return what is answered of these."""
        return [
            cls(
                party=one.party,
                relation=one.relation.value,
                basis=one.basis.value,
                why=one.why,
                since=one.since,
                until=None if one.had is not None else one.until,  # of what was ended, not of the end
            )
            for one in related
        ]


class FlagOut(BaseModel):
    """One agency's flag, which lies under any other part that it has."""

    party: str
    since: datetime
    until: datetime


class RepeatOut(BaseModel):
    """Whether the newest referral is proposed as a repeat, and the rule that says so; the coordinator decides."""

    proposed: bool
    because: str


class HeldOut(BaseModel):
    """What was released before to a recipient who is excluded now, or one of whose officers is.

    unheard  it was taken back, unanswered, and nobody of its recipient may hear of that: `excluded` may then be null
    """

    message: str
    recipient: str
    excluded: str | None
    unheard: bool

    @classmethod
    def of(cls, held: Sequence[Held]) -> "list[HeldOut]":
        """Return what is answered of these."""
        return [
            cls(message=one.message, recipient=one.recipient, excluded=one.excluded, unheard=one.unheard)
            for one in held
        ]


class CaseOut(BaseModel):
    """A case as the broker holds it: never a name, never content. Without a referral it was only looked up.

    unsettled   messages that exclude people in words whom nobody has dealt with
    held        what was released, and not taken back, to who is excluded now
    outranked   parts that count for nothing: the coordinator ended the party's later, in a case that is one with it
    references  of all that are one case, the leading one first
    links       cases that it is related with, and not one
    """

    case: str
    stage: Stage
    opened_at: datetime
    last_referral_at: datetime | None
    closed: bool
    named: list[str]
    exclusions_pending: bool
    unsettled: list[str]
    destruction_scheduled_at: datetime | None
    relations: list[RelationOut]
    outranked: list[RelationOut]
    flags: list[FlagOut]
    excluded: list[str]
    held: list[HeldOut]
    references: list[str]
    links: list[str]
    repeat: RepeatOut | None


@router.get("")
async def view(case: TheCase, request: Signed, broker: TheBroker) -> CaseOut:
    """Show who takes part in the case, and who is kept out."""
    return _shown(await broker.view(case, request.asker()), broker.clock())


@router.post("/relations", status_code=204, openapi_extra=takes(RelationIn))
async def relate(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Record what part an agency has in the case: it holds for every release from this transaction on."""
    sent = request.json(RelationIn)
    basis = None if sent.basis is None else LawfulBasis(sent.basis)
    relating = Relating(PartyId(sent.party), Relation(sent.relation), sent.why, basis, sent.until)
    await broker.relate(case, relating, request.asker())


@router.post("/shares", status_code=201, openapi_extra=takes(ShareIn))
async def share(case: TheCase, request: Signed, broker: TheBroker) -> ShareOut:
    """Give a newcomer, or who has new keys, a header that the office's kit made; again, nothing changes."""
    sent = request.json(ShareIn)
    sharing = Sharing(the_message(sent.message), PartyId(sent.recipient), tuple(sent.made_for), sent.header)
    return ShareOut(delivery=await broker.share(case, sharing, request.asker()))


@router.get("/holdings")
async def holdings(case: TheCase, request: Signed, broker: TheBroker) -> HoldingsOut:
    """List who holds what of the case, and whose header is not made for their keys of now."""
    held = await broker.holdings(case, request.asker())
    return HoldingsOut(
        holdings=[
            HoldingOut(
                message=one.message.id,
                kind=one.message.kind,
                document=one.message.document,
                sender=one.message.sender,
                accepted_at=one.message.accepted_at,
                recipient=one.delivery.recipient,
                state=one.delivery.state.value,
                current=one.current,
                excluded=list(one.excluded),
                unheard=one.unheard,
            )
            for one in held
        ]
    )


@router.get(
    "/pack",
    response_class=StreamingResponse,
    responses={200: {"description": "A tar: index.note, then each message and its manifest", "content": {TAR: {}}}},
)
async def pack(case: TheCase, request: Signed, broker: TheBroker) -> StreamingResponse:
    """Stream all that this agency may hold of the case, to the reader in marac-officer, for marac-purpose."""
    parts = await broker.pack(case, request.asker())  # refused before the answer begins
    return StreamingResponse(parts, media_type=TAR)


@router.post("/exclusions", status_code=204, openapi_extra=takes(ExclusionsIn))
async def exclude(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Exclude from the case, which beats every grant from this transaction on, or lift an exclusion."""
    sent = request.json(ExclusionsIn)
    settled = [the_message(one) for one in sent.settled]
    await broker.exclude(case, Change(sent.parties, sent.lifted, settled), request.asker())


@router.post("/closing", status_code=204)
async def close(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Close the case, for good: from now on it is for the coordinator's office and named officers alone."""
    await broker.close_case(case, request.asker())


@router.post("/officers", status_code=204, openapi_extra=takes(OfficersIn))
async def name(case: TheCase, request: Signed, broker: TheBroker) -> None:
    """Name the officers to whom a closed case is sealed and released, or take that back, from this transaction on."""
    sent = request.json(OfficersIn)
    await broker.name(case, Naming([OfficerId(one) for one in sent.officers], sent.remove), request.asker())


def _shown(viewed: View, now: datetime) -> CaseOut:
    case, repeat = viewed.case, viewed.repeat
    flags = [FlagOut(party=one.party, since=one.since, until=one.until) for _, one in sorted(case.flags.items())]
    return CaseOut(
        case=case.ref,
        stage=case.stage(now),
        opened_at=case.opened_at,
        last_referral_at=case.last_referral_at,
        closed=case.closed,
        named=sorted(case.named),
        exclusions_pending=case.exclusions_pending,
        unsettled=sorted(case.unsettled),
        destruction_scheduled_at=case.scheduled_at,
        relations=RelationOut.of(sorted(case.related.values(), key=lambda one: one.party)),
        outranked=RelationOut.of(viewed.outranked),
        flags=flags,
        excluded=sorted(case.excluded),
        held=HeldOut.of(viewed.held),
        references=list(case.refs),
        links=list(viewed.links),
        repeat=None if repeat is None else RepeatOut(proposed=repeat.proposed, because=repeat.because.value),
    )
