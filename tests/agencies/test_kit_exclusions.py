"""`marac exclusions`, as the coordinator's office runs it: what was read is settled, what is held is named."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agencies.kit.answers import HeldAnswer
from agencies.kit.excluding import to_recall
from tests.agencies.kit_world.joined import HOUSING, IDVA, OFFICE, Joined, enter_coordinator, joined_area, ok
from tests.commands.running import marac


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        enter_coordinator(joined)
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
    ok(area.run(party, "open", held(area, party, message)))


def held(area: Joined, party: str, message: str) -> str:
    """Return the delivery of the message, once this party has pulled it."""
    for _ in range(20):
        ok(area.run(party, "pull", "--wait", "5"))
        for row in json.loads(ok(marac("inbox", "--json", "--kit", area.kit(party))))["deliveries"]:
            if row["message"] == message:
                return str(row["delivery"])
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


def test_of_one_officer_who_is_excluded_the_office_is_told_to_telephone_and_takes_nothing_back(
    area: Joined, tmp_path: Path
) -> None:
    one = referred(area, tmp_path)
    opened(area, IDVA, one["referral"])
    listed = json.loads(ok(marac("register", "list", "--officers", "--json", "--kit", area.kit(OFFICE))))["officers"]
    (officer,) = (each["id"] for each in listed if each["agency"] == IDVA)
    told = ok(area.office("exclusions", one["case"], officer)).splitlines()
    assert (
        f"{IDVA} keeps what it was given before; its officer {officer} gets nothing of it any more (rule N9)." in told
    )
    assert f"  message {one['referral']}" in told
    assert "marac recall" not in " ".join(told), "her colleagues need it"
    assert "marac recall" in ok(area.office("exclusions", one["case"], IDVA)), "of the whole agency it is taken back"


def test_the_office_is_told_that_no_idva_service_has_the_referral_and_how_it_is_given_again(
    area: Joined, tmp_path: Path
) -> None:
    one = referred(area, tmp_path)
    opened(area, IDVA, one["referral"])
    opened(area, OFFICE, one["referral"])
    assert "NO IDVA SERVICE" not in ok(area.office("case", "show", one["case"]))
    recalled = area.office("recall", one["referral"], "--only", "--reason", "wrong-recipient", "--to", IDVA)
    warning = f"NO IDVA SERVICE HAS the newest referral of {one['case']}"
    assert warning in recalled.err
    shown = ok(area.office("case", "show", one["case"]))
    assert warning in shown
    assert f"{one['case']}" in ok(area.office("case", "list"))
    assert warning in area.office("open", held(area, OFFICE, one["referral"]), "--again").err
    (line,) = (line for line in shown.splitlines() if "marac case share" in line)
    command = line.partition(": marac ")[2].split()
    assert command == ["case", "share", one["case"], "--to", IDVA, "--message", one["referral"]]
    assert area.office("case", "share", one["case"], "--to", IDVA, "--all", "--yes").code != 0, "by name alone"
    given = area.office(*command, "--yes")
    assert ("1 done" in ok(given), "NO IDVA SERVICE" in given.err) == (True, False)
    assert "NO IDVA SERVICE" not in ok(area.office("case", "show", one["case"]))


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
