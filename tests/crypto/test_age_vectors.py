"""age files that others made: the age testkit, age-encryption (npm), HPKE vectors. tests/crypto/vectors/README.md."""

import base64
import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey

from crypto import age, bech32
from crypto.age.header import encode_header, parse_header
from crypto.age.recipients import HybridIdentity
from crypto.errors import CryptoError, Malformed, NotForYou, Tampered

VECTORS = Path(__file__).parent / "vectors"
PUBLISHED = Path(cryptography_vectors.__file__).parent
TESTKIT = json.loads((VECTORS / "age-testkit.json").read_text())
NPM = json.loads((VECTORS / "age-encryption.json").read_text())

# Where we stray from the testkit, on purpose. It says "identities MAY require not to be mixed": ours do.
STRICTER = {"hybrid_and_x25519": "header failure"}
# HPKE's InvalidTag does not tell a disallowed share from one that is for another key.
# A payload without its nonce is cut short, like any other.
SAID_OTHERWISE = {
    "hybrid_identity": "no match",
    "hybrid_low_order": "no match",
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


def test_a_hybrid_seed_expands_as_the_hpke_pq_vectors_say() -> None:
    """draft-ietf-hpke-pq: KEM 0x647a (X-Wing), HKDF-SHA256, ChaCha20-Poly1305; the suite of mlkem768x25519."""
    published = json.loads((PUBLISHED / "HPKE/hpke-pq-test-vectors.json").read_text())
    ours = [v for v in published if (v["kem_id"], v["kdf_id"], v["aead_id"]) == (0x647A, 1, 3)]
    assert ours
    for vector in ours:
        identity = age.parse_identity(bech32.encode("AGE-SECRET-KEY-PQ-", bytes.fromhex(vector["skRm"])))
        assert isinstance(identity, HybridIdentity)
        assert bech32.parse(str(identity.recipient()))[1].hex() == vector["pkRm"]


def test_the_library_s_ml_kem_is_the_published_one() -> None:
    """kat_MLKEM_768.rsp: the half of the hybrid that no classical peer can check for us."""
    fields: dict[str, bytes] = {}
    checked = 0
    for line in (PUBLISHED / "asymmetric/MLKEM/kat_MLKEM_768.rsp").read_text().splitlines()[:200]:
        name, separator, value = line.partition(" = ")
        if separator and name != "count":
            fields[name] = bytes.fromhex(value) if len(value) % 2 == 0 else b""
        if name == "ss":
            key = MLKEM768PrivateKey.from_seed_bytes(fields["d"] + fields["z"])
            assert key.public_key().public_bytes_raw() == fields["pk"]
            assert key.decapsulate(fields["ct"]) == fields["ss"]
            checked += 1
    assert checked > 5
