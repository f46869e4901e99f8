"""The log verified offline from its export: every entry against its leaf, every leaf under the signed checkpoint.

The export is JSON lines: one line on the log, then one on each entry; README.md, "The export of the log".
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agencies.notes.leaf import leaf
from crypto import b64
from crypto.errors import BadProof, BadSignature, Malformed
from crypto.keys import VerifyKey
from crypto.merkle import EMPTY_ROOT, Hash, leaf_hash, node_hash
from crypto.tlog import Checkpoint, parse_checkpoint

VERSION: Final = 1
_HEAD_MEMBERS: Final = {"v", "origin", "checkpoint", "size"}
_LINE_MEMBERS: Final = {"index", "leaf", "entry", "salt"}
_PROGRESS_EVERY: Final = 1000

Progress = Callable[[int, int], None]
"""`progress(done, size)`: called now and then, and once at the end."""


class LogMismatch(Exception):
    """The export is not the log that its checkpoint signs, or the checkpoint is not signed by that log."""


class EntryAltered(LogMismatch):
    """One entry is not what the log committed to.

    index   its place in the log
    entry   its id as the export states it, or None where that cannot be read
    """

    def __init__(self, index: int, entry: str | None) -> None:
        name = f" ({entry})" if entry else ""
        super().__init__(f"entry {index}{name} was altered")
        self.index = index
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that holds together up to `size`; `destroyed` entries have gone with their salt, their leaves stand."""

    size: int
    checkpoint: Checkpoint
    destroyed: int


@dataclass(slots=True)
class _Frontier:
    """The roots of the whole subtrees so far, largest first: one hash for each 1 in the binary size."""

    size: int
    roots: list[Hash]

    def append(self, leaf_: bytes) -> None:
        node, rest = leaf_hash(leaf_), self.size
        while rest & 1:
            node, rest = node_hash(self.roots.pop(), node), rest >> 1
        self.roots.append(node)
        self.size += 1

    def root(self) -> Hash:
        if not self.roots:
            return EMPTY_ROOT
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


def verify_export(
    lines: Iterable[str], log_keys: Sequence[VerifyKey], origin: str, progress: Progress | None = None
) -> Verified:
    """Return what is proved of the log `origin`; reads `lines` once, in memory that does not grow with them.

    (1) the checkpoint is signed by one of `log_keys` and is of `origin`; (2) each entry that is still
    there, with its salt, makes its leaf; (3) the leaves in their order have the checkpoint's root.

    Raises EntryAltered naming the first entry for which (2) fails; LogMismatch for the rest.
    """
    rest = iter(lines)
    checkpoint = _parse_head(next(rest, ""), log_keys, origin)
    frontier, destroyed = _Frontier(0, []), 0
    for leaf_, is_there in _leaves(rest):
        if frontier.size == checkpoint.size:
            raise LogMismatch("the export holds more entries than its checkpoint signs")
        frontier.append(leaf_)
        destroyed += not is_there
        if progress and frontier.size % _PROGRESS_EVERY == 0:
            progress(frontier.size, checkpoint.size)
    if frontier.size != checkpoint.size:
        raise LogMismatch(f"the export is cut short: {frontier.size} of {checkpoint.size} entries are there")
    if frontier.root() != checkpoint.root:
        raise LogMismatch("the entries are not those that the checkpoint signs: one was replaced with its leaf")
    if progress:
        progress(frontier.size, checkpoint.size)
    return Verified(checkpoint.size, checkpoint, destroyed)


def _parse_head(line: str, log_keys: Sequence[VerifyKey], origin: str) -> Checkpoint:
    head = _parse_object(line, _HEAD_MEMBERS)
    if head is None or head["v"] != VERSION or not isinstance(head["checkpoint"], str):
        raise LogMismatch("this is not an export of a log")
    try:
        checkpoint = parse_checkpoint(head["checkpoint"], log_keys)
    except (Malformed, BadSignature):
        raise LogMismatch("the checkpoint is not signed by the area's log") from None
    if checkpoint.origin != origin or head["origin"] != origin:
        raise LogMismatch("the export is of another log")
    if head["size"] != checkpoint.size:
        raise LogMismatch("the export's first line and its checkpoint disagree")
    return checkpoint


def _leaves(lines: Iterable[str]) -> Iterator[tuple[bytes, bool]]:
    for index, line in enumerate(lines):
        yield _parse_line(line, index)


def _parse_line(line: str, index: int) -> tuple[bytes, bool]:
    """Return an entry's leaf, and whether the entry is still there to be judged."""
    members = _parse_object(line, _LINE_MEMBERS)
    if members is None:
        raise EntryAltered(index, None)
    entry, salt, stated = members["entry"], members["salt"], members["leaf"]
    if members["index"] != index or not isinstance(stated, str) or (entry is None) != (salt is None):
        raise EntryAltered(index, _id_of(entry))
    try:
        leaf_ = b64.parse_padded(stated)
        if entry is None:
            return leaf_, False
        if leaf(str(entry).encode(), b64.parse_padded(str(salt))) == leaf_:
            return leaf_, True
    except (Malformed, BadProof, UnicodeEncodeError):
        pass  # falls through to the one answer for an entry that does not make its leaf
    raise EntryAltered(index, _id_of(entry))


def _parse_object(line: str, members: set[str]) -> Mapping[str, object] | None:
    """Return the JSON object with exactly these members, none twice; None for anything else."""
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) and found.keys() == members else None


def _id_of(entry: object) -> str | None:
    """Return the id that an altered entry still states: a hint where to look, not a fact."""
    try:
        stated = json.loads(entry) if isinstance(entry, str) else None
    except (ValueError, RecursionError):
        return None
    id_ = stated.get("id") if isinstance(stated, dict) else None
    return id_ if isinstance(id_, str) and id_.isascii() and id_.isprintable() and len(id_) <= 64 else None
