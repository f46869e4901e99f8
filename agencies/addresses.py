"""Where a party is told that something waits for it: a role mailbox, or a webhook; strict, for others connect to it."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from crypto.errors import Malformed

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
# Narrower than mail allows, on purpose: nothing that a header, a mail server or a shell could read as more than a name.
_MAILBOX = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9._+-]{{0,62}}[A-Za-z0-9])?@({_LABEL}(?:\.{_LABEL})+)")
_URL = re.compile(r"https://[A-Za-z0-9.:\[\]-]{1,260}(?:/[A-Za-z0-9._~=@:/-]{0,500})?")
_MAX_MAILBOX_CHARS = 254
_HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is posted to; never logged."""

    host: str = field(repr=False)
    port: int
    path: str = field(repr=False)

    @property
    def authority(self) -> str:
        """The `Host` of a request to it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTPS_PORT else f"{host}:{self.port}"


def parse_mailbox(text: str) -> str:
    """Return `text` as the address of a mailbox, its domain written in lower case.

    Raises Malformed, which repeats nothing of it.
    """
    found = _MAILBOX.fullmatch(text)
    if found is None or len(text) > _MAX_MAILBOX_CHARS or ".." in text:
        raise Malformed("not the address of a mailbox, such as duty-desk@agency.example")
    return text


def domain_of(mailbox: str) -> str:
    """Return the domain of a parsed mailbox."""
    return mailbox.partition("@")[2]


def parse_webhook(text: str) -> Webhook:
    """Return `text` as a webhook: https, a host, a port if it is another than 443, a path; and nothing else.

    No user, no password, no query and no fragment: what is secret does not belong in an address.
    Raises Malformed, which repeats nothing of it.
    """
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:  # its words would repeat the address
        raise Malformed("not an address that begins with https://") from None
    if _URL.fullmatch(text) is None or ".." in text or port == 0 or not _is_host(host):
        raise Malformed("not an address such as https://host.example/path, without user, password or query")
    return Webhook(host, port or _HTTPS_PORT, parts.path or "/")


def _is_host(host: str) -> bool:
    """Claim that this is a full host name, or an address in its one spelling; `0x7f.1` and `2130706433` are neither."""
    try:
        return str(ip_address(host)) == host
    except ValueError:
        return _HOST.fullmatch(host) is not None and not host.rpartition(".")[2].isdigit()
