"""Take any one refusal out of need-to-know, or any half of a condition, and the table of cases notices."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker import need_to_know
from broker.need_to_know import Access, Decision
from tests.rules.cases import questions

SOURCE = ast.parse(Path(need_to_know.__file__).read_text())
RULES = [node for node in SOURCE.body if isinstance(node, ast.FunctionDef)]


@dataclass(frozen=True)
class Mutant:
    """The rules with one thing taken out; `name` says what."""

    name: str
    functions: tuple[ast.FunctionDef, ...]


def refusals() -> list[Mutant]:
    """Return, for each `if ...: return Deny("Nk", ...)`, the rules without it."""
    return [
        Mutant(f"{rule} line {node.lineno}", _changed(place, None))
        for place, node in _walk(RULES)
        if isinstance(node, ast.If) and (rule := _rule_of(node)) is not None
    ]


def halves() -> list[Mutant]:
    """Return, for each operand of each `and` and `or`, the rules without it."""
    return [
        Mutant(f"line {node.values[index].lineno} without {ast.unparse(node.values[index])}", _changed(place, index))
        for place, node in _walk(RULES)
        if isinstance(node, ast.BoolOp)
        for index in range(len(node.values))
    ]


def _rule_of(node: ast.If) -> str | None:
    if len(node.body) != 1 or not isinstance(node.body[0], ast.Return):
        return None
    match node.body[0].value:
        case ast.Call(func=ast.Name(id="Deny"), args=[ast.Constant(value=str(rule)), *_]):
            return rule
    return None


def _walk(functions: list[ast.FunctionDef]) -> Iterator[tuple[int, ast.AST]]:
    """Yield every node of the rules with its place in the order of the walk."""
    return enumerate(node for function in functions for node in ast.walk(function))


def _changed(place: int, operand: int | None) -> tuple[ast.FunctionDef, ...]:
    """Return a copy of the rules in which the `if` at `place` never refuses, or its condition lacks `operand`."""
    functions = deepcopy(RULES)
    node = next(node for number, node in _walk(functions) if number == place)
    if operand is None and isinstance(node, ast.If):
        node.body = [ast.Pass()]
    elif operand is not None and isinstance(node, ast.BoolOp):
        # `all` or `any` of what is left: of two operands, the other one alone.
        del node.values[operand]
        if len(node.values) == 1:
            node.values = [node.values[0], node.values[0]]
    return tuple(functions)


def wrong_answers(mutant: Mutant) -> int:
    """Return how many questions of the table the mutant answers wrongly, or not at all."""
    namespace = dict(vars(need_to_know))
    module = ast.fix_missing_locations(ast.Module(list(mutant.functions), type_ignores=[]))
    exec(compile(module, mutant.name, "exec"), namespace)  # noqa: S102  our own source, less one rule
    return sum(1 for question in questions() if _answer(namespace["decide"], question.access) != question.answer)


def _answer(decide: object, access: Access) -> Decision | None:
    assert callable(decide)
    try:
        answer: Decision = decide(access)
    except (AttributeError, KeyError, TypeError):
        return None  # a guard against None was taken out
    return answer


def test_the_rules_unchanged_answer_the_whole_table() -> None:
    assert wrong_answers(Mutant("unchanged", tuple(RULES))) == 0


def test_every_numbered_rule_is_found_in_the_source() -> None:
    found = {mutant.name.split()[0] for mutant in refusals()}
    assert found == {f"N{number}" for number in range(1, 15)}
    print(f"{len(refusals())} refusals and {len(halves())} halves of conditions, each taken out of the rules by itself")


@pytest.mark.parametrize("mutant", refusals(), ids=lambda mutant: mutant.name)
def test_without_this_refusal_the_table_fails(mutant: Mutant) -> None:
    count = wrong_answers(mutant)
    print(f"without {mutant.name}: {count} of {len(questions())} cases fail")
    assert count > 0


@pytest.mark.parametrize("mutant", halves(), ids=lambda mutant: mutant.name)
def test_without_this_half_of_a_condition_the_table_fails(mutant: Mutant) -> None:
    assert wrong_answers(mutant) > 0
