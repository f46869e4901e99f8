"""Lets connections in, and no more than there is room for: each counts from when it is accepted, before any TLS."""

import asyncio
import errno
import resource
import socket
import ssl
from collections.abc import Callable, Coroutine, Set
from contextlib import ExitStack
from typing import Final

import structlog

from broker.errors import UnsafeSettings

HANDSHAKE_WITHIN_S: Final = 10  # as long as a head may take: see wire.py
_FILES_BESIDE: Final = 100  # database, queue, listener, log, and what is open for a moment
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_REST_S: Final = 1.0
_LOG: Final = structlog.get_logger()


class Door:
    """A listener's connections, taken one by one: asyncio's own server counts none before its handshake is over.

    connections         those whose protocol is at work; the protocols' own set
    handshake_within_s  how long TLS may take; who takes longer is closed
    ended               set when nobody is let in any more; `close` raises the fault that nobody foresaw, if one did it
    _greeting           the protocols of those that were accepted and are not known to be at work
    """

    handshake_within_s: float = HANDSHAKE_WITHIN_S

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        connections: Set[asyncio.Protocol],
        limit: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._make = make
        self._connections = connections
        self._limit = limit
        self._tls = tls
        self._greeting: set[asyncio.Protocol] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: list[asyncio.Task[None]] = []
        self.ended = asyncio.Event()

    def open(self, listener: socket.socket) -> None:
        """Accept what comes to `listener` from now on."""
        listener.setblocking(False)
        accepting = self._begin(self._accept(listener))
        accepting.add_done_callback(self._end)
        self._accepting.append(accepting)

    async def close(self) -> None:
        """Accept no more; handshakes that are under way end.

        Raises what ended the accepting before, if nobody foresaw it.
        """
        tasks = [*self._tasks, *self._accepting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in self._accepting:
            if not task.cancelled():
                task.result()

    def _end(self, accepting: asyncio.Task[None]) -> None:
        if not accepting.cancelled() and accepting.exception() is not None:
            _LOG.error("loop_failed", exc_info=accepting.exception())
        self.ended.set()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while listener.fileno() >= 0:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:  # the caller is gone, or this machine has no room: others wait in the backlog
                await asyncio.sleep(_REST_S if error.errno in _EXHAUSTED else 0)
                continue
            with ExitStack() as on_fault:  # by one that nobody foresaw the door ends, and keeps nobody waiting
                on_fault.callback(accepted.close)
                self._take(accepted)
                on_fault.pop_all()

    def _take(self, accepted: socket.socket) -> None:
        if len(self._greeting | self._connections) >= self._limit:
            accepted.close()
        else:
            protocol = self._make()
            self._greeting.add(protocol)
            self._begin(self._greet(accepted, protocol))

    async def _greet(self, accepted: socket.socket, protocol: asyncio.Protocol) -> None:
        within_s = None if self._tls is None else self.handshake_within_s
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol, accepted, ssl=self._tls, ssl_handshake_timeout=within_s
            )
        except OSError:  # no TLS, or too late: whoever it is has heard so, or is gone
            accepted.close()
        finally:
            self._greeting.discard(protocol)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def allow_connections(most: int) -> None:
    """Raise this process's limit of open files to what `most` connections need, if it is lower.

    Raises UnsafeSettings if the system does not allow so many.
    """
    needed = most + _FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise UnsafeSettings(f"MARAC_MAX_CONNECTIONS {most} needs {needed} open files, and the system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
