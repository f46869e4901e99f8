"""The start-up self-test: a library that gives a wrong answer is not used."""

from dataclasses import replace

import pytest

from crypto.errors import SelfTestFailed
from crypto.selftest import PUBLISHED, KnownAnswer, check_hybrid, check_primitives

WRONG = "0" * 64


def test_this_machine_gives_the_published_answer() -> None:
    check_primitives()


@pytest.mark.parametrize(
    "known",
    [
        replace(PUBLISHED, recipient_sha256=WRONG),
        replace(PUBLISHED, plaintext_sha256=WRONG),
        replace(PUBLISHED, file=PUBLISHED.file[:-1] + b"!"),
        replace(PUBLISHED, file=PUBLISHED.file.replace(b"x25519 NfL", b"x25519 NfM")),
    ],
    ids=["public key", "plaintext", "payload", "encapsulated key"],
)
def test_a_wrong_answer_is_told(known: KnownAnswer) -> None:
    with pytest.raises(SelfTestFailed):
        check_hybrid(known)
