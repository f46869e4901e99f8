"""Submissions, one typed route a kind: handed in signed, answered with the gateway's own signed manifests."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel

from agencies.documents.lookup import PASSED_ON
from agencies.documents.routes import ROUTES
from agencies.documents.table import DOCUMENTS
from broker.kinds.kind import Kind
from broker.kinds.table import KINDS
from broker.services.reading import Request as Submission
from gateway.deps import Body, Signed, TheBroker
from gateway.routes.documented import takes

router = APIRouter(tags=["submissions"])


class SubmissionIn(Body):
    """A submission note and its documents by name, each the text that its hash in the note was made from."""

    note: str
    documents: dict[str, str]


class ManifestsOut(BaseModel):
    """The manifests, one a document, in the order of the note."""

    manifests: list[str]


class LookedUpOut(ManifestsOut):
    """What every look-up is answered at once, whoever is asked about: a person answers it, and no referral waits."""

    message: str = PASSED_ON


_ANSWERS: Final[Mapping[str, type[ManifestsOut]]] = MappingProxyType({"lookup": LookedUpOut})


def _taking(kind: Kind) -> Callable[..., Awaitable[ManifestsOut]]:
    async def take(request: Signed, broker: TheBroker) -> ManifestsOut:
        sent = request.json(SubmissionIn)
        submission = Submission(kind.name, sent.note, sent.documents, request.idempotency)
        manifests = list(await broker.submit(submission, request.asker()))
        return _ANSWERS.get(kind.name, ManifestsOut)(manifests=manifests)

    return take


def _documented(kind: Kind) -> dict[str, Any]:
    """Return what OpenAPI is told of the body: which documents this kind has, and where their schemas are."""
    documented: dict[str, Any] = takes(SubmissionIn)
    version = kind.versions[0]
    documents = {
        name: {
            "type": "string",
            "contentMediaType": "application/json",
            "description": f"Its JSON Schema: /schemas/{kind.name}/{version}/{name}",
        }
        for name in DOCUMENTS[kind.name][version]
    }
    documented["requestBody"]["content"]["application/json"]["schema"]["properties"]["documents"] = {
        "type": "object",
        "properties": documents,
        "required": list(documents),
        "additionalProperties": False,
    }
    return documented


for _kind in KINDS.values():
    router.add_api_route(
        ROUTES[_kind.name],
        _taking(_kind),
        methods=["POST"],
        status_code=201,
        response_model=_ANSWERS.get(_kind.name, ManifestsOut),
        name=f"submit_{_kind.name}",
        summary=f"Submit a {_kind.name}",
        description="The same note again gets the same manifests.",
        openapi_extra=_documented(_kind),
    )
