"""`marac exclusions`, as the coordinator's office runs it: what was read is settled, what is held is named."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agencies.kit.answers import HeldAnswer
from agencies.kit.excluding import to_recall
from tests.agencies.kit_world.joined import HOUSING, IDVA, OFFICE, Joined, joined_area, ok
from tests.commands.running import marac


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        places = joined.places
        officer, secret = places.folder / "office.officer", ("--passphrase-file", places.passphrase)
        ok(joined.office("keys", "officer", "--out", officer))
        ok(marac("officer", "add", officer, "--office", places.office, *secret))
        yield joined


def referred(area: Joined, folder: Path, *people: str) -> dict[str, str]:
    """Return the messages of a referral that excludes these people in words, by document, and its case."""
    form, path = json.loads(ok(marac("refer", "--example"))), folder / "referral.json"
    form["exclusions"]["people"] = [{"person": one} for one in people]
    path.write_text(json.dumps(form))
    sent = json.loads(ok(area.run(HOUSING, "refer", path, "--json")))
    return {**sent["messages"], "case": sent["case"]}


def opened(area: Joined, party: str, message: str) -> None:
    """This party has pulled the message, opened it and read it."""
    for _ in range(20):
        ok(area.run(party, "pull", "--wait", "5"))
        for row in json.loads(ok(marac("inbox", "--json", "--kit", area.kit(party))))["deliveries"]:
            if row["message"] == message:
                ok(area.run(party, "open", row["delivery"]))
                return
    raise AssertionError("the message never came")


def test_what_was_read_here_is_settled_and_the_rest_goes_on_waiting_by_its_id(area: Joined, tmp_path: Path) -> None:
    one, other = (referred(area, tmp_path, person) for person in ("his cousin", "her brother"))
    ok(area.office("case", "merge", one["case"], other["case"], "--yes"))
    unread = ok(area.office("exclusions", one["case"], "--settled"))
    assert "Done" not in unread
    assert {f"  message {each['exclusions']}" for each in (one, other)} <= set(unread.splitlines())
    opened(area, OFFICE, one["exclusions"])
    said = ok(area.office("exclusions", one["case"], "--settled"))
    assert "Done: it holds from now on." in said
    assert one["exclusions"] not in said
    assert f"  message {other['exclusions']}" in ok(area.office("case", "show", one["case"]))
    named = ok(area.office("exclusions", one["case"], "--settle", other["exclusions"]))
    assert "message" not in named
    assert "excluded in words" not in ok(area.office("case", "show", one["case"]))


def test_what_the_excluded_hold_is_named_with_the_command_that_takes_it_back(area: Joined, tmp_path: Path) -> None:
    one, other = referred(area, tmp_path), referred(area, tmp_path)
    opened(area, IDVA, one["referral"])
    line = f"  marac recall {one['referral']} --only --reason wrong-recipient --to {IDVA}"
    assert line in ok(area.office("exclusions", one["case"], IDVA)).splitlines()
    assert line in ok(area.office("case", "show", one["case"])).splitlines()
    assert line in ok(area.office("case", "merge", one["case"], other["case"], "--yes")).splitlines()
    again = area.office("case", "merge", one["case"], other["case"], "--yes")
    assert ("merge-conflict" in again.err, "--to" in again.err) == (True, True)
    lifted = ok(area.office("exclusions", other["case"], "--lift", IDVA))
    assert f"{IDVA} STAYS EXCLUDED" in lifted
    assert f"  marac exclusions {one['case']} --lift {IDVA}" in lifted.splitlines()
    ok(area.office(*line.split()[1:]))
    assert "marac recall" not in ok(area.office("exclusions", one["case"], "--lift", IDVA))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--as", "involved", "--why", "involvement", "--basis", "because"), "--basis: no such word"),
        (("--as", "involved", "--why", "involvement", "--until", "soon"), "--until"),
    ],
)
def test_a_basis_and_a_last_day_are_said_in_the_words_there_are(options: tuple[str, ...], what: str) -> None:
    failed = marac("case", "relate", "FEN-00000-00000-0", HOUSING, *options)
    assert (failed.code, what in failed.err) == (2, True)


def test_a_part_with_a_basis_and_a_last_day_is_shown_so(area: Joined, tmp_path: Path) -> None:
    case = referred(area, tmp_path)["case"]
    basis, until = ("--basis", "uk_gdpr:6(1)(d),9(2)(c)"), ("--until", "2999-12-31")
    ok(area.office("case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement", *basis, *until))
    shown = ok(area.office("case", "show", case))
    assert "involvement; uk_gdpr:6(1)(d),9(2)(c); since" in shown
    assert "until 3000-01-01T00:00:00" in shown
    refused = area.office(
        "case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement", "--basis", "part3:s35,sch8.1"
    )
    assert (refused.code, "basis-not-allowed" in refused.err) == (3, True)


def test_a_recall_that_nobody_may_hear_of_is_told_with_whom_to_telephone_and_who_must_not_answer() -> None:
    officer = "marac.fenmark.example/officer/7f3k2m9q"
    message = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"
    held = HeldAnswer(message=message, recipient=HOUSING, excluded=officer, unheard=True)
    first, then = to_recall([held])
    assert (HOUSING in first, message in first, "TAKEN BACK" in first) == (True, True, True)
    assert f"Telephone them, but not {officer}" in then
    for excluded in (None, HOUSING):
        _, then = to_recall([held.model_copy(update={"excluded": excluded})])
        assert "Telephone them, and ask" in then
