"""The start-up self-test: a library that gives a wrong answer, or none, is not used."""

from dataclasses import replace
from typing import NoReturn

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hmac import HMAC

from crypto.age import header, recipients, stream
from crypto.errors import SelfTestFailed
from crypto.known_answers import HYBRID, OTHERS, Answers, HybridAnswer
from crypto.selftest import check_hybrid, check_others, check_primitives

WRONG = "0" * 64


class Missing:
    """An HPKE suite of a library that was built without its KEM, or has a fault."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def encrypt(self, *_: object, **__: object) -> NoReturn:
        raise self.failure

    decrypt = encrypt


class Credulous:
    """An HMAC that takes any MAC for the right one."""

    def __init__(self, *arguments: object) -> None:
        inner = HMAC(*arguments)  # type: ignore[arg-type]
        self.update, self.finalize = inner.update, inner.finalize

    def verify(self, _mac: bytes) -> None:
        pass


class Unauthenticated:
    """An AEAD that decrypts, and does not look at the tag."""

    def __init__(self, key: bytes) -> None:
        self.aead = ChaCha20Poly1305(key)
        self.encrypt = self.aead.encrypt

    def decrypt(self, nonce: bytes, sealed: bytes, _data: None) -> bytes:
        return self.aead.encrypt(nonce, sealed[:-16], None)[:-16]


def test_this_machine_gives_the_published_answers() -> None:
    check_primitives()


@pytest.mark.parametrize(
    "known",
    [
        replace(HYBRID, recipient_sha256=WRONG),
        replace(HYBRID, plaintext_sha256=WRONG),
        replace(HYBRID, file=HYBRID.file[:-1] + b"!"),
        replace(HYBRID, file=HYBRID.file.replace(b"x25519 NfL", b"x25519 NfM")),
    ],
    ids=["public key", "plaintext", "payload", "encapsulated key"],
)
def test_a_wrong_answer_is_told(known: HybridAnswer) -> None:
    with pytest.raises(SelfTestFailed):
        check_hybrid(known)


@pytest.mark.parametrize(
    ("known", "named"),
    [
        (replace(OTHERS, x25519_file=OTHERS.x25519_file[:-1] + b"!"), "X25519"),
        (replace(OTHERS, scrypt_file=OTHERS.scrypt_file[:-1] + b"!"), "scrypt"),
        (replace(OTHERS, plaintext_sha256=WRONG), "X25519"),
        (replace(OTHERS, ed25519_signature=bytes(64)), "Ed25519"),
        (replace(OTHERS, cosigned=OTHERS.cosigned.replace("AAAAAkjFv", "AAAAAkjFw")), "ML-DSA-44"),
        (replace(OTHERS, cosigning_key=OTHERS.cosigning_key.replace("KIat", "KIau")), "ML-DSA-44"),
        (replace(OTHERS, blake2b_512=bytes(64)), "BLAKE2b"),
        (replace(OTHERS, blake2b_key=bytes(65)), "BLAKE2b"),
    ],
)
def test_each_of_the_others_is_asked(known: Answers, named: str) -> None:
    assert known != OTHERS
    with pytest.raises(SelfTestFailed, match=named):
        check_others(known)


@pytest.mark.parametrize("failure", [ValueError("x"), UnsupportedAlgorithm("no ML-KEM"), MemoryError()])
def test_a_library_that_fails_in_its_own_way_fails_the_test(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "_HPKE", Missing(failure))
    with pytest.raises(SelfTestFailed):
        check_hybrid(HYBRID)


def test_a_library_that_takes_any_mac_or_any_tag_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, lax in ((header, "HMAC", Credulous), (stream, "ChaCha20Poly1305", Unauthenticated)):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, lax)
            with pytest.raises(SelfTestFailed, match="believed"):
                check_hybrid(HYBRID)
