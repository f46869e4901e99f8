"""Settings of one area's broker, from the environment (`MARAC_...`) and the area's `marac.env`; unsafe ones stop it."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from agencies.addresses import parse_mailbox
from broker.errors import UnsafeSettings
from crypto.errors import Malformed

_DATABASES = frozenset({"postgresql+asyncpg", "sqlite+aiosqlite"})
# What asyncpg takes from an address; libpq's `sslmode` is not among it, and would end in a TypeError.
_POSTGRES_OPTIONS = frozenset(
    {"host", "passfile", "port", "prepared_statement_cache_size", "ssl", "target_session_attrs"}
)
_MAX_PORT = 65_535
_TLS_MODES = frozenset({"verify-full", "verify-ca", "require"})


def _of(what: str, default: object = ..., **limits: Any) -> Any:
    """Return a field that says what it does: deploy/settings.md is made of these words, and a test compares."""
    return Field(default, description=what, **limits)


class Settings(BaseSettings):
    """One area's settings. There is no setting that moves the clock.

    home        the area's folder: keys, embedded database, and `outside/`, kept apart from every backup
    *_s, *_days units in the name
    All of them, in words: deploy/settings.md.
    """

    model_config = SettingsConfigDict(env_prefix="MARAC_", extra="forbid", frozen=True)

    area: str = _of("host name of the gateway; every id in the area begins with it")
    case_prefix: str = _of("three letters that case references begin with", pattern=r"^[A-Z]{3}$")
    home: Path = _of("the area's folder: keys, `marac.env`, embedded database, `outside/`; given by `--home`")
    root_vkey: str = _of("the area's root key, from which everything is verified")
    database_url: str = _of("the database; empty: an SQLite file in the area's folder", "", repr=False)
    amqp_url: str = _of("RabbitMQ, several nodes comma-separated; empty: the embedded queue", "", repr=False)
    passphrase_file: Path | None = _of("file whose first line opens the gateway's keys; empty: it is typed", None)
    coordinator_telephone: str = _of("whom to telephone when a referral fails", min_length=3, max_length=40)

    host: str = _of("address the gateway listens on", "127.0.0.1")
    port: int = _of("port the gateway listens on", 8443)
    tls_certificate: Path | None = _of("its certificate and chain; needed on any address but loopback", None)
    tls_key: Path | None = _of("the certificate's key", None)
    max_connections: int = _of("connections at once", 400, ge=1)

    dash_threshold: int = _of("ticks of 24 that make visible high risk by themselves", 17, ge=1, le=24)
    mash_receives_referrals: bool = _of("the police MASH gets the body of referrals too", False)
    allow_classical: bool = _of("recipients that are not post-quantum are taken too", False)
    demand_proved: bool = _of("officers must sign themselves; who is merely named is refused", False)

    max_submission_bytes: int = _of("largest body of a request", 1_048_576, ge=65_536)
    note_life_days: int = _of("how old a submission's note may be when it is first accepted", 7, ge=1)
    lease_s: int = _of("how long a leased message is kept from others before it is given again", 300, ge=1)
    long_poll_s: int = _of("how long a lease may wait for the first message", 20, ge=0, le=60)
    delivery_limit: int = _of("how often the queue gives a letter out before it is a dead letter", 3, ge=1)
    republish_after_s: int = _of("what was published and has not arrived by then is published again", 60, ge=1)
    purge_grace_days: int = _of("how long a case that is scheduled for destruction waits", 7, ge=7)
    due_at_once_percent: int = _of("of all cases: if more are due at once, destruction asks a person", 10, ge=1, le=100)
    lookups_kept_months: int = _of("how long a case is kept that was only looked up", 12, ge=1, le=84)
    triage_days: int = _of("calendar days after which a referral without a triage is shown", 3, ge=0, le=60)
    access_entries_months: int = _of("how long the log's entries about a case outlive it", 12, ge=0, le=120)

    urgent_uncollected_minutes: int = _of("urgent and not collected by then: the coordinator is told", 60, ge=1)
    notice_gap_minutes: int = _of("least time between two notices to one agency, by one channel", 30, ge=1)
    smtp_host: str = _of("mail server that notices go out by; empty: none by e-mail", "")
    smtp_port: int = _of("its port", 587, ge=1, le=_MAX_PORT)
    smtp_tls: Literal["starttls", "implicit", "none"] = _of("how it is encrypted; `none` on loopback alone", "starttls")
    smtp_user: str = _of("user at the mail server; empty: none", "", repr=False)
    smtp_password_file: Path | None = _of("file whose first line is that user's password, mode 0600", None)
    smtp_from: str = _of("sender of the notices: a mailbox whose name and domain say nothing of MARAC", "")
    webhooks: bool = _of("notices go to agencies' webhooks too", False)
    webhook_networks: str = _of("private networks where webhooks may be, such as `10.20.0.0/16`, comma-separated", "")
    notices_ca: Path | None = _of("certificates of authorities of your own, for mail server and webhooks", None)

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        if not _is_here(self.host) and (self.tls_certificate is None or self.tls_key is None):
            raise UnsafeSettings("an address other than loopback needs MARAC_TLS_CERTIFICATE and MARAC_TLS_KEY")
        if self.database_url:
            check_database_url(self.database_url)
        if self.amqp_url and not all(_is_encrypted(url) for url in self.amqp_url.split(",")):
            raise UnsafeSettings("RabbitMQ on another machine needs amqps://, with its certificate verified")
        self._check_notices()
        return self

    def _check_notices(self) -> None:
        if self.smtp_tls == "none" and not _is_here(self.smtp_host):
            raise UnsafeSettings("a mail server on another machine needs MARAC_SMTP_TLS starttls or implicit")
        if bool(self.smtp_user) != (self.smtp_password_file is not None):
            raise UnsafeSettings("MARAC_SMTP_USER and MARAC_SMTP_PASSWORD_FILE are given together, or neither")
        if self.smtp_host:
            try:
                parse_mailbox(self.smtp_from)
            except Malformed:
                raise UnsafeSettings("MARAC_SMTP_FROM is not the address of a mailbox") from None
        parse_networks(self.webhook_networks)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: the configured one, or the embedded SQLite file in the area's folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'broker.sqlite'}"

    @property
    def outside(self) -> Path:
        """The folder outside the database for the newest checkpoint and the tombstones."""
        return self.home / "outside"

    @property
    def channels(self) -> frozenset[str]:
        """The channels by which this area sends notices: none unless it says so."""
        offered = (("email", bool(self.smtp_host)), ("webhook", self.webhooks))
        return frozenset(channel for channel, is_offered in offered if is_offered)

    @property
    def access_entries_kept(self) -> timedelta:
        """How long the entries about a case outlive it; a month counted as 31 days, never too short."""
        return timedelta(days=31 * self.access_entries_months)

    @property
    def lookups_kept(self) -> timedelta:
        """How long a case is kept that was looked up and never referred; a month counted as 31 days."""
        return timedelta(days=31 * self.lookups_kept_months)

    @property
    def note_life(self) -> timedelta:
        """How long a submission's note may be on its way before it is accepted for the first time."""
        return timedelta(days=self.note_life_days)

    @property
    def purge_grace(self) -> timedelta:
        """How long a scheduled case waits before it is destroyed."""
        return timedelta(days=self.purge_grace_days)


def parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks that `text` lists, comma-separated. Raises UnsafeSettings."""
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError:
        raise UnsafeSettings("MARAC_WEBHOOK_NETWORKS: a network is written as 10.20.0.0/16") from None


def check_database_url(database_url: str) -> None:
    """Return only if this is the address of a database that the broker works with, and headers travel safely to it.

    Raises UnsafeSettings, which repeats nothing of it: there may be a password in it.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):  # their words would repeat the password
        raise UnsafeSettings("MARAC_DATABASE_URL is not the URL of a database") from None
    if url.drivername not in _DATABASES:
        raise UnsafeSettings("MARAC_DATABASE_URL must begin with postgresql+asyncpg:// or sqlite+aiosqlite:///")
    if url.drivername == "postgresql+asyncpg":
        _check_postgres(url)


def _check_postgres(url: URL) -> None:
    if "@" in (url.host or ""):
        raise UnsafeSettings("MARAC_DATABASE_URL: a @ within the password is written as %40")
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise UnsafeSettings(f"MARAC_DATABASE_URL: a port is a number from 1 to {_MAX_PORT}")
    if not _POSTGRES_OPTIONS.issuperset(url.query):
        allowed = ", ".join(sorted(_POSTGRES_OPTIONS))
        raise UnsafeSettings(f"MARAC_DATABASE_URL: what stands after the ? is one of {allowed}")
    if not _travels_safely(url):
        raise UnsafeSettings("PostgreSQL on another machine needs ?ssl=verify-full in MARAC_DATABASE_URL")


def _is_here(host: str | None) -> bool:
    """Claim that the host is this machine: by loopback address or name, or a socket in its file system."""
    if not host or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _travels_safely(url: URL) -> bool:
    """Claim that headers never cross a network in the clear: this machine, or TLS."""
    # SQLAlchemy's form for sockets and for several servers is `?host=`.
    hosts = (url.host, *(host.rpartition(":")[0] or host for host in url.normalized_query.get("host", ())))
    modes = url.normalized_query.get("ssl", ())
    return all(_is_here(host) for host in hosts) or (bool(modes) and _TLS_MODES.issuperset(modes))


def _is_encrypted(amqp_url: str) -> bool:
    parts = _parse_queue_url(amqp_url.strip())
    if _is_here(parts.hostname):
        return True
    return parts.scheme == "amqps" and parse_qs(parts.query).get("no_verify_ssl", ["0"]) == ["0"]


def _parse_queue_url(amqp_url: str) -> SplitResult:
    try:
        parts = urlsplit(amqp_url)
        is_address = parts.scheme in {"amqp", "amqps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its words would repeat what stands where the port belongs: a part of the password
        is_address = False
    if not is_address:
        raise UnsafeSettings(
            "MARAC_AMQP_URL is not a queue's address, amqp://USER:PASSWORD@HOST/VHOST (%XX for other signs)"
        )
    return parts
