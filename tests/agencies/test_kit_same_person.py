"""`marac case proposals`, `compare`, `decide`, `link`, `merge`, `split`, as the coordinator's office runs them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agencies.kit_world.joined import HOUSING, Joined, enter_coordinator, joined_area, ok
from tests.commands.running import marac


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        enter_coordinator(joined)
        yield joined


def referred_twice(area: Joined, folder: Path) -> tuple[str, str]:
    form = folder / "referral.json"
    form.write_text(ok(marac("refer", "--example")))
    one, other = (json.loads(ok(area.run(HOUSING, "refer", form, "--json")))["case"] for _ in range(2))
    return one, other


def opened_by_the_office(area: Joined, *cases: str) -> None:
    """The office has opened a referral of each case."""
    missing = set(cases)
    for _ in range(20):
        ok(area.office("pull", "--wait", "5"))
        for row in json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]:
            found = {case for case in missing if row["about"].startswith(f"referral of {case}")}
            if found:
                ok(area.office("open", row["delivery"]))
                missing -= found
        if not missing:
            return
    raise AssertionError("the referrals never came")


def test_two_cases_are_proposed_compared_merged_and_split(area: Joined, tmp_path: Path) -> None:
    one, other = referred_twice(area, tmp_path)
    assert f"{other}  a perpetrator in common; the same victim" in ok(area.office("case", "proposals", one))
    unopened = area.office("case", "compare", one, other)
    assert (unopened.code, f"case {one}: no referral of this case was opened" in unopened.err) == (1, True)
    opened_by_the_office(area, one, other)
    page = ok(area.office("case", "compare", one, other))
    assert "VICTIM" in page
    assert "Name (the same)" in page
    ok(area.office("case", "link", one, other))
    assert f"Linked with {other}, which is another case" in ok(area.office("case", "show", one))
    assert ok(area.office("case", "decide", one, other, "--unsure")) == "Recorded: unsure.\n"
    assert "(decided before: unsure)" in ok(area.office("case", "proposals", one))
    unasked = area.office("case", "merge", one, other)
    assert (unasked.code, "give --yes" in unasked.err) == (2, True)
    merged = json.loads(ok(area.office("case", "merge", one, other, "--yes", "--json")))
    assert merged == {"lead": merged["lead"], "held": [], "outranked": []}
    assert merged["lead"] in {one, other}
    shown = ok(area.office("case", "show", one))
    assert f"One case with {other}" in shown
    assert "Repeat proposed: yes, because it came within 12 months" in shown
    again = area.office("case", "merge", one, other, "--yes")
    assert (again.code, "merge-conflict" in again.err) == (1, True)
    assert "is a case by itself again" in ok(area.office("case", "split", one, other, "--yes"))
    assert ok(area.office("case", "decide", one, other, "--different")) == "Recorded: different.\n"
    assert "No other case looks like this one." in ok(area.office("case", "proposals", one))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("case", "decide", "FEN-00000-00000-0", "FEN-00000-00000-0"), "give one decision"),
        (("case", "decide", "FEN-00000-00000-0", "FEN-00000-00000-0", "--same", "--unsure"), "give one decision"),
        (("case", "merge", "FEN", "FEN-00000-00000-0"), "not a case reference"),
    ],
)
def test_a_mistake_about_two_cases_is_named(arguments: tuple[str, ...], what: str) -> None:
    failed = marac(*arguments)
    assert failed.code == 2
    assert what in failed.err
