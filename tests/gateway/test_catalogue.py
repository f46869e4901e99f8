"""The one table of errors: complete, without a row that nothing reaches, and safe to publish."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from broker.errors import BrokerError, Refused
from gateway.errors import CATALOGUE, RequestRejected, code_of

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "gateway/errors.py"


def every(kind: type[BrokerError]) -> Iterator[type[BrokerError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from every(narrower)


@cache
def literals_outside_the_table() -> set[str]:
    trees = (ast.parse(path.read_text()) for room in ("broker", "gateway") for path in (ROOT / room).rglob("*.py")
             if path != TABLE and path.parent.name != "sandbox")  # fmt: skip
    return {node.value for tree in trees for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip


def codes_given_to(name: str, position: int, folder: str) -> set[str]:
    """Every literal that stands as this argument of a call to `name`."""
    trees = (ast.parse(path.read_text()) for path in (ROOT / folder).rglob("*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = (call.args[position] for call in calls
             if isinstance(call.func, ast.Name) and call.func.id == name and len(call.args) > position)  # fmt: skip
    return {argument.value for argument in found if isinstance(argument, ast.Constant)}


def test_every_code_of_a_broker_error_is_in_the_table() -> None:
    assert {kind.code for kind in every(BrokerError)} <= CATALOGUE.keys()


def test_every_code_the_gateway_refuses_with_is_in_the_table() -> None:
    codes = codes_given_to("RequestRejected", 0, "gateway")
    assert {"signature-missing", "nonce-replayed", "too-large"} <= codes <= CATALOGUE.keys()


def test_every_public_word_of_need_to_know_is_in_the_table() -> None:
    codes = codes_given_to("Deny", 1, "broker")
    assert {"isa-not-in-force", "recipient-revoked"} <= codes <= CATALOGUE.keys()


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_row_is_reached_from_the_code(code: str) -> None:
    assert code in literals_outside_the_table()


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_row_says_what_happened_and_what_to_do(code: str) -> None:
    row = CATALOGUE[code]
    assert 400 <= row.status < 600
    assert row.title
    assert row.meaning.endswith(".")
    assert row.help.endswith(".")


def test_a_code_that_the_table_lacks_is_shown_as_internal() -> None:
    assert code_of(Refused("a-rule-of-the-future")) == "internal"
    assert code_of(RequestRejected("a-rule-of-the-future")) == "internal"


def test_a_refusal_is_shown_by_its_public_word() -> None:
    assert code_of(Refused("not-available")) == "not-available"
