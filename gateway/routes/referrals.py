"""Referrals: handed in signed, answered with the gateway's own signed manifests."""

from fastapi import APIRouter
from pydantic import BaseModel

from broker.services.reading import Request as Submission
from gateway.deps import Body, Signed, TheBroker
from gateway.routes.documented import takes

router = APIRouter(prefix="/v1", tags=["submissions"])


class SubmissionIn(Body):
    """A submission note and its documents by name, each the text that its hash in the note was made from."""

    note: str
    documents: dict[str, str]


class ManifestsOut(BaseModel):
    """The manifests, one a document, in the order of the note."""

    manifests: list[str]


@router.post("/referrals", status_code=201, openapi_extra=takes(SubmissionIn))
async def refer(request: Signed, broker: TheBroker) -> ManifestsOut:
    """Accept a referral; the same note again gets the same manifests."""
    sent = request.json(SubmissionIn)
    manifests = await broker.submit(
        Submission("referral", sent.note, sent.documents, request.idempotency), request.asker()
    )
    return ManifestsOut(manifests=list(manifests))
