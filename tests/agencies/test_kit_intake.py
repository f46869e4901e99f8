"""`marac intake` as the coordinator's office runs it, and what it then sees over all cases."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agencies.kit_world.joined import (
    HOUSING,
    IDVA,
    OFFICE,
    Joined,
    enter_coordinator,
    enter_officer,
    joined_area,
    ok,
    pulled,
)
from tests.commands.running import QUICK, marac


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        enter_coordinator(joined)
        yield joined


def a_form(area: Joined) -> Path:
    form = json.loads(ok(marac("intake", "--example")))
    form["referral"]["children"][0]["child_protection_conference"] = True
    form["referral"]["risks_to_staff"] = "A loose dog."
    form["referral"]["perpetrators"][0]["employer"] = "idva (made up)"
    form["referral"]["referrer"]["source"] = "primary_care"
    path = area.places.folder / "taken-in.json"
    path.write_text(json.dumps(form))
    return path


def test_a_referral_by_telephone_is_taken_in_confirmed_and_read_with_its_true_source(area: Joined) -> None:
    taken = area.office("intake", a_form(area), "--by", "telephone", "--source", "Exampleton Surgery")
    said = ok(taken)
    assert "a perpetrator may work where the case could be read: idva (made up)" in taken.err
    assert "sent all the same" in taken.err
    assert "It came from Exampleton Surgery, by telephone." in said
    assert "CONFIRMATION, for whoever referred" in said
    assert "Invented" not in said
    message = next(line.split()[1] for line in said.splitlines() if line.startswith("  referral "))
    page = ok(area.run(IDVA, "open", pulled(area, message)))
    assert "Exampleton Surgery" in page
    assert "CHILD-PROTECTION CONFERENCE: ITS CHAIR MUST BE TOLD" in page


def test_the_office_is_reminded_of_a_conference_and_an_agency_of_the_register_is_named_by_its_id(area: Joined) -> None:
    said = ok(area.office("intake", a_form(area), "--by", "email", "--from-agency", HOUSING))
    assert f"{HOUSING} --as asked" in said
    note = area.places.folder / "office.officer"
    ok(area.office("keys", "officer", "--with-key", "--out", note, QUICK))
    enter_officer(area, OFFICE, note)
    ok(area.office("pull", "--wait", "5"))
    rows = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]
    case = said.split("Case ")[1].split(",")[0]
    read = next(row["delivery"] for row in rows if row["about"].startswith(f"referral of {case}"))
    opened = area.office("open", read)
    assert "its chair must be told" in opened.err
    assert f"marac send staff-risk risk.json --case {case}" in opened.err
    assert f"marac exclusions {case} ID" in opened.err
    assert "RISKS TO STAFF: READ THEM" in opened.out
    assert "Source: housing" in opened.out, "as the register has it, whatever the form says"
    assert HOUSING in opened.out


def test_wrong_use_is_told_before_anything_is_sent(area: Joined) -> None:
    form = a_form(area)
    for given, told in (
        ((), "give a form, and --by"),
        ((form, "--by", "pigeon"), "--by: no such way"),
        ((form, "--by", "paper", "--source", "x", "--from-agency", HOUSING), "the same twice"),
        ((form, "--by", "paper", "--from-agency", "nobody"), "not an agency of the register"),
        ((form, "--by", "paper", "--source", "w" * 201), "--source: one line"),
    ):
        answer = area.office("intake", *given)
        assert (answer.code, told in answer.err) == (2, True), answer.err
    agency = area.run(HOUSING, "intake", form, "--by", "paper")
    assert (agency.code, "only the coordinator's office" in agency.err) == (2, True)


def open_look_ups(area: Joined, count: int) -> None:
    """The office has opened so many look-ups, and was told of whom else it knows by that name."""
    opened = set[str]()
    for _ in range(20):
        ok(area.office("pull", "--wait", "5"))
        rows = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]
        for row in rows:
            if row["about"].startswith("lookup of") and row["delivery"] not in opened:
                assert "the person asked about may be" in area.office("open", row["delivery"]).err
                opened.add(row["delivery"])
        if len(opened) == count:
            return
    raise AssertionError("the look-ups never came")


def test_the_office_lists_what_is_missing_and_who_looks_up(area: Joined) -> None:
    question = area.places.folder / "lookup.json"
    question.write_text(ok(marac("send", "lookup", "--example")))
    for asked in range(2):
        form = json.loads(question.read_text()) | {"asker_role": f"duty worker {asked}"}
        question.write_text(json.dumps(form))
        assert "do not delay a referral" in ok(area.run(HOUSING, "send", "lookup", question))
    told = ok(area.office("lookups"))
    assert f"{HOUSING}  STANDS OUT" in told
    assert "ASKED AGAIN" not in told, "nobody has opened them yet"
    open_look_ups(area, 2)
    assert f"{HOUSING}  ASKED AGAIN ABOUT THE SAME PERSON" in ok(area.office("lookups"))
    (again,) = json.loads(ok(area.office("lookups", "--json")))["asked_again"]
    assert (again["agency"], len(again["cases"])) == (HOUSING, 2)
    assert ok(area.office("case", "list")) == "Nothing is missing in any case.\n"
