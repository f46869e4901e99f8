"""What a benchmark found, as a table for people and as JSON for programs; whether every figure is reached."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEADINGS = ("work", "peer", "peer's", "ours", "ratio", "limit", "holds", "rounds")
COLUMNS = 120
_SCALES = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


@dataclass(frozen=True)
class Row:
    """One piece of work beside a peer, or alone, and the figure it has to reach.

    ours, theirs   medians in `unit`: seconds are shown in ms or µs, counts have none; `theirs` is None where the limit
                   is ours alone
    ratio          ours / theirs, the median of the rounds: below 1 we are the faster
    limit          with a peer the greatest ratio, itself allowed; alone the value that `ours` stays under
    missing        why the peer could not be asked, with what to do about it
    """

    work: str
    peer: str
    limit: float
    ours: float | None = None
    theirs: float | None = None
    ratio: float | None = None
    unit: str = "s"
    rounds: int = 1
    missing: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the limit is kept; None if it could not be measured."""
        if self.missing or self.ours is None:
            return None
        return self.ours < self.limit if self.ratio is None else self.ratio <= self.limit


@dataclass(frozen=True)
class Report:
    """All rows of one run, what a reader has to know about them, and where they were measured."""

    rows: Sequence[Row]
    notes: Sequence[str]
    machine: Mapping[str, str]

    @property
    def exit_code(self) -> int:
        """0 only if every limit was measured and is kept: a missing peer is an error here, as in the tests."""
        return 0 if self.rows and all(row.holds for row in self.rows) else 1

    def text(self) -> str:
        """Return the table, what is missing, the notes, the machine and one line that says how it went."""
        cells = [HEADINGS, *(_cells(row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        # Words to the left, figures to the right, so that they can be compared down the column.
        lines = [
            "  ".join(f"{cell:{'<' if i in {0, 1, 5} else '>'}{widths[i]}}" for i, cell in enumerate(line)).rstrip()
            for line in cells
        ]
        missing = [f"Missing: {row.peer}: {row.missing}" for row in self.rows if row.missing]
        machine = [f"{name}: {value}" for name, value in self.machine.items()]
        below = [textwrap.fill(line, COLUMNS) for line in (*missing, *self.notes)]
        return "\n".join([*lines, "", *below, "", *machine, "", self._verdict()])

    def json(self) -> str:
        """Return the same for a program; times in seconds."""
        rows = [{**vars(row), "holds": row.holds} for row in self.rows]
        report = {"rows": rows, "notes": list(self.notes), "machine": dict(self.machine), "holds": self.exit_code == 0}
        return json.dumps(report, indent=2, ensure_ascii=False)

    def _verdict(self) -> str:
        counted = f"{sum(row.holds is True for row in self.rows)} of {len(self.rows)} limits hold"
        failed = [row.work for row in self.rows if row.holds is False]
        unknown = [row.work for row in self.rows if row.holds is None]
        return "; ".join(
            [counted]
            + [f"FAILED: {', '.join(failed)}"] * bool(failed)
            + [f"not measured: {', '.join(unknown)}"] * bool(unknown)
        )


def amount(value: float | None, unit: str) -> str:
    """Return `value` in three digits with its unit; seconds in the unit that suits them."""
    if value is None:
        return "-"
    if unit != "s":
        return f"{value:.3g} {unit}".rstrip()
    name, scale = next((scaled for scaled in _SCALES if value >= scaled[1]), _SCALES[-1])
    figure = value / scale
    return f"{figure:.0f} {name}" if figure >= 100 else f"{figure:.3g} {name}"


def _cells(row: Row) -> tuple[str, ...]:
    alone = not row.missing and row.theirs is None
    theirs = "missing" if row.missing else amount(row.theirs, row.unit)
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio >= 0.1 else f"{row.ratio:.3f}"
    limit = f"under {amount(row.limit, row.unit)}" if alone else f"at most {row.limit:.2f}"
    holds = "not measured" if row.holds is None else "yes" if row.holds else "NO"
    return row.work, row.peer, theirs, amount(row.ours, row.unit), ratio, limit, holds, str(row.rounds)
