"""What the office is told that others hold: an older safe contact, a flag that has ended early."""

import json
from collections.abc import Iterator

import pytest

from tests.agencies.kit_world.joined import HOUSING, IDVA, Joined, enter_coordinator, joined_area, ok, referred
from tests.commands.running import marac


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        enter_coordinator(joined)
        yield joined


def collected(area: Joined, message: str) -> dict[str, str]:
    """Return the office's row of a message, once it was collected."""
    for _ in range(20):
        rows = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]
        for row in rows:
            if row["message"] == message:
                found: dict[str, str] = row
                return found
        ok(area.office("pull", "--wait", "5"))
    raise AssertionError("the message never came")


def test_the_office_is_told_who_was_given_the_safe_contact_that_is_corrected(area: Joined) -> None:
    older = referred(area)
    case = collected(area, older["safe-contact"])["about"].split(" of ")[1].split(",")[0]
    ok(area.office("case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement"))
    named = ("--message", older["safe-contact"], "--safe-contact", "--yes")
    ok(area.office("case", "share", case, "--to", HOUSING, *named))
    form = area.places.folder / "corrected.json"
    form.write_text(ok(marac("refer", "--example")))
    corrects = ("--corrects", older["referral"], "--reason", "Another house", "--json")
    newer = json.loads(ok(area.run(HOUSING, "refer", form, *corrects)))["messages"]
    first, second = (collected(area, sent["safe-contact"])["delivery"] for sent in (older, newer))
    told = area.office("open", second).err
    assert f"{HOUSING} was given an older safe contact, and does not get this one by itself" in told
    assert f"marac case share {case} --to ID --message {newer['safe-contact']} --safe-contact" in told
    assert IDVA not in told, "it has the new one by its role"
    assert "was given" not in area.office("open", first).err


def test_a_flag_over_twelve_months_is_asked_about_and_whose_part_ends_is_told_by_a_recall(area: Joined) -> None:
    case = collected(area, referred(area)["referral"])["about"].split(" of ")[1].split(",")[0]
    form = area.places.folder / "flag.json"
    flag = json.loads(ok(marac("send", "flag-and-tag", "--example")))
    form.write_text(json.dumps({**flag, "flagged_until": "2098-11-20"}))
    send = ("send", "flag-and-tag", form, "--case", case, "--unread-safe-contact")
    asked = area.office(*send)
    assert (asked.code, "give --yes" in asked.err) == (2, True)
    (message,) = json.loads(ok(area.office(*send, "--yes", "--json")))["messages"].values()
    ended = ok(area.office("case", "relate", case, HOUSING, "--as", "ended", "--why", "no-longer-involved"))
    (line,) = (line for line in ended.splitlines() if "marac recall" in line)
    assert line.split()[2:] == [message, "--to", HOUSING, "--only", "--reason", "inaccurate"]
    ok(area.office(*line.split()[1:]))
