"""What is wrong in a form, for whoever wrote it: their own file on their own machine, so their words may be named.

The documents' own errors (agencies/documents/invalid.py) repeat nothing: the gateway shows those to others.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from agencies.documents.document import Document
from agencies.documents.invalid import Problem

_WORDS_IN: Final[Mapping[str, str]] = {"literal_error": "expected", "union_tag_invalid": "expected_tags"}
_MAX_NAME: Final = 40
_OUR_NAME: Final = re.compile("[a-z]+(_[a-z]+)*")


class _Mistake(Exception):
    """What the reader of JSON itself would let pass."""


def in_detail(model_type: type[Document], content: JsonValue, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems of `content`, each with the words allowed there or the members that do not belong there."""
    details: dict[str, str] = {}
    try:
        model_type.model_validate_json(json.dumps(content))
    except ValidationError as error:
        details = _details(error.errors(include_url=False, include_input=False), content)
    return tuple(
        Problem(problem.pointer, problem.reason + details[problem.pointer])
        if _has_details(problem) and problem.pointer in details
        else problem
        for problem in problems
    )


def syntax_mistake(text: str) -> str | None:
    """Return what keeps `text` from being JSON, with its line and column where they are known; None if that is not it.

    The words are those of Python's own reader, which repeat nothing, and the names of members that stand twice.
    """
    try:
        json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"this is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}"
    except _Mistake as mistake:
        return str(mistake)
    except (ValueError, RecursionError):
        return None
    return None


def names_of(members: Iterable[str]) -> str:
    """Return members' names in quotation marks, the long ones cut."""
    return ", ".join(f'"{name[:_MAX_NAME]}"' for name in sorted(members))


def _once(members: list[tuple[str, JsonValue]]) -> None:
    twice = {name for name, count in Counter(name for name, _ in members).items() if count > 1}
    ours = {name for name in twice if _OUR_NAME.fullmatch(name)}  # any other may be somebody's name
    if twice:
        raise _Mistake(f"a member name appears twice in one object{': ' if ours else ''}{names_of(ours)}")


def _no_constant(constant: str) -> None:
    raise _Mistake(f"this is not valid JSON: {constant} is no number")


def _has_details(problem: Problem) -> bool:
    return "allowed words" in problem.reason or "does not have" in problem.reason


def _details(errors: Sequence[ErrorDetails], content: JsonValue) -> dict[str, str]:
    words: dict[str, str] = {}
    strangers: dict[str, list[str]] = {}
    for error in errors:
        location = error["loc"]
        if error["type"] == "extra_forbidden":
            strangers.setdefault(_pointer(location[:-1], content), []).append(str(location[-1]))
        elif error["type"] in _WORDS_IN:
            expected = str(error.get("ctx", {}).get(_WORDS_IN[error["type"]], ""))
            words.setdefault(_pointer(location, content), f": {expected.replace(chr(39), '')}")
    return words | {pointer: f": {names_of(names)}" for pointer, names in strangers.items()}


def _pointer(location: Sequence[str | int], content: JsonValue) -> str:
    """Return where an error is; pydantic also names branches of unions, which are no members of the JSON."""
    steps: list[str] = []
    for step in location:
        found = content
        if isinstance(content, dict) and isinstance(step, str):
            found = content.get(step, content)
        elif isinstance(content, list) and isinstance(step, int) and step < len(content):
            found = content[step]
        if found is not content:
            content = found
            steps.append(f"/{step}")
    return "".join(steps)
