"""The benchmark's own judgement: what it calls failing, missing and reached. The figures are for `./marac bench`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crypto import merkle, tiles
from tests.bench.__main__ import parse
from tests.bench.rounds import Progress, interleaved
from tests.bench.table import Report, Row, amount
from tests.bench.tree import Tree, hashes_computed

ROOT = Path(__file__).parent.parent.parent
FAST = Row("seal", "their seal", 1.15, ours=1.1e-3, theirs=1e-3, ratio=1.1, rounds=7)
SLOW = Row("open", "their open", 1.30, ours=1.4e-3, theirs=1e-3, ratio=1.4, rounds=7)
SMALL = Row("proof", "none", 24, ours=20, unit="")
ABSENT = Row("race", "a peer from afar", 1.0, missing="it is not installed (fetch it)")
ASKING_FOR_PEERS = """
import sys
sys.modules["pyrage"] = None
from tests.bench.peers import gpg_row, pyrage_row
from tests.bench.rounds import Progress
for row in (gpg_row(Progress(), []), pyrage_row(Progress())):
    print(row.holds, row.peer, row.missing, sep="|")
"""


def line_of(report: Report, work: str) -> str:
    return next(line for line in report.text().splitlines() if line.startswith(work))


def report(*rows: Row) -> Report:
    return Report(rows, ["a note"], {"CPU": "made up"})


def test_a_failing_limit_is_marked_named_and_ends_with_exit_code_1() -> None:
    failing = report(FAST, SLOW, SMALL)
    assert failing.exit_code == 1
    assert line_of(failing, "open").split()[-2:] == ["NO", "7"]
    assert line_of(failing, "seal").split()[-2:] == ["yes", "7"]
    assert failing.text().endswith("2 of 3 limits hold; FAILED: open")


def test_limits_that_all_hold_end_with_exit_code_0() -> None:
    assert report(FAST, SMALL).exit_code == 0
    assert report(FAST, SMALL).text().endswith("2 of 2 limits hold")


def test_nothing_measured_is_no_success() -> None:
    assert report().exit_code == 1


def test_a_ratio_may_reach_its_limit_and_a_figure_of_its_own_stays_under_it() -> None:
    assert Row("a", "b", 1.15, 1.15, 1.0, 1.15).holds is True
    assert Row("a", "b", 1.15, 1.16, 1.0, 1.16).holds is False
    assert Row("a", "none", 24, 24, unit="").holds is False
    assert Row("a", "none", 24, 23, unit="").holds is True


def test_a_missing_peer_is_named_with_its_reason_and_is_no_success() -> None:
    without = report(FAST, ABSENT)
    assert without.exit_code == 1
    assert "not measured" in line_of(without, "race")
    assert "Missing: a peer from afar: it is not installed (fetch it)" in without.text().splitlines()
    assert without.text().endswith("1 of 2 limits hold; not measured: race")


def test_gpg_and_pyrage_are_missed_where_they_are_not_installed() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASKING_FOR_PEERS],
        env={"PATH": "/nonexistent"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    gpg, pyrage = (line.split("|") for line in asked.stdout.splitlines())
    assert gpg[0] == pyrage[0] == "None"
    assert "gpg is not installed (Debian: apt-get install gnupg)" in gpg[2]
    assert "pyrage is not installed" in pyrage[2]


def test_the_json_says_what_the_table_says() -> None:
    said = json.loads(report(FAST, SLOW, ABSENT).json())
    assert [row["holds"] for row in said["rows"]] == [True, False, None]
    assert said["rows"][1]["ratio"] == 1.4
    assert said["holds"] is False
    assert said["machine"] == {"CPU": "made up"}


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(None, "s", "-"), (0.1234, "s", "123 ms"), (0.00123, "s", "1.23 ms"), (9e-7, "s", "0.9 µs"),
     (20, "", "20"), (0.375, "MiB", "0.375 MiB"), (2.5, "s", "2.5 s")],
)  # fmt: skip
def test_a_figure_is_shown_in_the_unit_that_suits_it(value: float | None, unit: str, shown: str) -> None:
    assert amount(value, unit) == shown


def test_rounds_take_turns_leave_the_first_out_and_give_medians() -> None:
    turns, now = [], [0.0]
    costs = {"ours": iter([90.0, 2.0, 3.0, 8.0]), "peer": iter([90.0, 1.0, 2.0, 2.0])}

    def work(name: str) -> None:
        turns.append(name)
        now[0] += next(costs[name])

    medians = interleaved(lambda: work("ours"), lambda: work("peer"), 3, clock=lambda: now[0])
    assert turns == ["ours", "peer"] * 4
    assert medians == (3.0, 2.0, 2.0)


def test_hashes_are_counted_as_calls_of_sha_256() -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(4)]
    assert hashes_computed(lambda: merkle.root_from_leaves(leaves)) == 3
    assert hashes_computed(lambda: None) == 0


def test_the_tree_that_is_measured_is_the_log_s() -> None:
    tree = Tree()
    tree.grow(600, Progress())
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(600)]
    assert [tree.leaf(index) for index in (0, 255, 256, 599)] == [leaves[index] for index in (0, 255, 256, 599)]
    assert tiles.root_of(600, tree.read) == merkle.root_from_leaves(leaves)


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    assert ended.value.code == 0
    assert "./marac bench crypto --json" in capsys.readouterr().out


def test_an_unknown_benchmark_is_refused_with_the_ones_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["teleport"])
    assert ended.value.code == 2
    assert "crypto" in capsys.readouterr().err
