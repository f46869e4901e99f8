"""Which message corrects which, from the manifests that a folder holds; and the commands that correct."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agencies.kit.correcting import corrections
from agencies.names import MessageId
from agencies.notes.manifest import Manifest, parse_manifest
from tests.agencies.kit_world.joined import HOUSING, IDVA, Joined, joined_area, ok, pulled, referred
from tests.commands.running import marac

MADE = parse_manifest(
    """marac/manifest/v1
area marac.area.example
message 0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e
case CAM-7Q4X9-K2M8T-5
kind referral/1.0
document referral
from marac.area.example/agency/housing
submission sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
payload sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 8421
suite hybrid
accepted 2026-11-22T09:30:01Z
supersedes -
"""
)


def a_manifest(
    number: int, document: str = "referral", submission: str = "first", of: Manifest | None = None
) -> Manifest:
    supersedes = None if of is None else of.message
    id_ = MessageId(f"0199f2b1-6a0b-7d0e-8a3c-{number:012d}")
    return replace(MADE, message=id_, document=document, submission=submission, supersedes=supersedes)


def test_each_part_is_corrected_by_the_part_of_its_name_and_a_chain_by_its_next() -> None:
    body, safe = a_manifest(1), a_manifest(2, "safe-contact")
    second, second_safe = (a_manifest(n, d, "second", body) for n, d in ((3, "referral"), (4, "safe-contact")))
    third = a_manifest(5, submission="third", of=second)
    assert corrections([third, second_safe, safe, body, second]) == {
        body.message: second.message,
        safe.message: second_safe.message,
        second.message: third.message,
    }


def test_what_the_folder_does_not_hold_or_is_of_another_case_is_not_marked() -> None:
    body = a_manifest(1)
    newer = a_manifest(3, submission="second", of=body)
    assert corrections([newer]) == {}
    assert corrections([body, replace(newer, case="CAM-00000-00000-0")]) == {}


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        yield joined


def test_a_referral_is_corrected_and_each_reader_is_told_which_and_why(area: Joined) -> None:
    older = referred(area)
    read = pulled(area, older["referral"])
    ok(area.run(IDVA, "open", read))
    form = area.places.folder / "corrected.json"
    form.write_text(ok(area.run(HOUSING, "refer", "--example")))
    given = ("refer", form, "--corrects", older["safe-contact"])
    assert "go together" in area.run(HOUSING, *given).err
    newer = json.loads(ok(area.run(HOUSING, *given, "--reason", "A date was wrong", "--json")))["messages"]
    page = ok(area.run(IDVA, "open", pulled(area, newer["referral"])))
    assert f"message {older['referral']}, and takes its place" in " ".join(page.split())
    assert "A date was wrong" in page
    rows = json.loads(ok(marac("inbox", "--json", "--kit", area.kit(IDVA))))["deliveries"]
    assert {row["message"]: row["corrected_by"] for row in rows if "corrected_by" in row} == {
        older[part]: newer[part] for part in ("referral", "safe-contact")
    }
    again = area.run(IDVA, "open", read, "--again")
    assert f"message {newer['referral']} has taken its place" in again.err
    assert f"CORRECTED by message {newer['referral']}" in ok(marac("sent", "--kit", area.kit(HOUSING)))
    assert ok(area.run(HOUSING, "status", older["referral"])).startswith("superseded (corrected")


def test_a_correction_that_tells_the_older_safe_contact_goes_out_with_a_word_of_its_own(area: Joined) -> None:
    older, form = referred(area), area.places.folder / "his-address.json"
    filled = json.loads(ok(area.run(HOUSING, "refer", "--example")))
    filled["safe_contact"] = {"safe_address": "9 Elm Row\nExampleton EX4 1AB"}
    filled["referral"]["circumstances"] = "That is his own number: 01632 960003."
    form.write_text(json.dumps(filled))
    given = ("refer", form, "--corrects", older["referral"], "--reason", "It was his own")
    stopped = area.run(HOUSING, *given)
    assert (stopped.code, "at /referral/circumstances" in stopped.err, "960003" in stopped.err) == (2, True, False)
    assert "add --older-safe-contact" in stopped.err
    assert ok(area.run(HOUSING, *given, "--older-safe-contact")).startswith("The broker has taken")


def test_what_cannot_be_corrected_from_here_is_told_before_anything_is_sent(area: Joined) -> None:
    message = referred(area)["referral"]
    form = area.places.folder / "note.json"
    form.write_text(ok(area.run(HOUSING, "send", "case-note", "--example")))
    reason = ("--reason", "Wrong day")
    other = area.run(HOUSING, "send", "case-note", form, "--corrects", message, *reason)
    assert (other.code, "another kind" in other.err) == (2, True)
    strange = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"
    unknown = area.run(HOUSING, "send", "case-note", form, "--corrects", strange, *reason)
    assert (unknown.code, "knows no such message" in unknown.err) == (2, True)
    many = area.places.folder / "request.json"
    many.write_text(ok(area.run(HOUSING, "send", "research-request", "--example")))
    several = area.run(HOUSING, "send", "research-request", many, "--corrects", message, *reason)
    assert (several.code, "would be several" in several.err) == (2, True)
    long = area.run(HOUSING, "refer", form, "--corrects", message, "--reason", "w" * 201)
    assert (long.code, "at most 200" in long.err) == (2, True)
    assert "whole referral" in area.run(HOUSING, "refer", "--unanswered", "--corrects", message, *reason).err
