"""age files that others made: the age testkit, age-encryption (npm), the specification. See vectors/README.md."""

import base64
import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from crypto import age, b64
from crypto.age.header import Stanza, encode_header, parse_header
from crypto.errors import CryptoError, Malformed, NotForYou, Tampered

VECTORS = Path(__file__).parent / "vectors"
TESTKIT = json.loads((VECTORS / "age-testkit.json").read_text())
NPM = json.loads((VECTORS / "age-encryption.json").read_text())
C2SP = json.loads((VECTORS / "c2sp-age.json").read_text())

# Source: c2sp.org/age, "Header" and "scrypt recipient stanza": examples whose keys are not given.
C2SP_HEADER = b"""age-encryption.org/v1
-> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE
qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E
--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s
"""
C2SP_SCRYPT = b"""-> scrypt ajMFur+EJLGaohv/dLRGnw 18
8SHBz/ldWnjyGFQqfjat6uNBarWqqEMDS7W8X7+Xq5Q
"""

# Where we stray from the testkit, on purpose. It says "identities MAY require not to be mixed": ours do.
STRICTER = {"hybrid_and_x25519": "header failure"}
# A payload without its nonce is cut short, like any other.
SAID_OTHERWISE = {
    "stream_no_nonce": "payload failure",
    "stream_short_nonce": "payload failure",
}
FAILURES = {"no match": NotForYou, "header failure": Malformed, "HMAC failure": Tampered, "payload failure": Tampered}


@dataclass(frozen=True)
class Vector:
    """One testkit file: its fields, and the age file below them."""

    fields: list[tuple[str, str]]
    body: bytes

    def all_of(self, key: str) -> list[str]:
        return [value for name, value in self.fields if name == key]

    @property
    def identities(self) -> list[age.AnyIdentity]:
        keys: list[age.AnyIdentity] = [age.parse_identity(text) for text in self.all_of("identity")]
        return keys + [age.Passphrase(text) for text in self.all_of("passphrase")]


def vector_of(name: str) -> Vector:
    head, _, body = base64.b64decode(TESTKIT[name]).partition(b"\n\n")
    fields = [tuple(line.split(": ", 1)) for line in head.decode().splitlines()]
    vector = Vector([(key, value) for key, value in fields], body)
    return Vector(vector.fields, zlib.decompress(body)) if vector.all_of("compressed") else vector


@pytest.mark.parametrize("name", list(TESTKIT))
def test_testkit(name: str) -> None:
    vector = vector_of(name)
    expected = STRICTER.get(name) or SAID_OTHERWISE.get(name) or vector.all_of("expect")[0]
    out = io.BytesIO()
    if expected == "armor failure":
        with pytest.raises(Malformed):
            age.dearmor(vector.body.decode("latin-1"))
        return
    file = age.dearmor(vector.body.decode("latin-1")) if vector.all_of("armored") else vector.body
    if expected != "success":
        with pytest.raises(FAILURES[expected]):
            age.decrypt_stream(io.BytesIO(file), out, vector.identities)
        with pytest.raises(FAILURES[expected]):
            age.decrypt(file, vector.identities)
        return
    age.decrypt_stream(io.BytesIO(file), out, vector.identities)
    assert hashlib.sha256(out.getvalue()).hexdigest() == vector.all_of("payload")[0]
    assert age.decrypt(file, vector.identities) == out.getvalue()


@pytest.mark.parametrize("name", list(TESTKIT))
def test_testkit_headers_that_parse_re_encode_identically(name: str) -> None:
    vector = vector_of(name)
    try:
        header, _ = age.split(vector.body)
    except Malformed:
        return
    for file_key in vector.all_of("file key"):
        parsed = parse_header(header)
        again = encode_header(parsed.stanzas, bytes.fromhex(file_key))
        assert again[:-45] == header[:-45]  # all but the MAC, which some vectors have wrong


def test_the_testkit_is_whole() -> None:
    assert len(TESTKIT) == 143
    assert (STRICTER | SAID_OTHERWISE).keys() <= TESTKIT.keys()


@pytest.mark.parametrize("made", NPM["made"], ids=lambda made: made["name"])
def test_we_open_what_age_encryption_made(made: dict[str, object]) -> None:
    file = base64.b64decode(str(made["file"]))
    for text, recipient in zip(made["identities"], made["recipients"], strict=True):
        identity = age.parse_identity(text)
        assert str(identity.recipient()) == recipient
        assert str(age.parse_recipient(recipient)) == recipient
        plaintext = age.decrypt(file, [identity])
        assert plaintext == bytes(i % 251 for i in range(made["length"]))
        assert hashlib.sha256(plaintext).hexdigest() == made["sha256"]
    with pytest.raises(NotForYou):
        age.decrypt(file, [age.generate_identity(), age.generate_identity("classical")])


def test_we_open_age_encryption_s_passphrase_file_and_its_armor() -> None:
    made = NPM["passphrase"]
    file, plaintext = base64.b64decode(made["file"]), base64.b64decode(made["plaintext"])
    assert age.decrypt(file, [age.Passphrase(made["passphrase"])]) == plaintext
    assert age.dearmor(made["armored"]) == file
    assert age.armor(file) == made["armored"]


@pytest.mark.parametrize("ours", NPM["opened"], ids=lambda ours: ours["name"])
def test_we_still_open_our_own_files_that_age_encryption_opened(ours: dict[str, object]) -> None:
    file = base64.b64decode(str(ours["file"]))
    for text in ours["identities"]:
        assert age.decrypt(file, [age.parse_identity(text)]) == str(ours["plaintext"]).encode()
    for text in ours["strangers"]:
        with pytest.raises(CryptoError):
            age.decrypt(file, [age.parse_identity(text)])


@pytest.mark.parametrize("type_", list(C2SP))
def test_the_specification_s_example_key_opens_its_example_stanza(type_: str) -> None:
    example = C2SP[type_]
    identity = age.parse_identity(example["identity"])
    assert identity.encode() == example["identity"]
    assert str(identity.recipient()).startswith(example["recipient_begins"])
    assert str(identity.recipient()).endswith(example["recipient_ends"])
    first, *arguments = example["stanza"]
    file_key = identity.unwrap(Stanza(first, tuple(arguments), b64.parse_raw(example["body"])))
    assert file_key is not None
    assert len(file_key) == 16


def test_the_specification_s_example_headers_parse_and_re_encode_identically() -> None:
    (stanza,) = parse_header(C2SP_HEADER).stanzas
    assert (stanza.type_, len(stanza.body)) == ("X25519", 32)
    scrypt = C2SP_HEADER.replace(stanza.encode(), C2SP_SCRYPT)
    (passphrase,) = parse_header(scrypt).stanzas
    assert passphrase.arguments == ("ajMFur+EJLGaohv/dLRGnw", "18")
    assert passphrase.encode() == C2SP_SCRYPT
    with pytest.raises(NotForYou):
        age.unwrap(C2SP_HEADER, [age.parse_identity(C2SP["X25519"]["identity"])])
