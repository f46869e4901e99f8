"""Sealing and opening beside the bare primitives of `cryptography`: what the age format costs on top of them."""

import binascii
import io
from collections.abc import Callable, Iterator, Sequence

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from crypto import age
from crypto.age.header import derive, parse_beginning
from crypto.draw import draw_bytes
from tests.bench.rounds import Progress, interleaved
from tests.bench.table import Row

DOCUMENT_BYTES = 4096
RECIPIENTS = 12
STREAM_BYTES = 100 << 20
CHUNK_BYTES = 65_536
TAG_BYTES = 16
NONCE_BYTES = 16
ROUNDS, STREAM_ROUNDS = 401, 11
HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
INFO = b"age-encryption.org/mlkem768x25519"


class Nowhere(io.RawIOBase):
    """A target that keeps nothing: the peer writes nowhere either."""

    def write(self, chunk: object, /) -> int:
        return memoryview(chunk).nbytes  # type: ignore[arg-type]


def rows(progress: Progress, notes: list[str]) -> Iterator[Row]:
    """Yield the rows of sealing and opening, small and as a stream; `notes` gets what no way of opening can avoid."""
    identities = [age.generate_identity() for _ in range(RECIPIENTS)]
    document = draw_bytes(DOCUMENT_BYTES)
    yield _seal(progress, document, identities)
    yield _open(progress, document, identities[0], notes)
    plaintext, identity = draw_bytes(STREAM_BYTES), identities[0]
    progress.say("seal 100 MiB, stream")
    yield _stream(
        "seal",
        lambda: age.encrypt_stream(io.BytesIO(plaintext), Nowhere(), [identity.recipient()]),
        lambda: _raw_seal(plaintext),
    )
    progress.say("open 100 MiB, stream")
    file = age.encrypt(plaintext, [identity.recipient()])
    yield _stream(
        "open",
        lambda: age.decrypt_stream(io.BytesIO(file), Nowhere(), [identity]),
        lambda: _raw_open(file, identity),
    )


def _seal(progress: Progress, document: bytes, identities: Sequence[age.Identity]) -> Row:
    work = f"seal 4 KiB, {RECIPIENTS} hybrid recipients"
    progress.say(work)
    recipients = [identity.recipient() for identity in identities]
    keys = [_hpke_key(recipient) for recipient in recipients]

    def raw() -> None:
        file_key = draw_bytes(32)  # a fresh one, as every message needs
        for key in keys:
            HPKE.encrypt(file_key, key, info=INFO)
        ChaCha20Poly1305(file_key).encrypt(bytes(12), document, None)

    medians = interleaved(lambda: age.encrypt(document, recipients), raw, ROUNDS)
    peer = f"{RECIPIENTS} Suite.encrypt + one AEAD pass"
    return Row(work, peer, 1.15, *medians, rounds=ROUNDS)


def _open(progress: Progress, document: bytes, identity: age.Identity, notes: list[str]) -> Row:
    work = "open 4 KiB, hybrid"
    progress.say(work)
    file = age.encrypt(document, [identity.recipient()])
    sealed = HPKE.encrypt(document, _hpke_key(identity.recipient()), info=INFO)
    secret = identity._key  # the peer gets the very key that ours holds

    def raw() -> None:
        HPKE.decrypt(sealed, secret, info=INFO)

    medians = interleaved(lambda: age.decrypt(file, [identity]), raw, ROUNDS)
    bare = interleaved(_bare_open(file, identity), raw, ROUNDS)
    notes.append(
        f"{work}: the least that these libraries allow (base64's decoding of one key, Suite.decrypt of 16 bytes, two "
        f"HKDFs, HMAC, AEAD), with nothing parsed and no spelling checked, has a ratio of {bare.ratio:.2f}."
    )
    return Row(work, "one Suite.decrypt of the 4 KiB", 1.3, *medians, rounds=ROUNDS)


def _bare_open(file: bytes, identity: age.Identity) -> Callable[[], None]:
    """Return what opens `file` and is told beforehand where its parts are: the least that these libraries allow."""
    header = parse_beginning(file)
    (stanza,) = header.stanzas
    enc, secret = stanza.arguments[0] + "==", identity._key
    nonce, chunk = file[header.n_bytes :][:NONCE_BYTES], file[header.n_bytes + NONCE_BYTES :]
    sha256 = SHA256()

    def bare() -> None:
        file_key = HPKE.decrypt(binascii.a2b_base64(enc) + stanza.body, secret, info=INFO)
        mac = HMAC(derive(file_key, b"", b"header"), sha256)
        mac.update(header.signed)
        mac.verify(header.mac)
        ChaCha20Poly1305(derive(file_key, nonce, b"payload")).decrypt(_nonce(0, True), chunk, None)

    return bare


def _hpke_key(recipient: age.Recipient) -> MLKEM768X25519PublicKey:
    assert isinstance(recipient, age.HybridRecipient)
    return recipient._key


def _stream(verb: str, ours: Callable[[], None], raw: Callable[[], None]) -> Row:
    medians = interleaved(ours, raw, STREAM_ROUNDS)
    work = f"{verb} 100 MiB, stream"
    return Row(work, "ChaCha20-Poly1305, same chunks", 1.5, *medians, rounds=STREAM_ROUNDS)


def _raw_seal(plaintext: bytes) -> None:
    aead, chunks, buffer = ChaCha20Poly1305(draw_bytes(32)), memoryview(plaintext), bytearray(CHUNK_BYTES + TAG_BYTES)
    for counter, at in enumerate(range(0, len(chunks), CHUNK_BYTES)):
        aead.encrypt_into(_nonce(counter, len(chunks) - at <= CHUNK_BYTES), chunks[at : at + CHUNK_BYTES], None, buffer)


def _raw_open(file: bytes, identity: age.Identity) -> None:
    """Open the chunks of our own file, whose key is taken from its header first (0.1 ms)."""
    header = parse_beginning(file)
    file_key = identity.unwrap(header.stanzas[0])
    assert file_key
    payload = memoryview(file)[header.n_bytes :]
    aead = ChaCha20Poly1305(derive(file_key, bytes(payload[:NONCE_BYTES]), b"payload"))
    size, buffer = CHUNK_BYTES + TAG_BYTES, bytearray(CHUNK_BYTES)
    for counter, at in enumerate(range(NONCE_BYTES, len(payload), size)):
        aead.decrypt_into(_nonce(counter, len(payload) - at <= size), payload[at : at + size], None, buffer)


def _nonce(counter: int, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])
