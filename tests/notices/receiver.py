"""A webhook's receiver on a port of its own, over TLS: it keeps what arrives, and answers as it is told."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Post:
    """One request, as it came."""

    path: str
    fields: dict[str, str]
    body: bytes

    @property
    def raw(self) -> bytes:
        """All of it, to be searched."""
        lines = "".join(f"{name}: {value}\n" for name, value in self.fields.items())
        return f"{self.path}\n{lines}\n".encode() + self.body


@dataclass
class Received:
    """What arrived, and how the receiver answers."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)
    status: int = 204
    location: str | None = None


@contextmanager
def receiver(context: ssl.SSLContext) -> Iterator[Received]:
    """Yield a receiver that listens on 127.0.0.1."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            fields = {name.lower(): value for name, value in self.headers.items()}
            received.posts.append(Post(self.path, fields, self.rfile.read(length)))
            self.send_response(received.status)
            if received.location:
                self.send_header("location", received.location)
            self.end_headers()

        def do_GET(self) -> None:
            received.posts.append(Post(self.path, {}, b"GET"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_of: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        received.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield received
        finally:
            server.shutdown()
            thread.join()
