"""Notices as they arrive: at a real mail server and a real webhook, and nowhere that they must not go."""

import email
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest

from broker.errors import NoticeNotDelivered, UnsafeSettings
from broker.notices import open_couriers
from broker.notices.webhook import BODY, COVERED, TAG, Webhooks, is_allowed
from broker.ports import Courier
from broker.settings import Settings, parse_networks
from crypto.keys import generate_signing_key
from tests.gateway.house import settings_of
from tests.notices.mail_server import PASSWORD, USER, Mailbox, mail_server
from tests.notices.receiver import Post, Received, receiver
from tests.notices.tls import certificate, serving

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOOK = "hooks.agency.example"
FROM, TO = "office@notices.example", "duty-desk@agency.example"
KEY = generate_signing_key("marac.area.example/gateway")


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    return certificate(tmp_path, HOOK)


@pytest.fixture
def mailbox(trusted: Path) -> Iterator[Mailbox]:
    with mail_server(serving(trusted)) as box:
        yield box


@pytest.fixture
def received(trusted: Path) -> Iterator[Received]:
    with receiver(serving(trusted)) as got:
        yield got


def by_mail(tmp_path: Path, port: int, trusted: Path | None, **settings: object) -> Courier:
    given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_from": FROM, "notices_ca": trusted, **settings}
    return courier_of(settings_of(tmp_path, **given), "email")


def by_webhook(tmp_path: Path, trusted: Path | None, networks: str = "127.0.0.0/8") -> Courier:
    settings = settings_of(tmp_path, webhooks=True, webhook_networks=networks, notices_ca=trusted)
    return courier_of(settings, "webhook")


def courier_of(settings: Settings, channel: str) -> Courier:
    return open_couriers(settings, KEY, lambda: NOW)[channel]


async def fault_of(courier: Courier, address: str) -> str:
    with pytest.raises(NoticeNotDelivered) as failed:
        await courier.send(address)
    assert address not in str(failed.value)
    return failed.value.fault


async def test_a_mail_says_that_there_is_something_to_collect_and_not_a_word_more(
    tmp_path: Path, mailbox: Mailbox, trusted: Path
) -> None:
    await by_mail(tmp_path, mailbox.port, trusted).send(TO)
    (raw,) = mailbox.mails
    mail = email.message_from_bytes(raw, policy=default)
    assert mailbox.encrypted == [True]
    assert (mail["From"], mail["To"], mail["Subject"]) == (FROM, TO, "Something to collect")
    assert mail.get_content().split("\r\n") == ["You have something to collect. Use your usual system.", ""]
    expected = {"from", "to", "subject", "date", "message-id", "auto-submitted", "content-type"}
    assert {name.lower() for name in mail} == expected | {"content-transfer-encoding", "mime-version"}
    said = b"".join(mailbox.heard).lower()
    assert b"ehlo notices.example" in said, "not by this machine's own name"
    assert b"marac" not in said


async def test_mail_goes_over_tls_from_the_first_byte_by_a_user_with_a_password(tmp_path: Path, trusted: Path) -> None:
    secret = tmp_path / "smtp.password"
    secret.touch(mode=0o600)
    secret.write_text(f"{PASSWORD}\n")
    with mail_server(serving(trusted), implicit=True) as box:
        how = {"smtp_tls": "implicit", "smtp_user": USER, "smtp_password_file": secret}
        await by_mail(tmp_path, box.port, trusted, **how).send(TO)
        assert box.encrypted == [True]
        secret.write_text("another\n")
        assert await fault_of(by_mail(tmp_path, box.port, trusted, **how), TO) == "refused"


async def test_a_mail_that_is_not_taken_says_why_in_one_word(tmp_path: Path, mailbox: Mailbox, trusted: Path) -> None:
    mailbox.refuses = True
    assert await fault_of(by_mail(tmp_path, mailbox.port, trusted), TO) == "refused"
    assert await fault_of(by_mail(tmp_path, mailbox.port, None), TO) == "insecure"
    mailbox.offers_starttls = False
    assert await fault_of(by_mail(tmp_path, mailbox.port, trusted), TO) == "insecure"
    assert await fault_of(by_mail(tmp_path, 1, trusted), TO) == "unreachable"
    assert mailbox.mails == []


class _Gateway(HTTPSignatureKeyResolver):
    """Knows the gateway's key, as a receiver does, by the hash in its vkey."""

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        assert f"+{key_id}+" in KEY.verify_key.vkey
        return Ed25519PublicKey.from_public_bytes(KEY.verify_key.public)


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: timedelta | None = None) -> None:
        """The test's own time is not the machine's."""


@dataclass(frozen=True)
class _Arrived:
    method: str
    url: str
    headers: Mapping[str, str]


def verify(post: Post, url: str) -> None:
    """The request is the gateway's, by somebody else's reading of RFC 9421."""
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_Gateway())
    (result,) = verifier.verify(_Arrived("POST", url, post.fields), max_age=None, expect_tag=TAG)
    assert {name.strip('"') for name in result.covered_components if name != '"@signature-params"'} == set(COVERED)
    assert post.fields["content-digest"] == ContentDigest.create(post.body)


async def test_a_webhook_gets_a_fixed_body_that_the_gateway_signed(
    tmp_path: Path, received: Received, trusted: Path
) -> None:
    address = f"https://127.0.0.1:{received.port}/to/collect"
    await by_webhook(tmp_path, trusted).send(address)
    (post,) = received.posts
    assert (post.path, post.body) == ("/to/collect", BODY)
    verify(post, address)
    with pytest.raises(HTTPMessageSignaturesException):
        verify(post, address.replace("collect", "elsewhere"))
    assert b"marac" not in post.raw.lower()
    assert b"gateway" not in post.raw.lower()


async def test_a_webhook_follows_nobody_and_reads_no_answer(tmp_path: Path, received: Received, trusted: Path) -> None:
    courier, address = by_webhook(tmp_path, trusted), f"https://127.0.0.1:{received.port}/hook"
    received.status, received.location = 302, f"https://127.0.0.1:{received.port}/elsewhere"
    assert await fault_of(courier, address) == "refused"
    received.status, received.location = 500, None
    assert await fault_of(courier, address) == "refused"
    assert [post.path for post in received.posts] == ["/hook", "/hook"]
    assert await fault_of(by_webhook(tmp_path, None), address) == "insecure"
    assert await fault_of(courier, "https://127.0.0.1:1/hook") == "unreachable"


async def test_a_webhook_that_leads_into_the_gateway_s_own_network_is_never_connected_to(
    tmp_path: Path, received: Received, trusted: Path
) -> None:
    careful = by_webhook(tmp_path, trusted, networks="")
    assert await fault_of(careful, f"https://127.0.0.1:{received.port}/hook") == "address"
    other = by_webhook(tmp_path, trusted, networks="10.0.0.0/8")
    assert await fault_of(other, f"https://127.0.0.1:{received.port}/hook") == "address"
    assert received.posts == []


async def test_a_webhook_is_connected_to_at_the_address_that_was_checked_and_proves_its_own_name(
    tmp_path: Path, received: Received, trusted: Path
) -> None:
    asked: list[str] = []

    def named(*addresses: str) -> Webhooks:
        async def resolve(host: str, _port: int) -> Sequence[str]:
            asked.append(host)
            return addresses

        authorities = ssl.create_default_context(cafile=trusted)
        return Webhooks(KEY, lambda: NOW, authorities, parse_networks("127.0.0.0/8"), resolve)

    address = f"https://{HOOK}:{received.port}/hook"
    await named("127.0.0.1").send(address)
    assert asked == [HOOK], "asked once: nobody answers otherwise the second time"
    (post,) = received.posts
    assert post.fields["host"] == f"{HOOK}:{received.port}"
    verify(post, address)
    other = address.replace("hooks", "other")
    assert await fault_of(named("127.0.0.1"), other) == "insecure", "no certificate for that name"
    assert await fault_of(named("127.0.0.1", "10.0.0.1"), address) == "address", "one of its addresses is private"
    assert await fault_of(named(), address) == "address"
    assert len(received.posts) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_no_notice_goes_to_a_private_address_however_it_is_written(address: str) -> None:
    assert not is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111"])
def test_notices_go_to_public_addresses_and_to_networks_that_the_area_names(address: str) -> None:
    assert is_allowed(ip_address(address), ())
    assert is_allowed(ip_address("10.20.3.4"), parse_networks("10.20.0.0/16, fd00::/8"))
    assert not is_allowed(ip_address("10.21.3.4"), parse_networks("10.20.0.0/16, fd00::/8"))


def test_a_password_that_others_may_read_keeps_the_service_from_starting(tmp_path: Path) -> None:
    secret = tmp_path / "smtp.password"
    secret.write_text("made up\n")
    secret.chmod(0o644)
    with pytest.raises(UnsafeSettings, match="MARAC_SMTP_PASSWORD_FILE") as refused:
        by_mail(tmp_path, 25, None, smtp_user=USER, smtp_password_file=secret)
    assert "made up" not in str(refused.value)
    with pytest.raises(UnsafeSettings, match="MARAC_NOTICES_CA"):
        by_mail(tmp_path, 25, secret)
