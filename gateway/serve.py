"""Runs the gateway: uvicorn with uvloop and httptools, TLS from the settings, and a graceful stop."""

import asyncio
import contextlib
import errno
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Final

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from broker.errors import UnsafeSettings
from broker.settings import Settings
from broker.wiring import ServiceKeys, build_broker
from gateway.app import create_app
from gateway.door import Door, allow_connections
from gateway.hardening import forbid_core_dumps
from gateway.logs import configure_logs
from gateway.wire import BoundedProtocol

KEEP_ALIVE_S: Final = 10  # as long as a head may take: see wire.py
STOP_WITHIN_S: Final = 30
_LOG: Final = structlog.get_logger()


class _Listener(uvicorn.Server):
    """A server that leaves the process's signals alone, counts connections at its door and says when it listens."""

    def __init__(self, config: uvicorn.Config, max_connections: int) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        config.load()
        self.door = Door(self._protocol, self.server_state.connections, max_connections, config.ssl)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`: uvicorn would raise them again before the broker is closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets=[])  # the sockets are the door's
        for listener in sockets or ():
            self.door.open(listener)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, then end what is under way."""
        try:
            await self.door.close()
        finally:
            await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return BoundedProtocol(self.config, self.server_state, self.lifespan.state)


def serve(settings: Settings, clock: Callable[[], datetime], keys: ServiceKeys, *, run_worker: bool) -> None:
    """Serve the area until SIGINT or SIGTERM, then finish what is under way and close everything.

    Raises BrokerError if the broker is not fit to start, or its certificate or address cannot be used; what ended the
    embedded worker or the door, after the same orderly stop: without them nothing would be delivered, logged or
    destroyed, or nobody let in, so the process goes and its supervisor starts another.
    """
    forbid_core_dumps()
    configure_logs(sys.stdout)
    allow_connections(settings.max_connections)
    uvloop.run(_serve(settings, clock, keys, run_worker=run_worker))


@contextlib.asynccontextmanager
async def running(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve `app` on a real TCP port in this loop, and yield the address it listens on, `http://host:port`.

    port  0 for any that is free

    Without TLS: for the demo and for tests, on loopback alone.
    """
    with socket.create_server((host, port)) as listener:
        config = _config(app, stop_within_s=2)
        async with app.router.lifespan_context(app), _listening(app, config, listener):
            yield f"http://{host}:{listener.getsockname()[1]}"


async def _serve(settings: Settings, clock: Callable[[], datetime], keys: ServiceKeys, *, run_worker: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _check_tls(settings)
    broker = await build_broker(settings, clock, keys)
    try:
        app = create_app(broker, run_worker=run_worker)
        with _listener(settings) as listener:
            async with (
                app.router.lifespan_context(app),
                _listening(app, _config(app, settings), listener) as server,
            ):
                _LOG.info("listening", port=settings.port)
                await _either(stop, app.state.worker_ended, server.door.ended)
                _LOG.info("stopping")
    finally:
        await broker.close()


def _check_tls(settings: Settings) -> None:
    # Before anything listens: uvicorn would take the port and then say nothing to anybody.
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key, "")
    except ssl.SSLError:
        raise UnsafeSettings(
            "MARAC_TLS_KEY is not the key of MARAC_TLS_CERTIFICATE, or one of them is no PEM"
        ) from None
    except OSError as error:
        raise UnsafeSettings(
            f"MARAC_TLS_CERTIFICATE or MARAC_TLS_KEY cannot be read ({type(error).__name__})"
        ) from None


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        why = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise UnsafeSettings(f"MARAC_HOST and MARAC_PORT {settings.port}: cannot listen there ({why})") from None


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


@contextlib.asynccontextmanager
async def _listening(app: FastAPI, config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[_Listener]:
    server = _Listener(config, app.state.broker.settings.max_connections)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    ready = asyncio.create_task(server.listening.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if task.done():
        task.result()  # it could not start: nothing listens, and nobody waits for it
    try:
        yield server
    finally:
        server.should_exit = True
        await task


def _config(app: FastAPI, settings: Settings | None = None, stop_within_s: int = STOP_WITHIN_S) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",  # entered by the caller, so that a failure in it is an exception like any other
        log_config=None,
        access_log=False,  # it would log paths, and they hold ids
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=stop_within_s,
        ssl_certfile=None if settings is None else settings.tls_certificate,
        ssl_keyfile=None if settings is None else settings.tls_key,
    )
