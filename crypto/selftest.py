"""The start-up self-test: primitives that do not give the published answers must not seal, open or believe anything."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import nacl.exceptions
from cryptography.exceptions import InternalError, InvalidSignature, InvalidTag, UnsupportedAlgorithm

from crypto import age
from crypto.cosign import parse_cosigning_key, verify_cosignatures
from crypto.errors import BadSignature, CryptoError, NotForYou, SelfTestFailed, Tampered
from crypto.keys import VerifyKey
from crypto.known_answers import HYBRID, OTHERS, Answers, HybridAnswer

# A library that is not as it should be fails in any way it likes: its own errors, and Python's.
_FAILURES = (
    CryptoError, UnsupportedAlgorithm, InternalError, InvalidSignature, InvalidTag, nacl.exceptions.CryptoError,
    ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


@cache
def check_primitives() -> None:
    """Return only if this machine's libraries pass the self-test; run once a process, some ten milliseconds.

    Raises SelfTestFailed.
    """
    check_hybrid(HYBRID)
    check_others(OTHERS)


def check_hybrid(known: HybridAnswer) -> None:
    """Return only if the hybrid KEM derives, opens and seals as published, and opens nothing that was changed.

    Raises SelfTestFailed: nobody could read what this library seals, or anybody could.
    """
    with _no_other_failure("the hybrid KEM does not open what it must"):
        identity = age.parse_identity(known.identity)
        public = hashlib.sha256(str(identity.recipient()).encode()).hexdigest()
        opened = hashlib.sha256(age.decrypt(known.file, [identity])).hexdigest()
        again = age.decrypt(age.encrypt(b"self-test", [identity.recipient()]), [identity])
    if (public, opened, again) != (known.recipient_sha256, known.plaintext_sha256, b"self-test"):
        raise SelfTestFailed("the hybrid KEM gives a wrong answer")
    at, mac_at = known.file.index(b" ", known.file.index(b"mlkem768x25519")) + 1, known.file.index(b"\n--- ") + 5
    _check_refused(lambda: age.decrypt(_changed(known.file, at), [identity]), NotForYou)  # the encapsulated key
    _check_refused(lambda: age.decrypt(_changed(known.file, mac_at), [identity]), Tampered)
    last = known.file[:-1] + bytes([known.file[-1] ^ 1])
    _check_refused(lambda: age.decrypt(last, [identity]), Tampered)


def check_others(known: Answers) -> None:
    """Return only if X25519, scrypt, Ed25519, ML-DSA-44 and BLAKE2b give their published answers.

    Raises SelfTestFailed, naming the first that does not.
    """
    _check_file("X25519", known.x25519_file, lambda: age.parse_identity(known.x25519_identity), known.plaintext_sha256)
    _check_file("scrypt", known.scrypt_file, lambda: age.Passphrase(known.passphrase), known.plaintext_sha256)
    with _no_other_failure("Ed25519 does not verify what it must"):
        key, signature = VerifyKey("self-test", known.ed25519_public), known.ed25519_signature
        key.verify(b"", signature)
    _check_refused(lambda: key.verify(b"self-test", signature), BadSignature)
    with _no_other_failure("ML-DSA-44 does not verify what it must"):
        cosigner = parse_cosigning_key(known.cosigning_key).cosigner
        found = verify_cosignatures(known.cosigned, [cosigner])
    if [each.key for each in found] != [cosigner]:
        raise SelfTestFailed("ML-DSA-44 derives another key than it must")
    larger = known.cosigned.replace("\n1\n", "\n2\n", 1)
    _check_refused(lambda: verify_cosignatures(larger, [cosigner]), BadSignature)
    with _no_other_failure("BLAKE2b does not hash"):
        hashed = hashlib.blake2b(b"", key=known.blake2b_key).digest()
    if hashed != known.blake2b_512:
        raise SelfTestFailed("BLAKE2b gives a wrong answer")


def _check_file(name: str, file: bytes, identity: Callable[[], age.AnyIdentity], plaintext_sha256: str) -> None:
    with _no_other_failure(f"{name} does not open what it must"):
        opened = hashlib.sha256(age.decrypt(file, [identity()])).hexdigest()
    if opened != plaintext_sha256:
        raise SelfTestFailed(f"{name} gives a wrong answer")


def _check_refused(call: Callable[[], object], refusal: type[CryptoError]) -> None:
    with _no_other_failure("what was changed is not refused as it must be"):
        try:
            call()
        except refusal:
            return
    raise SelfTestFailed("what was changed is believed")


@contextmanager
def _no_other_failure(told: str) -> Iterator[None]:
    try:
        yield
    except _FAILURES:
        raise SelfTestFailed(told) from None


def _changed(file: bytes, at: int) -> bytes:
    return file[:at] + (b"A" if file[at : at + 1] != b"A" else b"B") + file[at + 1 :]  # still base64
