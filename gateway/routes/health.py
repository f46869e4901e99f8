"""Whether the process lives, and whether it can serve; public, and silent about everything else."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from gateway.errors import RequestRejected

router = APIRouter(tags=["health"])


class HealthOut(BaseModel):
    """One word."""

    status: str


@router.get("/livez")
async def live() -> HealthOut:
    """Answer as long as the process runs."""
    return HealthOut(status="live")


@router.get("/readyz")
async def ready(request: Request) -> HealthOut:
    """Answer if database and log are fit to serve, and the worker in this process runs."""
    if request.app.state.worker_ended.is_set():
        raise RequestRejected("worker-ended")
    await request.app.state.readiness.check()
    return HealthOut(status="ready")
