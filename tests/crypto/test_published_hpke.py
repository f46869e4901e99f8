"""Published HPKE answers for the suite that crypto/age uses: RFC 9180, draft-ietf-hpke-pq, X-Wing, ML-KEM.

The vectors have an `info` of their own, age has another. The key schedule below is that of RFC 9180, written here a
second time and judged by the published keys: with it, a published shared secret becomes a stanza that crypto/age opens.
"""

import hmac
import json
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from crypto import age, b64, bech32
from crypto.age.header import Stanza, encode_header
from crypto.errors import NotForYou

PUBLISHED = Path(cryptography_vectors.__file__).parent
RFC_9180 = json.loads((PUBLISHED / "HPKE/test-vectors.json").read_text())
HPKE_PQ = json.loads((PUBLISHED / "HPKE/hpke-pq-test-vectors.json").read_text())
X_WING = json.loads((Path(__file__).parent / "vectors/x-wing.json").read_text())

BASE, X25519, HYBRID, HKDF_SHA256, CHACHA20 = 0, 0x20, 0x647A, 1, 3
AEADS = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, CHACHA20: AEAD.CHACHA20_POLY1305}
KEY_BYTES = {1: 16, 2: 32, CHACHA20: 32}
AGE_SUITE = b"HPKE" + bytes.fromhex("647a00010003")
AGE_INFO = b"age-encryption.org/mlkem768x25519"
FILE_KEY = bytes(range(16))

Vector = dict[str, str]
IN_BASE_MODE = [v for v in RFC_9180 if (v["mode"], v["kdf_id"]) == (BASE, HKDF_SHA256) and v["aead_id"] in AEADS]
SECRETS = [(v["skRm"], v["enc"], v["shared_secret"]) for v in HPKE_PQ if v["kem_id"] == HYBRID]
SECRETS.append((X_WING["seed"], X_WING["ct"], X_WING["ss"]))


def name_of(vector: dict[str, int]) -> str:
    return f"kem {vector['kem_id']:#06x}, kdf {vector['kdf_id']}, aead {vector['aead_id']}"


def expand(secret: bytes, info: bytes, n_bytes: int) -> bytes:
    """RFC 5869, for what fits into one block."""
    return hmac.digest(secret, info + b"\x01", "sha256")[:n_bytes]


def schedule(suite: bytes, shared_secret: bytes, info: bytes, key_bytes: int = 32) -> tuple[bytes, bytes]:
    """RFC 9180, section 5.1, mode_base with HKDF-SHA256: the AEAD's key and first nonce."""

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")

    def expanded(label: bytes, n_bytes: int) -> bytes:
        return expand(secret, n_bytes.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context, n_bytes)

    context = bytes([BASE]) + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared_secret, b"secret", b"")
    return expanded(b"key", key_bytes), expanded(b"base_nonce", 12)


def hybrid_identity(seed: str) -> age.Identity:
    return age.parse_identity(bech32.encode("AGE-SECRET-KEY-PQ-", bytes.fromhex(seed)))


def stanza_from(enc: str, shared_secret: str) -> Stanza:
    """What age's suite makes of the published encapsulation: the library has no part in it."""
    key, nonce = schedule(AGE_SUITE, bytes.fromhex(shared_secret), AGE_INFO)
    body = ChaCha20Poly1305(key).encrypt(nonce, FILE_KEY, None)
    return Stanza("mlkem768x25519", (b64.encode_raw(bytes.fromhex(enc)),), body)


@pytest.mark.parametrize("vector", IN_BASE_MODE, ids=name_of)
def test_rfc_9180_keys_are_what_the_key_schedule_here_gives(vector: Vector) -> None:
    suite = b"HPKE" + b"".join(int(vector[part]).to_bytes(2, "big") for part in ("kem_id", "kdf_id", "aead_id"))
    shared_secret, info = bytes.fromhex(vector["shared_secret"]), bytes.fromhex(vector["info"])
    key, nonce = schedule(suite, shared_secret, info, KEY_BYTES[int(vector["aead_id"])])
    assert (key.hex(), nonce.hex()) == (vector["key"], vector["base_nonce"])


@pytest.mark.parametrize("vector", [v for v in IN_BASE_MODE if v["kem_id"] == X25519], ids=name_of)
def test_the_library_opens_what_is_sealed_under_the_keys_of_rfc_9180(vector: Vector) -> None:
    """Its public interface has no associated data, which the published ciphertexts have: the published key has none."""
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEADS[int(vector["aead_id"])])
    aead = (ChaCha20Poly1305 if int(vector["aead_id"]) == CHACHA20 else AESGCM)(bytes.fromhex(vector["key"]))
    sealed = bytes.fromhex(vector["enc"]) + aead.encrypt(bytes.fromhex(vector["base_nonce"]), b"made up", None)
    key, info = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["skRm"])), bytes.fromhex(vector["info"])
    assert key.public_key() == X25519PublicKey.from_public_bytes(bytes.fromhex(vector["pkRm"]))
    assert suite.decrypt(sealed, key, info=info) == b"made up"
    with pytest.raises(InvalidTag):
        suite.decrypt(sealed, key, info=info + b"!")


def test_hpke_pq_encryptions_of_our_suite_open_under_the_keys_that_the_schedule_gives() -> None:
    (vector,) = [v for v in HPKE_PQ if (v["kem_id"], v["kdf_id"], v["aead_id"]) == (HYBRID, HKDF_SHA256, CHACHA20)]
    assert AGE_SUITE.hex() == vector["suite_id"]
    key, nonce = schedule(AGE_SUITE, bytes.fromhex(vector["shared_secret"]), bytes.fromhex(vector["info"]))
    assert (key.hex(), nonce.hex()) == (vector["key"], vector["base_nonce"])
    assert len(vector["encryptions"]) >= 3
    for number, sealed in enumerate(vector["encryptions"]):
        assert (int.from_bytes(nonce, "big") ^ number).to_bytes(12, "big").hex() == sealed["nonce"]
        opened = ChaCha20Poly1305(key).decrypt(*(bytes.fromhex(sealed[part]) for part in ("nonce", "ct", "aad")))
        assert opened.hex() == sealed["pt"]


@pytest.mark.parametrize(("seed", "enc", "shared_secret"), SECRETS, ids=["hpke-pq", "hpke-pq, SHAKE256", "x-wing"])
def test_a_published_shared_secret_is_the_one_that_age_derives(seed: str, enc: str, shared_secret: str) -> None:
    """draft-ietf-hpke-pq and draft-connolly-cfrg-xwing-kem: one KEM, 0x647A."""
    header = encode_header([stanza_from(enc, shared_secret)], FILE_KEY)
    again = age.unwrap(header, [hybrid_identity(seed)]).header_for([hybrid_identity(seed).recipient()])
    assert age.unwrap(again, [hybrid_identity(seed)])
    other = bytes.fromhex(shared_secret)[::-1].hex()
    with pytest.raises(NotForYou):
        age.unwrap(encode_header([stanza_from(enc, other)], FILE_KEY), [hybrid_identity(seed)])


def test_published_seeds_have_their_published_public_keys() -> None:
    pairs = [(v["skRm"], v["pkRm"]) for v in HPKE_PQ if v["kem_id"] == HYBRID] + [(X_WING["seed"], X_WING["pk"])]
    assert len(pairs) == 3
    for seed, public in pairs:
        text = str(hybrid_identity(seed).recipient())
        assert bech32.parse(text) == ("age1pq", bytes.fromhex(public))
        assert bech32.encode("age1pq", bytes.fromhex(public)) == text


def test_the_library_s_ml_kem_is_the_published_one() -> None:
    """kat_MLKEM_768.rsp: the half of the hybrid that no classical peer can check for us."""
    checked = 0
    for count in (PUBLISHED / "asymmetric/MLKEM/kat_MLKEM_768.rsp").read_text().split("count = ")[1:]:
        lines = (line.partition(" = ") for line in count.splitlines())
        field = {name: bytes.fromhex(value) for name, separator, value in lines if separator and name != "msg"}
        key = MLKEM768PrivateKey.from_seed_bytes(field["d"] + field["z"])
        assert key.public_key() == MLKEM768PublicKey.from_public_bytes(field["pk"])
        assert key.decapsulate(field["ct"]) == field["ss"]
        assert key.decapsulate(field["ct_n"]) == field["ss_n"]  # a changed one: rejected by another secret, silently
        checked += 1
    assert checked == 1000
