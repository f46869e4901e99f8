"""The closed table in broker/README.md of what the broker keeps readable is the database's schema, no more, no less."""

import re
from pathlib import Path

from broker.store.tables import metadata

README = Path(__file__).parents[2] / "broker" / "README.md"
ROW = re.compile(r"\| `([a-z_]+)` \| (.+) \|")
COLUMN = re.compile(r"`([a-z_]+)` (.+)")


def rows_of_schema() -> list[str]:
    """Return the rows of the table as they must stand in the README, in the schema's order."""
    return [
        f"| `{table.name}` | {'<br>'.join(f'`{column.name}` {column.comment}' for column in table.columns)} |"
        for table in metadata.tables.values()
    ]


def in_readme() -> dict[str, dict[str, str]]:
    """Return what the README says, by table and column."""
    section = README.read_text(encoding="utf-8").partition("## What is readable\n")[2].partition("\n## ")[0]
    found: dict[str, dict[str, str]] = {}
    for table, columns in ROW.findall(section):
        matches = [COLUMN.fullmatch(column) for column in columns.split("<br>")]
        assert all(matches), f"a column of {table} is not `name` and meaning"
        assert table not in found, f"{table} stands twice"
        found[table] = {match.group(1): match.group(2) for match in matches if match}
    return found


def test_the_readme_names_every_column_with_its_meaning_and_no_others() -> None:
    schema = {
        table.name: {column.name: str(column.comment) for column in table.columns} for table in metadata.tables.values()
    }
    assert in_readme() == schema, "the table in broker/README.md should be:\n" + "\n".join(rows_of_schema())


def test_every_column_says_what_it_holds() -> None:
    columns = [column for table in metadata.tables.values() for column in table.columns]
    assert columns
    assert not [str(column) for column in columns if not column.comment or re.search(r"[|<>`]", column.comment)]


def test_what_opens_a_payload_is_in_a_table_of_its_own() -> None:
    header = {table: columns for table, columns in in_readme().items() if "header" in columns}
    assert list(header) == ["headers"]
    assert set(header["headers"]) == {"delivery", "header"}
