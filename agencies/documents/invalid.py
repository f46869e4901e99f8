"""What is wrong with a document, said without repeating a word of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from agencies.documents.fields import (
    AGENCY_PATTERN,
    LINE_PATTERN,
    MESSAGE_PATTERN,
    OFFICER_PATTERN,
    PARTY_PATTERN,
    TEXT_PATTERN,
)

MAX_PROBLEMS: Final = 50
RULE: Final = "broken_rule"

_OTHERWISE: Final = "this value is not allowed here"
_DATE: Final = 'write a date as YYYY-MM-DD, or "unknown" where that is allowed'
_OBJECT: Final = "write this as an object, in { }"

_REASONS: Final[Mapping[str, str]] = {
    "missing": "this is required",
    "extra_forbidden": "there is a member here that this document does not have",
    "json_invalid": "this is not valid JSON",
    "json_type": "this is not JSON text",
    "string_type": "write this as text, in quotation marks",
    "string_unicode": "this is not valid Unicode text",
    "string_too_short": "this is empty: write something, or leave the field out",
    "string_too_long": "this text is too long",
    "string_pattern_mismatch": _OTHERWISE,
    "literal_error": "this is not one of the allowed words",
    "bool_type": 'write true or false, or "unknown" where that is allowed',
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "int_parsing_size": "this number is out of range",
    "greater_than_equal": "this number is out of range",
    "less_than_equal": "this number is out of range",
    "tuple_type": "write this as a list, in [ ]",
    "too_short": "this list has too few entries",
    "too_long": "this list has too many entries",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "union_tag_not_found": "the member that says which form this is, is missing",
    "union_tag_invalid": "the member that says which form this is, is not one of the allowed words",
}

# Of a list whose entries are wrong, pydantic also says that it is too short, or is not the word `unknown`.
_ECHOES: Final = frozenset({"literal_error", "too_short"})

_PATTERN_REASONS: Final[Mapping[str, str]] = {
    LINE_PATTERN: "this must be one line with something in it, without control characters",
    TEXT_PATTERN: "this must have something in it, and no control characters but line breaks",
    AGENCY_PATTERN: "write the agency's id from the register, such as marac.area.example/agency/housing",
    OFFICER_PATTERN: "write the officer's id from the register, such as marac.area.example/officer/7f3k2m9q",
    PARTY_PATTERN: "write an agency's or an office's id from the register, such as marac.area.example/office/chair-1",
    MESSAGE_PATTERN: "write the message's id, as its manifest gives it",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where, as a JSON pointer of our own member names, and why, as a fixed phrase."""

    pointer: str
    reason: str


class DocumentInvalid(Exception):
    """The text is not a document of this type. Safe to log and to show: it never repeats the input.

    pointer, reason   of the first problem
    problems          all of them, at most 50, one a pointer
    """

    def __init__(self, pointer: str, reason: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(pointer, reason)
        self.pointer = pointer
        self.reason = reason
        self.problems = tuple(problems) or (Problem(pointer, reason),)

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'}: {self.reason}"


def broken_rule(pointer: str, reason: str) -> PydanticCustomError:
    """Return the error a validator raises; `pointer` is relative to the model, `reason` a constant phrase."""
    return PydanticCustomError(RULE, "a rule is broken", {"pointer": pointer, "reason": reason})


def problems_in(error: ValidationError, content: object) -> tuple[Problem, ...]:
    """Return the problems that pydantic found in `content`, the parsed JSON; the first at each pointer stands."""
    first_at: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        pointer = _pointer(detail, content)
        if not (detail["type"] in _ECHOES and any(found.startswith(f"{pointer}/") for found in first_at)):
            first_at.setdefault(pointer, _reason(detail))
    return tuple(Problem(pointer, reason) for pointer, reason in list(first_at.items())[:MAX_PROBLEMS])


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == RULE:
        return str(context["reason"])
    if detail["type"] == "string_pattern_mismatch":
        return _PATTERN_REASONS.get(str(context.get("pattern")), _OTHERWISE)
    return _REASONS.get(detail["type"], _OTHERWISE)


def _pointer(detail: ErrorDetails, content: object) -> str:
    location = detail["loc"]
    if detail["type"] == "extra_forbidden":
        location = location[:-1]  # the last step is the sender's own word
    steps: list[str] = []
    for step in location:
        found, inner = _step_into(content, step)
        # Pydantic also names the branches of unions it tried; those are no members of the JSON.
        if found or (detail["type"] == "missing" and step == location[-1]):
            steps.append(f"/{step}")
            content = inner
    rule = str(detail.get("ctx", {}).get("pointer", "")) if detail["type"] == RULE else ""
    return "".join(steps) + rule


def _step_into(content: object, step: str | int) -> tuple[bool, object]:
    if isinstance(content, dict) and step in content:
        return True, content[step]
    if isinstance(content, list) and isinstance(step, int) and step < len(content):
        return True, content[step]
    return False, content
