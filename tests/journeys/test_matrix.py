"""Every route, asked by whoever may stand to a case in any way: what each gets is written down in matrix.txt."""

from collections.abc import Mapping
from pathlib import Path

import httpx2

from tests.journeys.matrix import ROWS, SETTINGS, Answer
from tests.journeys.world import SENDER, World

WRITTEN = Path(__file__).with_name("matrix.txt")


def test_every_route_answers_everybody_as_is_written_down(with_offices: World) -> None:
    answers = _all(with_offices)
    refusals = {answer.raw for answer in answers.values() if answer.code == "not-available"}
    assert len(refusals) == 1, "what depends on a case is refused in one way"
    found = {row: [answers[row, column].word for column in SETTINGS] for row in ROWS}
    assert found == _written(), "matrix.txt would have to say:\n" + _table(found)


def _all(world: World) -> Mapping[tuple[str, str], Answer]:
    answers: dict[tuple[str, str], Answer] = {}
    with httpx2.Client(base_url=world.kit(SENDER).home.settings.url, timeout=30) as client:
        for column, setting in SETTINGS.items():
            asker, known = setting(world)
            for row, ask in ROWS.items():
                answers[row, column] = asker.ask(client, ask(asker, known), known)
    return answers


def _written() -> Mapping[str, list[str]]:
    """Return the table's cells by row; its first line names the settings."""
    lines = [line for line in WRITTEN.read_text().splitlines() if line and not line.startswith("#")]
    head, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    assert head[1:] == list(SETTINGS)
    return {name: cells for name, *cells in rows}


def _table(found: Mapping[str, list[str]]) -> str:
    rows = [["", *SETTINGS], *([name, *cells] for name, cells in found.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(" | ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
