"""Lets connections in, and no more than there is room for: each counts from when it is accepted, before any TLS."""

import asyncio
import errno
import resource
import socket
import ssl
from collections.abc import Callable, Coroutine, Set
from typing import Final

from broker.errors import UnsafeSettings

HANDSHAKE_WITHIN_S: Final = 10  # as long as a head may take: see wire.py
_FILES_BESIDE: Final = 100  # database, queue, listener, log, and what is open for a moment
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_REST_S: Final = 1.0


class Door:
    """A listener's connections, taken one by one: asyncio's own server counts none before its handshake is over.

    connections         those whose protocol is at work; the protocols' own set
    handshake_within_s  how long TLS may take; who takes longer is closed
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

    def open(self, listener: socket.socket) -> None:
        """Accept what comes to `listener` from now on."""
        listener.setblocking(False)
        self._begin(self._accept(listener))

    async def close(self) -> None:
        """Accept no more; handshakes that are under way end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while listener.fileno() >= 0:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:  # the caller is gone, or this machine has no room: others wait in the backlog
                await asyncio.sleep(_REST_S if error.errno in _EXHAUSTED else 0)
                continue
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

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


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
