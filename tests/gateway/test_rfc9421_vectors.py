"""The published vector for Ed25519, against the library with our key class and against the tests' own signer."""

import base64

import pytest
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature

from crypto.keys import VerifyKey
from gateway.auth import ListedKey
from tests.gateway.signing import Draft, base_of

# Source: RFC 9421, appendix B.1.4 and B.2.6.
PUBLIC = base64.b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")
COVERED = ("date", "@method", "@path", "@authority", "content-type", "content-length")
PARAMETERS = (
    '("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
SIGNATURE = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
BASE = f""""date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": {PARAMETERS}"""
REQUEST = Draft(
    "POST",
    "/foo",
    "param=Value&Pet=dog",
    (
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-length", "18"),
    ),
)


class OneKey(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> VerifyKey | None:
        return VerifyKey(key_id, PUBLIC) if key_id == "test-key-ed25519" else None


class Untimed(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """The vector is of 2021."""


class Message:
    def __init__(self, content_type: str) -> None:
        self.method = "POST"
        self.url = "https://example.com/foo?param=Value&Pet=dog"
        self.headers = {
            **dict(REQUEST.lines),
            "content-type": content_type,
            "signature-input": f"sig-b26={PARAMETERS}",
            "signature": f"sig-b26=:{SIGNATURE}:",
        }


def test_the_published_signature_verifies_by_a_key_as_the_register_lists_it() -> None:
    verifier = Untimed(signature_algorithm=ListedKey, key_resolver=OneKey())
    assert [found.label for found in verifier.verify(Message("application/json"), max_age=None)] == ["sig-b26"]


def test_the_published_signature_does_not_verify_for_another_request() -> None:
    verifier = Untimed(signature_algorithm=ListedKey, key_resolver=OneKey())
    with pytest.raises(InvalidSignature):
        verifier.verify(Message("text/plain"), max_age=None)


def test_the_tests_own_signer_makes_the_published_base() -> None:
    base = base_of(REQUEST, COVERED, PARAMETERS)
    assert base.decode() == BASE
    VerifyKey("test-key-ed25519", PUBLIC).verify(base, base64.b64decode(SIGNATURE))
