"""Secrets go nowhere by themselves: not into a repr, an error, a pickle or a copy."""

import copy
import dataclasses
import pickle
import traceback

import pytest

from crypto import age, utf8
from crypto.blind_index import generate_index_key, parse_index_key
from crypto.cosign import generate_cosigning_key, parse_cosigning_key
from crypto.errors import CryptoError, Malformed
from crypto.keys import generate_signing_key, parse_signing_key
from crypto.secret import Secret

HYBRID, CLASSICAL = age.generate_identity(), age.generate_identity("classical")
PASSPHRASE = age.Passphrase("quillon-made-up-passphrase", work_factor=1)
SEALED = age.seal(b"made up")
SIGNING, COSIGNING = generate_signing_key("made.up/key"), generate_cosigning_key("made.up/witness")
INDEX = generate_index_key("made.up")

SECRETS: dict[str, tuple[object, str]] = {
    "hybrid identity": (HYBRID, HYBRID.encode().rpartition("-")[2]),
    "classical identity": (CLASSICAL, CLASSICAL.encode().rpartition("-")[2]),
    "passphrase": (PASSPHRASE, "quillon-made-up-passphrase"),
    "sealed": (SEALED, "_file_key"),
    "opened": (age.unwrap(SEALED.header_for([HYBRID.recipient()]), [HYBRID]), "_file_key"),
    "signing key": (SIGNING, SIGNING.encode().rpartition(" ")[2]),
    "cosigning key": (COSIGNING, COSIGNING.encode().rpartition(" ")[2]),
    "index key": (INDEX, INDEX.encode().rpartition(" ")[2]),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_neither_shown_nor_pickled_nor_copied(name: str) -> None:
    secret, text = SECRETS[name]
    assert isinstance(secret, Secret)
    for shown in (repr(secret), str(secret), f"{secret}"):
        assert text not in shown
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(secret, protocol)
    for how in (copy.copy, copy.deepcopy, lambda held: held.__getstate__()):
        with pytest.raises(TypeError, match="not pickled or copied"):
            how(secret)
    for listing in (dataclasses.asdict, dataclasses.astuple, dataclasses.fields):
        with pytest.raises(TypeError, match="dataclass"):
            listing(secret)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        HYBRID.encode()[:-1] + ("q" if HYBRID.encode()[-1] != "Q" else "P"),
        CLASSICAL.encode() + "X",
        SIGNING.encode()[:-5],
        COSIGNING.encode() + "=",
        INDEX.encode()[:-2],
    ],
    ids=["hybrid", "classical", "signing", "cosigning", "index"],
)
def test_a_misspelt_secret_is_not_repeated_by_the_error_or_its_traceback(text: str) -> None:
    longest = max(text.replace("-", " ").split(), key=len)[:20]
    for parse in (age.parse_identity, parse_signing_key, parse_cosigning_key, parse_index_key):
        with pytest.raises(CryptoError) as failure:
            parse(text)
        told = "".join(traceback.format_exception(failure.value))
        assert longest not in told
        assert longest not in repr(failure.value)


def test_what_has_no_utf_8_form_is_not_kept_by_the_error() -> None:
    with pytest.raises(Malformed) as failure:
        utf8.encode("made up \ud800")
    assert failure.value.__context__ is None
    with pytest.raises(Malformed) as failure:
        utf8.decode(b"made up \xff")
    assert failure.value.__context__ is None
