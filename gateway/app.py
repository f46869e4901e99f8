"""The gateway as an ASGI application: routes, problems, the edge around them, and the worker where one is embedded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Final

import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from broker import worker
from broker.wiring import Broker
from gateway.edge import Visit
from gateway.problems import DOCUMENTED, answer_with_problems
from gateway.queues import declare_queues
from gateway.readiness import Readiness
from gateway.routes import ROUTERS

_LOG: Final = structlog.get_logger()


def create_app(broker: Broker, *, run_worker: bool) -> FastAPI:
    """Return the application that serves `broker`, which stays the caller's to close.

    run_worker  True where this process also relays, sequences and sweeps (the embedded default)
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _working(broker, app.state.worker_ended) if run_worker else contextlib.nullcontext():
            yield

    app = FastAPI(
        title="MARAC broker",
        version=version("marac-broker"),
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=DOCUMENTED,
    )
    app.state.broker = broker
    app.state.worker_ended = asyncio.Event()  # never set where no worker runs in this process
    app.state.readiness = Readiness(broker.ready)
    for router in ROUTERS:
        app.include_router(router)
    answer_with_problems(app)
    app.add_middleware(Edge)
    return app


class Edge:
    """The outermost layer, and the process's entry point for requests: what nobody foresaw ends here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and log it; anything but HTTP passes untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, send)
        try:
            await self._app(scope, receive, visit.send)
        except ClientDisconnect:
            _LOG.info("disconnected", **visit.facts())
        except Exception as error:  # noqa: BLE001 - the entry point: logged by type alone, answered as `internal`
            await visit.fail(error, receive)
        else:
            _LOG.info("request", **visit.facts())


@contextlib.asynccontextmanager
async def _working(broker: Broker, ended: asyncio.Event) -> AsyncIterator[None]:
    """A worker runs until the block ends. If it ends before, `ended` is set and the block raises what ended it."""
    await declare_queues(broker)
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(broker, stop))
    task.add_done_callback(_log_failure)
    task.add_done_callback(lambda _task: ended.set())
    try:
        yield
    finally:
        stop.set()
        await task


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("loop_failed", exc_info=task.exception())
