"""Cosignatures: who else has seen a checkpoint, and when. Source: c2sp.org/tlog-cosignature.

A cosignature is a signature line under the checkpoint; before the signature stands its time, in whole seconds.
Whose keys sign: `cosigner`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crypto import note
from crypto.checkpoint import Checkpoint, encode_checkpoint, parse_text
from crypto.cosigner import (
    ED25519,
    MAX_NAME_BYTES,
    ML_DSA_44,
    CosignerKey,
    CosigningKey,
    generate_cosigning_key,
    parse_cosigner_vkey,
    parse_cosigning_key,
)
from crypto.errors import BadSignature, Malformed
from crypto.keys import VerifyKey

__all__ = [
    "Cosignature",
    "CosignerKey",
    "CosigningKey",
    "cosign",
    "generate_cosigning_key",
    "parse_cosigner_vkey",
    "parse_cosigning_key",
    "verify_cosignatures",
    "verify_quorum",
]

_TIME_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MAX_SECONDS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _SECOND  # the specification's 2**63 - 1 is no date


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified statement: `key` found this checkpoint consistent with all that it had seen of the log.

    at   when it was the largest it had seen, in whole seconds; None if the cosigner does not say: time zero, which
         only ML-DSA-44 gives that meaning. Of an Ed25519 one it is 1 January 1970, as for any other number
    """

    key: CosignerKey
    at: datetime | None


def cosign(signed_checkpoint: str, key: CosigningKey, at: datetime) -> str:
    """Return the checkpoint with the cosignature of `key` as one more line; those already there are not judged.

        at   aware; parts of a second are dropped

    A cosigner promises that this tree continues every tree of the log that it has seen, and that at `at` it had seen
    none larger. The caller has checked that, and the log's own signature, and has written down what it cosigns.
    Raises Malformed if it is not a checkpoint (one with extension lines is none), has the line of this key already,
    has no room left, or if `at` has no form.
    """
    checkpoint, _ = _read(signed_checkpoint)
    seconds, cosigner = _seconds(at), key.cosigner
    raw = seconds.to_bytes(_TIME_BYTES, "big") + key.sign(_message(cosigner, seconds, checkpoint))
    return note.append_line(signed_checkpoint, note.SignatureLine(cosigner.name, cosigner.key_hash, raw))


def verify_cosignatures(signed_checkpoint: str, trusted: Iterable[CosignerKey]) -> tuple[Cosignature, ...]:
    """Return the cosignatures that keys of `trusted` made, in the order of their lines; there may be none.

    Lines of other keys are ignored, that of the log among them: `parse_checkpoint` verifies who the log is.
    Raises Malformed if it is not a checkpoint; BadSignature if a trusted key's line does not verify.
    """
    checkpoint, lines = _read(signed_checkpoint)
    known = {(key.name, key.key_hash): key for key in trusted}
    pairs = ((known.get((line.name, line.key_hash)), line.raw) for line in lines)
    return tuple(_verify(key, raw, checkpoint) for key, raw in pairs if key is not None)


def verify_quorum(
    signed_checkpoint: str, witnesses: Sequence[CosignerKey], quorum: int, log: Iterable[VerifyKey] = ()
) -> tuple[Cosignature, ...]:
    """Return one cosignature of each key of `witnesses` that made any, once at least `quorum` witnesses have cosigned.

        log  keys of the log itself, if the caller knows them

    A witness is a name: with two keys or two lines it counts once, and a log is no witness of its own checkpoint. Of
    two lines of one key the later time is returned.
    Raises BadSignature if there are fewer, or as `verify_cosignatures` does; Malformed if one key stands under two
    names, a witness has the name or the key of the log, or there are fewer names than `quorum`: the caller's mistakes.
    """
    if any(key.name == own.name or key.public == own.public for own in log for key in witnesses):
        raise Malformed("a log among the witnesses of itself")
    if not 0 <= quorum <= len({key.name for key in witnesses}):
        raise Malformed("a quorum that these witnesses can never make")
    if len({key.public for key in witnesses}) < len({(key.name, key.public) for key in witnesses}):
        raise Malformed("one key under the names of two witnesses")
    cosignatures = _newest(verify_cosignatures(signed_checkpoint, witnesses))
    origin = note.text_of(signed_checkpoint).partition("\n")[0]
    if len({cosignature.key.name for cosignature in cosignatures} - {origin}) < quorum:
        raise BadSignature("fewer witnesses than the quorum have cosigned")
    return cosignatures


def _newest(cosignatures: Iterable[Cosignature]) -> tuple[Cosignature, ...]:
    newest: dict[CosignerKey, Cosignature] = {}
    for found in cosignatures:
        held = newest.get(found.key, found)
        newest[found.key] = max(held, found, key=lambda each: each.at or _EPOCH)
    return tuple(newest.values())


def _read(signed_checkpoint: str) -> tuple[Checkpoint, tuple[note.SignatureLine, ...]]:
    text, lines = note.split(signed_checkpoint)
    return parse_text(text), lines


def _verify(key: CosignerKey, raw: bytes, checkpoint: Checkpoint) -> Cosignature:
    seconds = int.from_bytes(raw[:_TIME_BYTES], "big")
    if seconds > _MAX_SECONDS:
        raise BadSignature("a cosignature from after the year 9999")
    key.verify(_message(key, seconds, checkpoint), raw[_TIME_BYTES:])
    return Cosignature(key, None if seconds == 0 and key.kind == ML_DSA_44 else _EPOCH + seconds * _SECOND)


def _message(key: CosignerKey, seconds: int, checkpoint: Checkpoint) -> bytes:
    if key.kind == ED25519:
        return f"cosignature/v1\ntime {seconds}\n{encode_checkpoint(checkpoint)}".encode()
    return b"".join(
        [
            b"subtree/v1\n\x00",
            _prefixed(key.name),
            seconds.to_bytes(8, "big"),
            _prefixed(checkpoint.origin),
            bytes(8),  # a checkpoint's tree starts at leaf 0 ...
            checkpoint.size.to_bytes(8, "big"),  # ... and ends before this one
            checkpoint.root,
        ]
    )


def _prefixed(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > MAX_NAME_BYTES:
        raise Malformed("an origin longer than 255 bytes")
    return bytes([len(raw)]) + raw


def _seconds(at: datetime) -> int:
    if at.utcoffset() is None:
        raise Malformed("a time without its zone")
    seconds = (at - _EPOCH) // _SECOND
    if not 0 < seconds <= _MAX_SECONDS:  # zero would say nothing about the time
        raise Malformed("a time that no cosignature states")
    return seconds
