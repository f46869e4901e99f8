"""True examples to begin with: published vectors, the notes' own vectors, and what our encoders make of fixed keys."""

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agencies.notes.leaf import leaf
from crypto import b64, merkle, note, tlog
from crypto.blind_index import parse_index_key
from tests.agencies.made_area import NOW, fixed_identity, fixed_key

TESTS = Path(__file__).parent.parent
NOTES = TESTS / "agencies" / "vectors"
PUBLISHED = TESTS / "crypto" / "vectors"

FILE_KEY = b"YELLOW SUBMARINE"  # that of nearly all files of the age testkit
PASSPHRASE = "password"  # that of nearly all its passphrase files
LONGEST_FILE = 8192

NOTE_TYPE = "marac/example/v1"
SIGNERS = (fixed_key("marac.example/gateway"), fixed_key("marac.example/agency/housing"))
LOG = fixed_key("marac.example/log")
WITNESS, ML_DSA_WITNESS = (
    tlog.parse_cosigning_key(f"marac-cosigning-key marac.example/witness {kind} {b64.encode_padded(bytes(32))}")
    for kind in ("ed25519", "ml-dsa-44")
)
INDEX_KEY = parse_index_key(f"marac-index-key marac.example {b64.encode_padded(bytes(32))}")
PEOPLE = (
    "01/04/1990\nAlex Invented\nLex",
    "1 April 1990\nDr Zo\u00eb O'Made-Up (known as Z)",
    "unknown\n\u738b\u5c0f\u660e",
)
LEAF = b"marac/leaf/v1\n0\n"


@dataclass(frozen=True)
class AgeVector:
    """A file of the age testkit, armored or not, and the identities it names."""

    file: bytes
    identities: tuple[str, ...]
    is_armored: bool
    by_passphrase: bool


@cache
def age_vectors() -> tuple[AgeVector, ...]:
    """Return the published age files that are not longer than LONGEST_FILE."""
    testkit = json.loads((PUBLISHED / "age-testkit.json").read_text())
    found = [_age_vector(base64.b64decode(encoded)) for encoded in testkit.values()]
    others = json.loads((PUBLISHED / "age-encryption.json").read_text())
    found += [
        AgeVector(base64.b64decode(each["file"]), tuple(each["identities"]), is_armored=False, by_passphrase=False)
        for each in others["made"]
    ]
    return tuple(vector for vector in found if len(vector.file) <= LONGEST_FILE)


def _age_vector(raw: bytes) -> AgeVector:
    head, _, file = raw.partition(b"\n\n")
    fields = [tuple(line.split(": ", 1)) for line in head.decode().splitlines()]
    members = dict(fields)
    return AgeVector(
        file=zlib.decompress(file) if "compressed" in members else file,
        identities=tuple(value for key, value in fields if key == "identity"),
        is_armored="armored" in members,
        by_passphrase="passphrase" in members,
    )


def age_files(*, by_passphrase: bool) -> list[bytes]:
    """Return published age files, those for a passphrase or those for keys."""
    return [each.file for each in age_vectors() if not each.is_armored and each.by_passphrase == by_passphrase]


def age_headers() -> Iterator[bytes]:
    """Yield the headers of published files; those that have none are left out."""
    for file in age_files(by_passphrase=False) + age_files(by_passphrase=True):
        before, mark, after = file.partition(b"\n--- ")
        if mark:
            yield before + mark + after.partition(b"\n")[0] + b"\n"


def armored_files() -> list[bytes]:
    """Return published armored files."""
    return [each.file for each in age_vectors() if each.is_armored]


def age_identities() -> list[str]:
    """Return the secret keys of the published files; public knowledge."""
    return sorted({text for each in age_vectors() for text in each.identities})


def recipients() -> list[str]:
    """Return a hybrid and a classical recipient."""
    prefixes = ("AGE-SECRET-KEY-PQ-", "AGE-SECRET-KEY-")
    return [str(fixed_identity("marac.example/fuzz", "working", prefix).recipient()) for prefix in prefixes]


def note_vector(name: str) -> str:
    """Return the signed note of tests/agencies/vectors."""
    return (NOTES / f"{name}.note").read_text()


def note_vectors(*, longest: int) -> list[str]:
    """Return all of the signed notes there that are not longer."""
    return [text for path in sorted(NOTES.glob("*.note")) if len(text := path.read_text()) <= longest]


def signed_notes() -> list[str]:
    """Return notes of NOTE_TYPE by one and by both of SIGNERS, and by a stranger too."""
    text = f"{NOTE_TYPE}\narea marac.example\n"
    both = note.sign(text, SIGNERS)
    return [note.sign(text, SIGNERS[:1]), both, note.append_signature(both, LOG)]


def log_proofs() -> list[str]:
    """Return proofs that LEAF is leaf 0 of logs of one, three and five leaves, one with something extra."""
    return [_log_proof(1), _log_proof(3), _log_proof(5, b"extra")]


def _log_proof(size: int, extra: bytes | None = None) -> str:
    hashes = [merkle.leaf_hash(LEAF if index == 0 else b"leaf %d" % index) for index in range(size)]
    tiles = tlog.tiles_after(0, hashes, _no_tile)
    read = tlog.overlay(tiles, _no_tile)
    signed = tlog.sign_checkpoint(tlog.Checkpoint(LOG.name, size, tlog.root_of(size, read)), LOG)
    path = tuple(tlog.inclusion_proof(0, size, read))
    return tlog.encode_proof(tlog.LogProof(0, path, signed, extra))


def _no_tile(_level: int, _index: int) -> bytes:
    return b""


def checkpoints() -> list[str]:
    """Return signed checkpoints."""
    return [tlog.parse_proof(proof).checkpoint for proof in log_proofs()]


def cosigned_checkpoints() -> list[str]:
    """Return checkpoints that WITNESS has cosigned, some of them signed by strangers too."""
    published = json.loads((PUBLISHED / "tlog-cosignature.json").read_text())
    strangers = [each["checkpoint"] for each in published.values() if len(each["checkpoint"]) < LONGEST_FILE // 2]
    return [tlog.cosign(signed, WITNESS, NOW) for signed in [*checkpoints(), *strangers]]


def log_export(size: int, destroyed: Sequence[int] = ()) -> str:
    """Return the export of LOG with `size` entries; those in `destroyed` have gone with their salt."""
    salts = [index.to_bytes(32, "big") for index in range(size)]
    entries = [json.dumps({"event": "submit", "id": f"entry-{index}"}) for index in range(size)]
    leaves = [leaf(entry.encode(), salt) for entry, salt in zip(entries, salts, strict=True)]
    root = merkle.root_from_leaves([merkle.leaf_hash(each) for each in leaves])
    checkpoint = tlog.sign_checkpoint(tlog.Checkpoint(LOG.name, size, root), LOG)
    lines: list[dict[str, object]] = [{"v": 1, "origin": LOG.name, "checkpoint": checkpoint, "size": size}]
    for index, each in enumerate(leaves):
        entry, salt = (None, None) if index in destroyed else (entries[index], b64.encode_padded(salts[index]))
        lines.append({"index": index, "leaf": b64.encode_padded(each), "entry": entry, "salt": salt})
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
