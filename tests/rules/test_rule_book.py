"""The rule book is proved rule by rule: every line that cites a source has a row, and every row's tests are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from broker.kinds.table import KINDS
from tests.rules.rule_book import RULES, Rule

TESTS = Path(__file__).parents[1]
BOOK = (TESTS.parent / "agencies/domain.md").read_text()
# Below the first heading: what is above says which document each number is.
LINES = BOOK[BOOK.index("\n## ") :].splitlines()
CITED = re.compile(r"\[(\d{3}(?:, \d{3})*)\]|(SafeLives)' guidance|(DPA 2018)")


def citations(text: str) -> set[str]:
    """Return the sources that a passage cites: [002] as 002, statutes and guidance by name."""
    return {one for found in CITED.findall(text) for one in ", ".join(filter(None, found)).split(", ")}


def paragraphs() -> list[str]:
    """Return the book's paragraphs, list items and table rows, each with the lines that it goes on over."""
    found: list[str] = []
    for line in LINES:
        goes_on = bool(line) and found and found[-1] and line[0] not in "-|#"
        found[-1:] = [f"{found[-1]}\n{line}"] if goes_on else [*found[-1:], line]
    return found


@cache
def names_of(module: Path) -> frozenset[str]:
    """Return the names of a module's tests."""
    body = ast.parse(module.read_text()).body if module.is_file() else []
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_there(proof: str) -> bool:
    """Claim that there is a test of this short name."""
    place, _, name = proof.partition("::")
    folder, _, module = place.partition("/")
    folder = {"docs": "agencies/documents"}.get(folder, folder)
    return f"test_{name}" in names_of(TESTS / folder / f"test_{module}.py")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.words)
def test_each_rule_is_in_the_book_with_its_source_and_has_its_proof(rule: Rule) -> None:
    lines = [line for line in LINES if rule.words in line]
    assert len(lines) == 1, "the words are on one line of the book"
    (paragraph,) = (one for one in paragraphs() if rule.words in one)
    cited = citations(paragraph)
    assert set(rule.source) <= cited, f"its paragraph cites {cited}"
    assert rule.source or not citations(lines[0]), "its line cites a source"
    assert [proof for proof in rule.proof if not is_there(proof)] == []
    assert bool(rule.proof) != bool(rule.later), "proved, or not there yet"
    assert KINDS.keys().isdisjoint(rule.later), "it is there now: what proves it?"


def test_every_line_of_the_book_that_cites_a_source_has_a_row() -> None:
    cited = [line for line in LINES if citations(line)]
    without = [line for line in cited if not any(rule.words in line for rule in RULES)]
    assert without == []
    assert len(cited) > 30, "the lines are found"


def test_every_kind_of_the_book_s_table_has_a_row() -> None:
    kinds = [line for line in LINES if line.startswith("| ") and not line.startswith("| kind ")]
    named = {rule.words for rule in RULES}
    without = [line for line in kinds if not any(words in line for words in named)]
    assert without == []


def test_no_rule_stands_there_twice_and_the_proved_are_counted() -> None:
    assert len({rule.words for rule in RULES}) == len(RULES)
    proved = [rule for rule in RULES if rule.proof]
    print(f"{len(proved)} rules proved by {len({one for rule in proved for one in rule.proof})} tests")
    assert len(proved) > len(RULES) * 3 / 4
