"""The offline check of the log's export: true ones pass, and one changed byte names its entry."""

import json
import random
from collections.abc import Sequence

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.kit.export import EntryAltered, LogMismatch, Verified, verify_export
from agencies.notes.leaf import leaf
from crypto import b64, merkle, tlog
from crypto.keys import SigningKey, generate_signing_key
from tests.agencies.made_area import AREA, fixed_key

ORIGIN = f"{AREA}/log"
LOG = fixed_key(ORIGIN)


def entry(index: int) -> str:
    return json.dumps({"at": "2026-11-22T09:30:00Z", "event": "submit", "id": f"entry-{index}"}, separators=(",", ":"))


def export(size: int, destroyed: Sequence[int] = (), key: SigningKey = LOG, origin: str = ORIGIN) -> list[str]:
    salts = [index.to_bytes(32, "big") for index in range(size)]
    leaves = [leaf(entry(index).encode(), salts[index]) for index in range(size)]
    root = merkle.root_from_leaves([merkle.leaf_hash(each) for each in leaves])
    checkpoint = tlog.sign_checkpoint(tlog.Checkpoint(origin, size, root), key)
    head = {"v": 1, "origin": origin, "checkpoint": checkpoint, "size": size}
    lines = [json.dumps(head)]
    for index in range(size):
        gone = index in destroyed
        members = {
            "index": index,
            "leaf": b64.encode_padded(leaves[index]),
            "entry": None if gone else entry(index),
            "salt": None if gone else b64.encode_padded(salts[index]),
        }
        lines.append(json.dumps(members))
    return [line + "\n" for line in lines]


def verified(lines: Sequence[str]) -> Verified:
    return verify_export(lines, [LOG.verify_key], ORIGIN)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 300])
def test_a_true_export_of_any_size_is_verified(size: int) -> None:
    assert verified(export(size)).size == size


def test_another_merkle_tree_implementation_has_the_same_root() -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for index in range(21):
        tree.append_entry(leaf(entry(index).encode(), index.to_bytes(32, "big")))
    assert verified(export(21)).checkpoint.root == tree.get_root()


def test_destroyed_entries_are_counted_and_the_tree_still_verifies() -> None:
    assert verified(export(9, destroyed=[2, 3, 8])).destroyed == 3


def test_one_changed_byte_of_an_entry_names_that_entry() -> None:
    lines = export(40)
    lines[18] = lines[18].replace("submit", "sUbmit")
    with pytest.raises(EntryAltered) as altered:
        verified(lines)
    assert (altered.value.index, altered.value.entry) == (17, "entry-17")


@given(size=st.integers(1, 12), choice=st.randoms(use_true_random=False))
def test_any_changed_character_of_any_line_is_found(size: int, choice: random.Random) -> None:
    lines = export(size)
    at = choice.randrange(1, len(lines))
    place = choice.randrange(len(lines[at]) - 1)
    new = choice.choice([c for c in 'aZ0+/="{},:x' if c != lines[at][place]])
    changed = lines[at][:place] + new + lines[at][place + 1 :]
    if json_or_none(changed) == json_or_none(lines[at]):
        return
    lines[at] = changed
    with pytest.raises(EntryAltered) as altered:
        verified(lines)
    assert altered.value.index == at - 1


def json_or_none(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


@given(st.lists(st.text(max_size=60) | st.sampled_from(export(3)), max_size=6))
def test_random_lines_are_refused_and_never_anything_else(lines: list[str]) -> None:
    try:
        verified(lines)
    except LogMismatch:
        return
    assert lines == export(3)


def test_entries_in_another_order_are_found() -> None:
    lines = export(5)
    lines[2], lines[3] = lines[3], lines[2]
    with pytest.raises(EntryAltered):
        verified(lines)


def test_an_entry_replaced_together_with_its_leaf_does_not_have_the_signed_root() -> None:
    lines = export(5)
    forged = json.loads(lines[3])
    forged["entry"] = forged["entry"].replace("submit", "refuse")
    forged["leaf"] = b64.encode_padded(leaf(forged["entry"].encode(), b64.parse_padded(forged["salt"])))
    lines[3] = json.dumps(forged)
    with pytest.raises(LogMismatch, match="checkpoint signs"):
        verified(lines)


@pytest.mark.parametrize("lines", [export(5)[:-1], [*export(5), export(6)[-1]], [], ["{}"], ["not json"]])
def test_an_export_cut_short_or_grown_is_refused(lines: list[str]) -> None:
    with pytest.raises(LogMismatch):
        verified(lines)


def test_a_checkpoint_of_another_key_or_log_is_refused() -> None:
    with pytest.raises(LogMismatch, match="not signed"):
        verified(export(3, key=generate_signing_key(ORIGIN)))
    with pytest.raises(LogMismatch, match="another log"):
        verified(export(3, origin=f"{AREA}/log-2"))


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    verify_export(export(2100), [LOG.verify_key], ORIGIN, lambda done, size: told.append((done, size)))
    assert told == [(1000, 2100), (2000, 2100), (2100, 2100)]


def test_a_long_log_is_read_as_a_stream() -> None:
    lines = iter(export(200))
    assert verify_export(lines, [LOG.verify_key], ORIGIN).size == 200
