"""Settings that would send headers, or who is told what, over a network in the clear keep the service from starting."""

from pathlib import Path

import pytest

from broker.errors import UnsafeSettings
from tests.gateway.house import settings_of

POSTGRES = "postgresql+asyncpg://marac:made-up@"
REMOTE = f"{POSTGRES}db.example.org/marac"


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"{POSTGRES}127.0.0.1/marac",
        f"{POSTGRES}127.8.8.8:5433/marac",
        f"{POSTGRES}localhost/marac",
        f"{POSTGRES}[::1]/marac",
        f"{POSTGRES}/marac?host=/run/postgresql",
        f"{REMOTE}?ssl=verify-full",
        f"{REMOTE}?ssl=require",
        "sqlite+aiosqlite:////srv/marac/broker.sqlite",
    ],
)
def test_a_database_here_or_over_tls_is_taken(tmp_path: Path, url: str) -> None:
    assert settings_of(tmp_path, database_url=url).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        REMOTE,
        f"{REMOTE}?ssl=prefer",
        f"{REMOTE}?ssl=disable",
        f"{REMOTE}?ssl=require&ssl=disable",
        f"{POSTGRES}10.0.0.2/marac",
        f"{POSTGRES}[2001:db8::1]/marac",
        f"{POSTGRES}/marac?host=db.example.org:5432",
        f"{POSTGRES}/marac?host=localhost:5432&host=db.example.org:5432",
        "postgresql+asyncpg://localhost:made#up@db.example.org/marac",
        "nonsense",
    ],
)
def test_a_remote_database_in_the_clear_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnsafeSettings, match="MARAC_DATABASE_URL") as refused:
        settings_of(tmp_path, database_url=url)
    assert "made-up" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["", "amqp://marac:made-up@127.0.0.1/marac", "amqps://a.example.org/marac,amqps://b.example.org/marac"],
)
def test_a_queue_here_or_over_tls_is_taken(tmp_path: Path, url: str) -> None:
    assert settings_of(tmp_path, amqp_url=url).amqp_url == url


@pytest.mark.parametrize(
    "url",
    [
        "amqp://marac:made-up@mq.example.org/marac",
        "amqps://marac:made-up@mq.example.org/marac?no_verify_ssl=1",
        "amqps://a.example.org/marac,amqp://marac:made-up@b.example.org/marac",
        "amqp://marac:made-up@localhost/marac, amqp://marac:made-up@10.0.0.2/marac",
    ],
)
def test_a_remote_queue_in_the_clear_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnsafeSettings, match="amqps") as refused:
        settings_of(tmp_path, amqp_url=url)
    assert "made-up" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://marac:made-up@127.0.0.1/marac",
        "postgresql://marac:made-up@127.0.0.1/marac",
        f"{POSTGRES}127.0.0.1:made-up/marac",
        f"{POSTGRES}127.0.0.1:99999/marac",
        f"{POSTGRES}@127.0.0.1/marac",
        f"{POSTGRES}127.0.0.1/marac?sslmode=require",
    ],
)
def test_an_address_that_is_no_databases_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnsafeSettings, match="MARAC_DATABASE_URL") as refused:
        settings_of(tmp_path, database_url=url)
    assert "made-up" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "http://marac:made-up@127.0.0.1/marac",
        "amqp://marac:made/up@127.0.0.1/marac",
        "amqp://127.0.0.1:made-up/marac",
        "amqp://127.0.0.1:99999/marac",
        "amqp:///marac",
        "amqp://127.0.0.1/marac,",
        "amqp://[made-up@127.0.0.1/marac",
    ],
)
def test_an_address_that_is_no_queues_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnsafeSettings, match="MARAC_AMQP_URL") as refused:
        settings_of(tmp_path, amqp_url=url)
    assert "made" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"smtp_host": "mail.example", "smtp_from": "office@notices.example"},
        {"smtp_host": "mail.example", "smtp_from": "office@notices.example", "smtp_tls": "implicit", "smtp_port": 465},
        {"smtp_host": "127.0.0.1", "smtp_from": "office@notices.example", "smtp_tls": "none"},
        {"webhooks": True, "webhook_networks": "10.20.0.0/16, fd00::/8"},
    ],
)
def test_notices_that_travel_safely_are_taken(tmp_path: Path, given: dict[str, object]) -> None:
    by = {"smtp_host": "email", "webhooks": "webhook"}
    assert settings_of(tmp_path, **given).channels == {by[name] for name in by if name in given}


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"smtp_host": "mail.example", "smtp_from": "a@b.example", "smtp_tls": "none"}, "MARAC_SMTP_TLS"),
        ({"smtp_host": "mail.example"}, "MARAC_SMTP_FROM"),
        ({"smtp_host": "mail.example", "smtp_from": "a@b.example\nBcc: made-up@b.example"}, "MARAC_SMTP_FROM"),
        ({"smtp_host": "mail.example", "smtp_from": "a@b.example", "smtp_user": "made-up"}, "MARAC_SMTP_PASSWORD_FILE"),
        ({"webhooks": True, "webhook_networks": "made-up"}, "MARAC_WEBHOOK_NETWORKS"),
        ({"webhooks": True, "webhook_networks": "10.20.30.40/16"}, "MARAC_WEBHOOK_NETWORKS"),
    ],
)
def test_notices_in_the_clear_or_half_set_keep_the_service_from_starting(
    tmp_path: Path, given: dict[str, object], what: str
) -> None:
    with pytest.raises(UnsafeSettings, match=what) as refused:
        settings_of(tmp_path, **given)
    assert "made-up" not in str(refused.value)
