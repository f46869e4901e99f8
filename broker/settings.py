"""Settings of one area's broker, from the environment (`MARAC_...`) and the area's `marac.env`; unsafe ones stop it."""

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from broker.errors import UnsafeSettings

_DATABASES = frozenset({"postgresql+asyncpg", "sqlite+aiosqlite"})
# What asyncpg takes from an address; libpq's `sslmode` is not among it, and would end in a TypeError.
_POSTGRES_OPTIONS = frozenset(
    {"host", "passfile", "port", "prepared_statement_cache_size", "ssl", "target_session_attrs"}
)
_MAX_PORT = 65_535
_TLS_MODES = frozenset({"verify-full", "verify-ca", "require"})


class Settings(BaseSettings):
    """One area's settings. There is no setting that moves the clock.

    home        the area's folder: keys, embedded database, and `outside/`, kept apart from every backup
    *_s, *_days units in the name
    """

    model_config = SettingsConfigDict(env_prefix="MARAC_", extra="forbid", frozen=True)

    area: str
    case_prefix: str = Field(pattern=r"^[A-Z]{3}$")
    home: Path
    root_vkey: str
    database_url: str = Field(default="", repr=False)
    amqp_url: str = Field(default="", repr=False)
    passphrase_file: Path | None = None
    coordinator_telephone: str = Field(min_length=3, max_length=40)

    host: str = "127.0.0.1"
    port: int = 8443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    max_connections: int = Field(default=400, ge=1)

    dash_threshold: int = Field(default=17, ge=1, le=24)
    mash_receives_referrals: bool = False
    allow_classical: bool = False
    demand_proved: bool = False

    max_submission_bytes: int = Field(default=1_048_576, ge=65_536)
    note_life_days: int = Field(default=7, ge=1)
    lease_s: int = Field(default=300, ge=1)
    long_poll_s: int = Field(default=20, ge=0, le=60)
    delivery_limit: int = Field(default=3, ge=1)
    republish_after_s: int = Field(default=60, ge=1)
    purge_grace_days: int = Field(default=7, ge=7)
    due_at_once_percent: int = Field(default=10, ge=1, le=100)
    access_entries_months: int = Field(default=12, ge=0, le=120)

    @model_validator(mode="after")
    def _safe(self) -> "Settings":
        if not _is_here(self.host) and (self.tls_certificate is None or self.tls_key is None):
            raise UnsafeSettings("an address other than loopback needs MARAC_TLS_CERTIFICATE and MARAC_TLS_KEY")
        if self.database_url:
            check_database_url(self.database_url)
        if self.amqp_url and not all(_is_encrypted(url) for url in self.amqp_url.split(",")):
            raise UnsafeSettings("RabbitMQ on another machine needs amqps://, with its certificate verified")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: the configured one, or the embedded SQLite file in the area's folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'broker.sqlite'}"

    @property
    def outside(self) -> Path:
        """The folder outside the database for the newest checkpoint and the tombstones."""
        return self.home / "outside"

    @property
    def access_entries_kept(self) -> timedelta:
        """How long the entries about a case outlive it; a month counted as 31 days, never too short."""
        return timedelta(days=31 * self.access_entries_months)

    @property
    def note_life(self) -> timedelta:
        """How long a submission's note may be on its way before it is accepted for the first time."""
        return timedelta(days=self.note_life_days)

    @property
    def purge_grace(self) -> timedelta:
        """How long a scheduled case waits before it is destroyed."""
        return timedelta(days=self.purge_grace_days)


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
