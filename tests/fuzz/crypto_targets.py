"""The parsers of crypto/: a row each."""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

from crypto import age, b64, bech32, note, tlog
from crypto.age.header import Header, encode_header, parse_header
from crypto.blind_index import (
    MAX_CHARS,
    Role,
    Token,
    normalise_date,
    normalise_name,
    parse_index_key,
    parse_token,
    tokens_of,
)
from crypto.checkpoint import encode_checkpoint, parse_text
from crypto.errors import CryptoError
from crypto.keys import parse_signing_key, parse_vkey
from tests.fuzz import repairs, seeds
from tests.fuzz.target import Disagreement, Target, as_text, on_text, text_target

IDENTITIES = tuple(age.parse_identity(text) for text in seeds.age_identities())
TRUSTED = tuple(key.verify_key for key in seeds.SIGNERS)
CHEAP_WORK_FACTOR = 10  # a mebibyte; twenty, which is allowed, takes one gibibyte and seconds
UNICODE_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
BECH32 = ("?1EZYFCL", "A12UEL5L", "a12uel5l", "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx")  # of BIP 173


def is_encoded_so(header: Header, raw: bytes) -> bool:
    """Whether `raw` is the header's stanzas as they are encoded, and its MAC."""
    encoded = encode_header(header.stanzas, seeds.FILE_KEY)  # with the MAC of another key, perhaps
    mac = b64.encode_raw(header.mac).encode()
    return encoded.startswith(header.signed) and raw == header.signed + b" " + mac + b"\n"


def decrypt_both_ways(file: bytes, identities: Sequence[age.AnyIdentity]) -> bytes:
    """Return the plaintext, if reading the file whole and as a stream have the same result, refusal or not."""
    stream, refusal = io.BytesIO(), None
    try:
        age.decrypt_stream(io.BytesIO(file), stream, identities)
    except CryptoError as refused:
        refusal = refused
    try:
        plaintext = age.decrypt(file, identities)
    except CryptoError as refused:
        if type(refused) is type(refusal):
            raise
        raise Disagreement("refused as a whole, and not so as a stream") from refusal
    if refusal is not None or stream.getvalue() != plaintext:
        raise Disagreement("opened as a whole, and not so as a stream") from refusal
    return plaintext


def decrypt_cheaply(file: bytes) -> bytes | None:
    """Return the plaintext; None where the file rightly asks for more work than a fuzzer has time for."""
    try:
        header, _ = age.split(file)
        stanzas = parse_header(header).stanzas
    except CryptoError:
        stanzas = ()
    factors = [argument for stanza in stanzas for argument in stanza.arguments[1:2]]
    if any(factor.isdecimal() and CHEAP_WORK_FACTOR < int(factor[:20]) <= 20 for factor in factors):
        return None
    return decrypt_both_ways(file, [age.Passphrase(seeds.PASSPHRASE)])


def encode_split(parts: tuple[str, Iterable[note.SignatureLine]]) -> str:
    """Return the note again from its text and its signature lines."""
    text, lines = parts
    return (
        text + "\n" + "".join(f"\u2014 {line.name} {b64.encode_padded(line.key_hash + line.raw)}\n" for line in lines)
    )


def is_what_was_signed(verified: note.VerifiedNote, raw: bytes) -> bool:
    """Whether the text is the note's, and the signers' lines alone make a note that says the same."""
    whole = as_text(raw)
    own = note.without_strangers(whole, TRUSTED, seeds.NOTE_TYPE)
    return (
        note.text_of(whole) == verified.text
        and note.verify(own, TRUSTED, seeds.NOTE_TYPE) == verified
        and note.without_strangers(own, TRUSTED, seeds.NOTE_TYPE) == own
    )


def identity_lines(text: str) -> list[str]:
    """Return the lines of an identity file that are neither empty nor a comment."""
    return [line for line in text.replace("\r\n", "\n").split("\n") if line and not line.startswith("#")]


def witnessed(raw: bytes) -> tuple[tlog.Cosignature, ...]:
    """Return the cosignatures of the seeds' witness, of which there must be one."""
    return tlog.verify_quorum(as_text(raw), [seeds.WITNESS.cosigner], 1)


def says_when(cosignatures: Sequence[tlog.Cosignature], raw: bytes) -> bool:
    """Whether there is one cosignature, of the latest time that stands before a signature of this key."""
    _, lines = note.split(as_text(raw))
    own = (seeds.WITNESS.cosigner.name, seeds.WITNESS.cosigner.key_hash)
    stated = [int.from_bytes(line.raw[:8], "big") for line in lines if (line.name, line.key_hash) == own]
    return [max(stated)] == [int(each.at.timestamp()) if each.at else 0 for each in cosignatures]


def index_tokens(raw: bytes) -> frozenset[Token]:
    """Return the tokens of a date of birth and, below it, names."""
    born, *found = as_text(raw).split("\n")
    return tokens_of(seeds.INDEX_KEY, Role.VICTIM, tuple(found), born)


def are_well_formed(tokens: frozenset[Token], raw: bytes) -> bool:
    """Whether each token can be read, and what was normalised once is normalised for good."""
    born, *found = as_text(raw).split("\n")
    normal, day = [normalise_name(name) for name in found], normalise_date(born)
    forms = [
        (unicodedata.normalize(form, name), once)
        for name, once in zip(found, normal, strict=True)
        for form in UNICODE_FORMS
    ]
    return (
        all(parse_token(token) == token for token in tokens)
        and all(
            normalise_name(text) == once for text, once in [*forms, *zip(normal, normal, strict=True)] if is_short(text)
        )
        and normalise_date(day) == day
    )


def is_short(text: str) -> bool:
    """Whether `text` is short enough for a name: another form of a name may have more characters."""
    return len(text) <= MAX_CHARS


ROWS = {
    "base64": text_target(
        b64.parse_padded, b64.encode_padded, lambda: [b64.encode_padded(bytes(range(n))) for n in range(5)]
    ),
    "base64-raw": text_target(
        b64.parse_raw, b64.encode_raw, lambda: [b64.encode_raw(bytes(range(n))) for n in range(5)]
    ),
    "bech32": text_target(
        bech32.parse,
        lambda parts: bech32.encode(*parts),
        lambda: [*BECH32, bech32.encode("age", bytes(32))],
        repairs.bech32_line,
    ),
    "age-recipient": text_target(age.parse_recipient, str, seeds.recipients, repairs.bech32_line),
    "age-identity": text_target(
        age.parse_identity, lambda identity: identity.encode(), seeds.age_identities, repairs.bech32_line
    ),
    "age-identity-file": Target(
        parse=lambda raw: age.parse_identity_file(as_text(raw)),
        agrees=lambda keys, raw: [key.encode() for key in keys] == identity_lines(as_text(raw)),
        seeds=lambda: [f"# public key: made up\r\n{line}\n\n".encode() for line in seeds.age_identities()],
        repair=on_text(repairs.bech32_lines),
    ),
    "age-armor": Target(
        parse=lambda raw: age.dearmor(as_text(raw)),
        agrees=lambda file, raw: age.armor(file) == as_text(raw).strip(" \t\r\n").replace("\r\n", "\n") + "\n",
        seeds=seeds.armored_files,
        max_bytes=seeds.LONGEST_FILE,
    ),
    "age-header": Target(
        parse=parse_header,
        agrees=is_encoded_so,
        seeds=seeds.age_headers,
        max_bytes=seeds.LONGEST_FILE,
    ),
    "age-file": Target(
        parse=lambda raw: decrypt_both_ways(raw, IDENTITIES),
        agrees=lambda plaintext, raw: len(plaintext) < len(raw),
        seeds=lambda: seeds.age_files(by_passphrase=False),
        repair=repairs.header_mac(seeds.FILE_KEY),
        max_bytes=seeds.LONGEST_FILE,
    ),
    "age-passphrase": Target(
        parse=decrypt_cheaply,
        agrees=lambda plaintext, raw: len(plaintext or b"") < len(raw),
        seeds=lambda: seeds.age_files(by_passphrase=True),
        repair=repairs.header_mac(seeds.FILE_KEY),
    ),
    "note": text_target(note.split, encode_split, lambda: seeds.note_vectors(longest=8192), max_bytes=8192),
    "note-verified": Target(
        parse=lambda raw: note.verify(as_text(raw), TRUSTED, seeds.NOTE_TYPE),
        agrees=is_what_was_signed,
        seeds=lambda: map(str.encode, seeds.signed_notes()),
        repair=on_text(repairs.signed_by(*seeds.SIGNERS)),
    ),
    "vkey": text_target(parse_vkey, lambda key: key.vkey, lambda: [key.vkey for key in TRUSTED], repairs.key_hash),
    "signing-key": Target(
        parse=lambda raw: parse_signing_key(as_text(raw)),
        agrees=lambda key, raw: key.encode() == as_text(raw).removesuffix("\n"),
        seeds=lambda: [f"{key.encode()}\n".encode() for key in seeds.SIGNERS],
    ),
    "checkpoint-text": text_target(
        parse_text, encode_checkpoint, lambda: [note.text_of(signed) for signed in seeds.checkpoints()]
    ),
    "checkpoint": Target(
        parse=lambda raw: tlog.parse_checkpoint(as_text(raw), [seeds.LOG.verify_key]),
        agrees=lambda checkpoint, raw: encode_checkpoint(checkpoint) == note.text_of(as_text(raw)),
        seeds=lambda: map(str.encode, seeds.checkpoints()),
        repair=on_text(repairs.signed_by(seeds.LOG)),
    ),
    "log-proof": text_target(tlog.parse_proof, tlog.encode_proof, seeds.log_proofs),
    "log-proof-verified": Target(
        parse=lambda raw: tlog.verify_proof(as_text(raw), seeds.LEAF, [seeds.LOG.verify_key]),
        agrees=lambda checkpoint, raw: encode_checkpoint(checkpoint) in as_text(raw),
        seeds=lambda: map(str.encode, seeds.log_proofs()),
        repair=on_text(repairs.after_the_path(repairs.signed_by(seeds.LOG))),
    ),
    "tile-path": text_target(
        tlog.parse_tile_path,
        lambda tile: tile.path,
        lambda: ["tile/0/000", "tile/0/x001/067.p/3", "tile/2/000.p/1", "tile/63/x001/x234/067.p/255"],
        max_bytes=16_384,  # Python refuses numbers of more than 4,300 digits, and not with an error of ours
    ),
    "cosigner-vkey": text_target(
        tlog.parse_cosigner_vkey,
        lambda key: key.vkey,
        lambda: [key.cosigner.vkey for key in (seeds.WITNESS, seeds.ML_DSA_WITNESS)],
        repairs.key_hash,
    ),
    "cosigning-key": Target(
        parse=lambda raw: tlog.parse_cosigning_key(as_text(raw)),
        agrees=lambda key, raw: key.encode() == as_text(raw).removesuffix("\n"),
        seeds=lambda: [f"{key.encode()}\n".encode() for key in (seeds.WITNESS, seeds.ML_DSA_WITNESS)],
    ),
    "cosignatures": Target(
        parse=witnessed,
        agrees=says_when,
        seeds=lambda: map(str.encode, seeds.cosigned_checkpoints()),
        repair=on_text(repairs.cosigned_by(seeds.WITNESS)),
    ),
    "index-key": Target(
        parse=lambda raw: parse_index_key(as_text(raw)),
        agrees=lambda key, raw: key.encode() == as_text(raw).removesuffix("\n"),
        seeds=lambda: [f"{seeds.INDEX_KEY.encode()}\n".encode()],
    ),
    "index-token": text_target(parse_token, str, lambda: [seeds.INDEX_KEY.token("name", "made up")]),
    "index-names": Target(parse=index_tokens, agrees=are_well_formed, seeds=lambda: map(str.encode, seeds.PEOPLE)),
}
