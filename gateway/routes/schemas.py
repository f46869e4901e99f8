"""The published JSON Schemas of every document; public, and nothing in them depends on an area."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from agencies.documents.table import DOCUMENTS, SCHEMAS, schema_of
from gateway.errors import RequestRejected

router = APIRouter(prefix="/schemas", tags=["schemas"])

SCHEMA_JSON = "application/schema+json"


@router.get("/{kind}/{version}", response_class=JSONResponse)
async def schemas(kind: str, version: str) -> JSONResponse:
    """Give the schema of a kind's documents, by name."""
    documents = {name: schema_of(kind, version, name) for name in DOCUMENTS.get(kind, {}).get(version, {})}
    if not documents:
        raise RequestRejected("route-unknown")
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMAS}/{kind}/{version}",
        "type": "object",
        "properties": documents,
        "required": list(documents),
        "additionalProperties": False,
    }
    return JSONResponse(content, media_type=SCHEMA_JSON)


@router.get("/{kind}/{version}/{document}", response_class=JSONResponse)
async def schema(kind: str, version: str, document: str) -> JSONResponse:
    """Give the schema of one document."""
    content = schema_of(kind, version, document)
    if content is None:
        raise RequestRejected("route-unknown")
    return JSONResponse(content, media_type=SCHEMA_JSON)
