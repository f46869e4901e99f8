"""The routes, one file a resource: each parses, calls the broker and answers."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter

from gateway.routes import (
    audit,
    cases,
    catalogue,
    deliveries,
    health,
    inbox,
    messages,
    notices,
    sameness,
    schemas,
    submissions,
    survey,
    trust,
)

ROUTERS: Final[Sequence[APIRouter]] = tuple(
    module.router
    for module in (
        health,
        catalogue,
        schemas,
        trust,
        submissions,
        messages,
        inbox,
        notices,
        deliveries,
        survey,
        cases,
        sameness,
        audit,
    )
)
