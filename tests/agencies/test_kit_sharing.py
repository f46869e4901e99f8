"""`marac case share`, `marac case rehead` and `marac pack` as people run them."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agencies.names import draw_case_ref
from tests.agencies.kit_world.joined import HOUSING, IDVA, Joined, enter_coordinator, joined_area, ok, referred
from tests.commands.running import AREA, marac

NO_SUCH = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        enter_coordinator(joined)
        yield joined


@pytest.fixture(scope="module")
def messages(area: Joined) -> dict[str, str]:
    """Return the messages of a referral by document; the office has collected them, and housing joined the case."""
    sent = referred(area)
    while not set(sent.values()) <= {row["message"] for row in listed(area)}:
        ok(area.office("pull", "--wait", "5"))
    ok(area.office("case", "relate", case_of(area), HOUSING, "--as", "involved", "--why", "involvement"))
    return sent


def listed(area: Joined) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))[
        "deliveries"
    ]
    return rows


def case_of(area: Joined) -> str:
    return listed(area)[0]["about"].split(" of ")[1].split(",")[0]


def test_sharing_asks_first_shows_what_it_will_do_and_leaves_the_safe_contact_out(
    area: Joined, messages: dict[str, str]
) -> None:
    share = ("case", "share", case_of(area), "--to", HOUSING)
    asked = area.office(*share, "--all")
    assert (asked.code, "give --yes" in asked.err) == (2, True)
    assert messages["referral"] in asked.err
    assert messages["safe-contact"] not in asked.err
    assert f"sealed to all of {HOUSING}" in asked.err
    assert len(re.findall("^  key [0-9a-f]{64}$", asked.err, re.MULTILINE)) == 2, "working and recovery"
    done = json.loads(ok(area.office(*share, "--all", "--yes", "--json")))
    assert [one["document"] for one in done["shared"]] == ["referral"]
    assert done["refused"] == []
    again = area.office(*share, "--all", "--yes")
    assert (again.code, "nothing to share" in again.err) == (1, True), "it has all of it"


def test_a_safe_contact_is_shared_only_by_name_and_with_a_word_of_its_own(
    area: Joined, messages: dict[str, str]
) -> None:
    share, named = ("case", "share", case_of(area), "--to", HOUSING), ("--message", messages["safe-contact"])
    assert area.office(*share, "--all", "--safe-contact", "--yes").code == 2
    refused = area.office(*share, *named, "--yes")
    assert (refused.code, "--safe-contact" in refused.err) == (2, True)
    assert ok(area.office(*share, *named, "--safe-contact", "--yes")).startswith("1 done")
    assert area.office(*share, "--message", messages["exclusions"], "--yes").code == 2, "that is never shared"


def test_wrong_use_of_sharing_is_told(area: Joined, messages: dict[str, str]) -> None:
    case = case_of(area)
    for words in (
        ("--to", HOUSING),
        ("--to", HOUSING, "--all", "--message", messages["referral"]),
        ("--to", "housing", "--all"),
        ("--to", HOUSING, "--message", NO_SUCH),
        ("--to", HOUSING, "--all", "--purpose", "curiosity"),
    ):
        answer = area.office("case", "share", case, *words, "--yes")
        assert (answer.code, "Next: " in answer.err) == (2, True), words
    nobody = area.office("case", "share", case, "--to", f"{AREA}/agency/nobody", "--all", "--yes")
    assert (nobody.code, "no key in force" in nobody.err) == (1, True)
    assert ok(area.office("case", "rehead", "--for", HOUSING)).startswith("0 done")


def test_an_agency_is_refused_what_its_part_does_not_reach(area: Joined, messages: dict[str, str]) -> None:
    case = case_of(area)
    ok(area.office("case", "relate", case, HOUSING, "--as", "for_information", "--why", "information"))
    refused = area.office("case", "share", case, "--to", HOUSING, "--message", messages["referral"], "--yes")
    assert (refused.code, "Refused" in refused.out) == (3, True)
    ok(area.office("case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement"))


def test_the_pack_is_one_document_that_only_its_owner_reads(
    area: Joined, messages: dict[str, str], tmp_path: Path
) -> None:
    case, out = case_of(area), tmp_path / "case.html"
    told = ok(area.run(IDVA, "pack", case, "--out", out))
    assert "2 messages, every check passed" in told
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    page = out.read_text()
    assert "REFERRAL TO MARAC" in page
    assert "SAFE CONTACT" in page
    again = area.run(IDVA, "pack", case, "--out", out)
    assert (again.code, "there already" in again.err) == (2, True)
    unknown = area.run(IDVA, "pack", case, "--out", tmp_path / "other.html", "--purpose", "curiosity")
    assert (unknown.code, "--purpose" in unknown.err) == (2, True)
    assert not (tmp_path / "other.html").exists()
    rows = json.loads(ok(marac("inbox", "--json", "--kit", area.kit(IDVA))))["deliveries"]
    assert {row["state"] for row in rows} == {"shown"}
    assert set(messages) >= {"referral", "safe-contact"}


def test_who_holds_nothing_of_a_case_is_told_no_more_than_that(area: Joined, tmp_path: Path) -> None:
    out = tmp_path / "none.html"
    refused = area.run(HOUSING, "pack", draw_case_ref("TST"), "--out", out)
    assert (refused.code, "not-available" in refused.err) == (3, True)
    assert not out.exists()


def filled(area: Joined, kind: str, **changes: object) -> Path:
    """Return the example form of a kind, with some answers changed."""
    form = json.loads(ok(marac("send", kind, "--example"))) | changes
    path = area.places.folder / f"{kind}.json"
    path.write_text(json.dumps(form))
    return path


def test_what_an_agency_found_is_shared_by_name_alone(area: Joined, messages: dict[str, str]) -> None:
    case, share = case_of(area), ("case", "share", case_of(area), "--to", IDVA)
    sent = json.loads(
        ok(area.run(HOUSING, "send", "research-return", filled(area, "research-return"), "--case", case, "--json"))
    )
    found = sent["messages"]["research-return"]
    while found not in {row["message"] for row in listed(area)}:
        ok(area.office("pull", "--wait", "5"))
    nothing = area.office(*share, "--all", "--yes")
    assert (nothing.code, "nothing to share" in nothing.err) == (1, True), "it has the referral"
    assert ok(area.office(*share, "--message", found, "--yes")).startswith("1 done")
    assert messages["referral"] != found


def test_the_office_is_told_whom_it_names_and_does_not_reach(area: Joined, messages: dict[str, str]) -> None:
    case, note = case_of(area), filled(area, "case-note", to=[HOUSING])
    reached = area.office("send", "case-note", note, "--case", case)
    assert (reached.code, "gets nothing" in reached.err) == (0, False)
    ok(area.office("case", "relate", case, HOUSING, "--as", "ended", "--why", "no-longer-involved"))
    told = area.office("send", "case-note", note, "--case", case, "--json")
    sent = json.loads(ok(told))["messages"]["case-note"]
    assert f"{HOUSING} is named and gets nothing" in told.err
    assert f"relate first: marac case relate {case} {HOUSING}" in told.err
    ok(area.office("case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement"))
    while sent not in {row["message"] for row in listed(area)}:
        ok(area.office("pull", "--wait", "5"))
    assert ok(area.office("case", "share", case, "--to", HOUSING, "--message", sent, "--yes")).startswith("1 done")
    assert messages


def test_new_headers_in_a_closed_case_wait_for_a_named_officer_and_hold_up_no_other_case(
    area: Joined, messages: dict[str, str]
) -> None:
    closed, other = case_of(area), referred(area)
    while not set(other.values()) <= {row["message"] for row in listed(area)}:
        ok(area.office("pull", "--wait", "5"))
    ok(area.office("case", "close", closed, "--yes"))
    without = area.office("case", "rehead", "--for", IDVA, "--yes", "--json")
    assert (without.code, "safe contacts are left out: 1" in without.err) == (3, True)
    left = {one["message"] for one in json.loads(without.out)["refused"]}
    assert (messages["referral"] in left, messages["safe-contact"] in left) == (True, False)
    refused = area.office("case", "rehead", "--for", IDVA, "--safe-contact", "--yes", "--json")
    assert refused.code == 3
    told = json.loads(refused.out)
    assert told["shared"] == [], "the other case is sealed to keys of now"
    assert {one["case"] for one in told["refused"]} == {closed}
    assert {one["message"] for one in told["refused"]} == {*left, messages["safe-contact"]}
    (case,) = {row["about"].split(" of ")[1].split(",")[0] for row in listed(area) if row["message"] in other.values()}
    assert ok(area.office("case", "rehead", "--for", IDVA, "--case", case)).startswith("0 done"), "in that case alone"


def test_what_cannot_be_read_is_left_out_and_named_and_the_command_fails(area: Joined) -> None:
    sent = referred(area)
    while not set(sent.values()) <= {row["message"] for row in listed(area)}:
        ok(area.office("pull", "--wait", "5"))
    (row,) = [one for one in listed(area) if one["message"] == sent["referral"]]
    case = row["about"].split(" of ")[1].split(",")[0]
    ok(area.office("case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement"))
    (area.places.office / "kit" / "deliveries" / f"{sent['referral']}.payload").write_bytes(b"damaged")
    told = area.office("case", "share", case, "--to", HOUSING, "--all", "--yes", "--json")
    assert (told.code, f"left out: 1, of {case}" in told.err) == (1, True)
    said = json.loads(told.out)
    assert ([one["message"] for one in said["left_out"]], said["shared"]) == ([sent["referral"]], [])


def test_a_message_waits_until_the_safe_contact_is_opened_or_somebody_says_so_and_never_tells_it(
    area: Joined, tmp_path: Path
) -> None:
    sent, form = referred(area), tmp_path / "note.json"
    while not set(sent.values()) <= {row["message"] for row in listed(area)}:
        ok(area.office("pull", "--wait", "5"))
    (waits,) = [row for row in listed(area) if row["message"] == sent["safe-contact"]]
    case = waits["about"].split(" of ")[1].split(",")[0]
    send, note = ("send", "case-note", form, "--case", case), json.loads(ok(marac("send", "case-note", "--example")))
    form.write_text(json.dumps({**note, "to": [IDVA]}))
    stopped = area.office(*send)
    assert (stopped.code, "open it first (marac inbox, marac open)" in stopped.err) == (2, True)
    assert f"Case {case}" in ok(area.office(*send, "--unread-safe-contact"))
    ok(area.office("open", waits["delivery"]))
    form.write_text(json.dumps({**note, "to": [IDVA], "text": "Call her on 01632 960003."}))
    telling = area.office(*send, "--unread-safe-contact")
    assert (telling.code, "at /case-note/text" in telling.err, "960003" in telling.err) == (2, True, False)
