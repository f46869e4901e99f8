"""A mail server on a port of its own: it takes mail, with STARTTLS, TLS from the first byte or none, and keeps it."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

USER, PASSWORD = "area", "made-up password"


@dataclass
class Mailbox:
    """What arrived, and how the server behaves.

    heard    every line of every conversation, as it came
    mails    the messages, as they came
    refuses  True: no recipient is taken
    """

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    refuses: bool = False
    offers_starttls: bool = True
    encrypted: list[bool] = field(default_factory=list)


@contextmanager
def mail_server(context: ssl.SSLContext, *, implicit: bool = False) -> Iterator[Mailbox]:
    """Yield a mail server that listens on 127.0.0.1.

    implicit  TLS from the first byte; otherwise as the client asks
    """
    box = Mailbox()

    class Conversation(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # a client that trusts no such certificate hangs up
                _Talk(self.request, box, context, implicit=implicit).go()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


class _Talk:
    """One conversation, as RFC 5321, 3207 and 4954 (PLAIN alone) have it."""

    def __init__(self, socket: "ssl.SSLSocket", box: Mailbox, context: ssl.SSLContext, *, implicit: bool) -> None:
        self._socket = context.wrap_socket(socket, server_side=True) if implicit else socket
        self._secure = implicit
        self._box = box
        self._context = context
        self._open()

    def _open(self) -> None:
        self._lines = self._socket.makefile("rb")

    def go(self) -> None:
        self._say("220 mail.example")
        while line := self._hear():
            word = line[:4].upper()
            if word == b"QUIT":
                self._say("221 bye")
                break
            self._answer(word, line)
        self._lines.close()
        self._socket.close()

    def _answer(self, word: bytes, line: bytes) -> None:
        if word == b"EHLO":
            offered = ["250-mail.example", "250-AUTH PLAIN"]
            if self._box.offers_starttls and not self._secure:
                offered.append("250-STARTTLS")
            self._say(*offered, "250 8BITMIME")
        elif word == b"STAR" and self._box.offers_starttls:
            self._say("220 go on")
            self._lines.close()
            self._socket = self._context.wrap_socket(self._socket, server_side=True)
            self._secure = True
            self._open()
        elif word == b"AUTH":
            expected = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
            self._say("235 welcome" if line.split()[-1] == expected else "535 no such user")
        elif word == b"RCPT" and self._box.refuses:
            self._say("550 no such mailbox here")
        elif word == b"DATA":
            self._say("354 go on")
            self._take()
        else:
            self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self._hear()) != b".\r\n":
            lines.append(line)
        self._box.mails.append(b"".join(lines))
        self._box.encrypted.append(self._secure)
        self._say("250 taken")

    def _hear(self) -> bytes:
        line = self._lines.readline()
        self._box.heard.append(line)
        return line

    def _say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())
