"""Two referrals side by side, from what this office opened: whether the people are the same, a person says."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from agencies.documents.fields import UNKNOWN
from agencies.documents.person import Person
from agencies.documents.referral import Referral
from agencies.kit.client import Kit
from agencies.kit.home import NotSaved
from agencies.kit.inbox import Item, State
from agencies.kit.opening import Opened
from agencies.kit.readable import harmless
from agencies.kit.wording import label_of, words
from agencies.names import CaseRef
from agencies.notes.manifest import Manifest, parse_manifest
from agencies.notes.text import encode_time
from crypto import note as signed_note

WIDTH: Final = 37  # of a column: with what stands between them, 79
_OPENED: Final = (State.OPENED, State.SHOWN, State.RETAINED)
_IDENTIFYING: Final = ("name", "aliases", "date_of_birth", "address", "telephone", "other_identifiers")
_PERPETRATOR: Final = (*_IDENTIFYING, "employer", "relationship_to_victim")
_NOBODY: Final = "-"
T = TypeVar("T")


class NothingOpened(Exception):
    """No referral of this case was opened here; `waits` is the delivery to open first, if one is in the inbox."""

    def __init__(self, case: CaseRef, waits: str | None) -> None:
        super().__init__("no referral of this case was opened with this kit")
        self.case = case
        self.waits = waits


def newest_referral(kit: Kit, case: CaseRef) -> Opened:
    """Return the newest referral under this reference that was opened here, its checks made again.

    Raises NothingOpened; CheckFailed.
    """
    found = [(manifest, item) for item in kit.inbox.items() if (manifest := _referral(kit, item, case)) is not None]
    opened = [(manifest.accepted, item) for manifest, item in found if item.state in _OPENED]
    if not opened:
        raise NothingOpened(case, found[0][1].delivery if found else None)
    return kit.read_again(max(opened, key=lambda pair: pair[0])[1].delivery)


def side_by_side(one: Opened, other: Opened) -> str:
    """Return who two referrals name, field by field in two columns; nothing in it can steer a terminal.

    What a field holds stands in its column, indented: it can pass for no label.
    """
    left, right = one.document(), other.document()
    if not isinstance(left, Referral) or not isinstance(right, Referral):
        raise TypeError("not two referrals")
    lines = [*_columns(_heads(one), _heads(other))]
    lines += _person("VICTIM", left.victim, right.victim, _IDENTIFYING)
    for number in range(max(len(left.perpetrators), len(right.perpetrators))):
        pair = (_at(left.perpetrators, number), _at(right.perpetrators, number))
        lines += _person(f"PERPETRATOR {number + 1}, as each names them", *pair, _PERPETRATOR)
    lines += ["", "CHILDREN", *_columns(_children(left), _children(right))]
    return "\n".join(lines)


def _referral(kit: Kit, item: Item, case: CaseRef) -> Manifest | None:
    try:
        manifest = parse_manifest(signed_note.text_of(kit.home.manifest(item.message)))
    except NotSaved:
        return None
    return manifest if manifest.document == "referral" and manifest.case == case else None


def _heads(opened: Opened) -> list[str]:
    manifest = opened.manifest
    return [manifest.case, f"from {manifest.from_.rpartition('/')[2]}", encode_time(manifest.accepted)]


def _person(title: str, one: Person | None, other: Person | None, fields: Sequence[str]) -> Iterator[str]:
    yield from ("", title)
    for name in fields:
        left, right = _said(one, name), _said(other, name)
        if left != right or left != [_NOBODY]:
            yield f"{label_of(name)}{_verdict(left, right)}"
            yield from _columns(left, right)


def _verdict(left: Sequence[str], right: Sequence[str]) -> str:
    if _is_silent(left) or _is_silent(right):
        return ""
    same = [text.casefold() for text in left] == [text.casefold() for text in right]
    return " (the same)" if same else " (DIFFERS)"


def _is_silent(said: Sequence[str]) -> bool:
    return list(said) in ([_NOBODY], [words(UNKNOWN)])


def _said(person: Person | None, name: str) -> list[str]:
    value = getattr(person, name, ())
    if isinstance(value, tuple):
        return [words(one) for one in value] or [_NOBODY]
    return words(value).split("\n")


def _children(referral: Referral) -> list[str]:
    if isinstance(referral.children, str):
        return [words(referral.children)]
    named = [f"{words(one.name)}, born {words(one.date_of_birth)}" for one in referral.children]
    return named or ["none"]


def _columns(left: Sequence[str], right: Sequence[str]) -> Iterator[str]:
    columns = [_wrapped(left), _wrapped(right)]
    for number in range(max(map(len, columns))):
        mine, theirs = (_at(column, number) or "" for column in columns)
        yield f"  {mine:<{WIDTH}} | {theirs}".rstrip()


def _wrapped(texts: Sequence[str]) -> list[str]:
    lines = [line for text in texts for line in harmless(text).split("\n")]
    return [part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ") or [""]]


def _at(items: Sequence[T], number: int) -> T | None:
    return items[number] if number < len(items) else None
