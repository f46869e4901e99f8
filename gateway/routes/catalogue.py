"""The error catalogue, made from the one table; public."""

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.errors import CATALOGUE, Retry

router = APIRouter(tags=["errors"])


class ErrorOut(BaseModel):
    """One code and what it means."""

    code: str
    status: int
    title: str
    meaning: str
    retry: Retry
    help: str


class ErrorsOut(BaseModel):
    """Every code there is."""

    errors: list[ErrorOut]


@router.get("/v1/errors")
async def errors() -> ErrorsOut:
    """List every error code: its status, what it means, whether to retry, what to do."""
    return ErrorsOut(
        errors=[
            ErrorOut(code=code, status=row.status, title=row.title, meaning=row.meaning, retry=row.retry, help=row.help)
            for code, row in CATALOGUE.items()
        ]
    )
