"""Addresses for notices: what is taken, and what could be read as more than a name."""

import pytest

from agencies.addresses import Webhook, domain_of, parse_mailbox, parse_webhook
from crypto.errors import Malformed


@pytest.mark.parametrize("text", ["duty-desk@agency.example", "a@b.co", "marac.team+1@xn--bcher-kva.example"])
def test_a_plain_mailbox_is_taken_as_it_is(text: str) -> None:
    assert parse_mailbox(text) == text
    assert domain_of(text) == text.rpartition("@")[2]


@pytest.mark.parametrize(
    "text",
    [
        "", "desk", "desk@", "@agency.example", "desk@agency", "desk@agency.example\n",
        "desk@agency.example\r\nTo: x@y.z",
        "de sk@agency.example", "desk@agency.example,other@agency.example", '"desk"@agency.example', "desk@[127.0.0.1]",
        "<desk@agency.example>", "desk@@agency.example", "desk@agency..example", "de..sk@agency.example",
        "désk@agency.example", "desk@Agency.example", "-desk@agency.example", "desk.@agency.example",
        "a%b@agency.example",
        "desk@-agency.example", "a" * 65 + "@agency.example", "desk@" + "a." * 130 + "example", "desk\0@agency.example",
    ],
)  # fmt: skip
def test_what_is_no_plain_mailbox_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_mailbox(text)
    assert str(refused.value) == "not the address of a mailbox, such as duty-desk@agency.example"


@pytest.mark.parametrize(
    ("text", "webhook", "authority"),
    [
        ("https://hooks.agency.example", Webhook("hooks.agency.example", 443, "/"), "hooks.agency.example"),
        ("https://hooks.agency.example:443/a", Webhook("hooks.agency.example", 443, "/a"), "hooks.agency.example"),
        ("https://a.example:444/b_c", Webhook("a.example", 444, "/b_c"), "a.example:444"),
        ("https://192.0.2.7/", Webhook("192.0.2.7", 443, "/"), "192.0.2.7"),
        ("https://[2001:db8::7]:444/", Webhook("2001:db8::7", 444, "/"), "[2001:db8::7]:444"),
    ],
)  # fmt: skip
def test_a_webhook_is_https_a_host_and_a_path(text: str, webhook: Webhook, authority: str) -> None:
    assert parse_webhook(text) == webhook
    assert webhook.authority == authority
    assert webhook.host not in repr(webhook)


@pytest.mark.parametrize(
    "text",
    [
        "", "hooks.agency.example", "http://hooks.agency.example/", "HTTPS://hooks.agency.example/", "https://",
        "https://hooks/", "https://localhost/", "https://user@hooks.agency.example/", "https://u:p@hooks.agency.example/",
        "https://hooks.agency.example/?key=1", "https://hooks.agency.example/#a", "https://hooks.agency.example:0/",
        "https://hooks.agency.example:99999/", "https://hooks.agency.example:port/", "https://hooks.agency.example/a b",
        "https://hooks.agency.example/a\r\nx: y", "https://hooks.agency.example/../a", "https://hooks.agency.example/%2e",
        "https://2130706433/", "https://0x7f.0.0.1/", "https://127.1/", "https://0177.0.0.1/", "https://[::ffff:1.2.3.4]/",
        "https://hooks.agency.example\\@other.example/", "https://hooks.agency.example./", "https://[fe80::1%25eth0]/",
        "https://hooks.agency.example/" + "a" * 501, "https://[::1", "https://1.2.3.4.5/", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_what_is_no_plain_webhook_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_webhook(text)
    assert "agency.example" not in str(refused.value)
    assert refused.value.__cause__ is None
