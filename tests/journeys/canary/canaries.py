"""Canaries: random strings that stand nowhere else, put into every personal field that a document's schema has."""

import json
import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from agencies.documents.document import Document
from agencies.documents.fields import AGENCY_PATTERN, OFFICER_PATTERN
from agencies.documents.instruments import DASH_24_SUBJECTS

_ACCENTED = "āčďęģķłńőřšťůŵžαβγδεζηθλξπφχψωбгджзийлфцчшщъыэюя"
_WORDS_FOR_US = {"ground", "instrument", "source", "received_by", "answer", "assessed_risk"}


@dataclass
class Canaries:
    """The canaries of one run. All share three marks, so that one search finds them all.

    plain     16 letters: short enough, and plain enough, for any name, word, path or field of a request
    accented  12 letters beyond ASCII, which encodings treat differently
    day       a date of birth that nobody has
    """

    seed: int
    plain: str = field(init=False)
    accented: str = field(init=False)
    day: str = field(init=False)
    _drawn: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        drawn = random.Random(self.seed)
        self.plain = "".join(drawn.choices(string.ascii_lowercase, k=16))
        self.accented = "".join(drawn.choices(_ACCENTED, k=12))
        self.day = f"{drawn.randint(1001, 1799)}-{drawn.randint(1, 12):02}-{drawn.randint(1, 28):02}"

    def line(self) -> str:
        """Return a fresh canary: either half of it alone would be found."""
        return f"{self.word()} {self.accented} {self.plain}"

    def word(self) -> str:
        """Return a fresh canary of 20 plain letters."""
        self._drawn += 1
        letters = string.ascii_lowercase
        number = "".join(letters[self._drawn // 26**power % 26] for power in (3, 2, 1, 0))
        return self.plain + number

    def text(self, length: int) -> str:
        """Return canaries one after the other, `length` characters in all."""
        lines = (self.line() for _ in range(length // len(self.line()) + 1))
        return "\n".join(lines)[: length - 1] + "."


@dataclass(frozen=True)
class Filler:
    """Fills documents by their JSON schema, so that a field added tomorrow has its canary too.

    ids     what an agency's or officer's id is to be, by its pattern
    length  of each long text; 0 for a line
    """

    canaries: Canaries
    ids: Mapping[str, str]
    length: int = 0

    def fill(self, model: type[Document], **members: JsonValue) -> Document:
        """Return a document with a canary in every free field; `members` are set as given.

        It corrects nothing unless they say so: a reason for a correction is refused in anything else.
        """
        schema = model.model_json_schema()
        content = self._object(schema, schema.get("$defs", {}))
        return model.model_validate_json(json.dumps(content | {"correction": None} | members))

    def _value(self, schema: Mapping[str, Any], known: Mapping[str, Any]) -> JsonValue:
        if "$ref" in schema:
            return self._value(known[schema["$ref"].rpartition("/")[2]], known)
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._value(schema[union][0], known)
        if "const" in schema or "enum" in schema:
            allowed: list[JsonValue] = [schema["const"]] if "const" in schema else schema["enum"]
            return allowed[0]
        if schema["type"] == "object":
            return self._object(schema, known)
        if schema["type"] == "array":
            return [self._value(schema["items"], known)]
        if schema["type"] == "string":
            return self._string(schema)
        return True if schema["type"] == "boolean" else int(schema.get("minimum", 0))

    def _object(self, schema: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, JsonValue]:
        return {name: self._value(member, known) for name, member in schema["properties"].items()}

    def _string(self, schema: Mapping[str, Any]) -> str:
        if schema.get("format") == "date":
            return self.canaries.day
        pattern = schema["pattern"]
        if pattern in self.ids:
            return self.ids[pattern]
        longest = schema["maxLength"]
        return self.canaries.text(min(self.length, longest)) if longest >= self.length > 200 else self.canaries.line()


def ids(agency: str, officer: str) -> Mapping[str, str]:
    """Return what a Filler writes where a register id is asked for."""
    return {AGENCY_PATTERN: agency, OFFICER_PATTERN: officer}


def dash(canaries: Canaries, ticks: int) -> JsonValue:
    """Return a Dash checklist with a canary in every note, `ticks` questions answered yes."""
    answers: list[JsonValue] = [
        {"number": number, "answer": "yes" if number <= ticks else "no", "note": canaries.line()}
        for number in range(1, len(DASH_24_SUBJECTS) + 1)
    ]
    completed: dict[str, JsonValue] = {"completed_on": canaries.day, "completed_by": canaries.line()}
    return {"instrument": "safelives_dash_24", "version": "2014", **completed, "answers": answers}


def grounds(canaries: Canaries) -> JsonValue:
    """Return every ground that a housing officer may name, each with its reasons."""
    return [
        {"ground": "visible_high_risk"},
        {
            "ground": "professional_judgement",
            "reasons": canaries.line(),
            "manager": canaries.line(),
            "disagreement": canaries.line(),
        },
        {"ground": "potential_escalation", "incidents_in_12_months": 3, "incidents": canaries.line()},
        {"ground": "marac_repeat", "last_referral": canaries.line(), "incidents": canaries.line()},
    ]


def free_texts(document: Document) -> list[str]:
    """Return every text of a document that a sender is free to choose, except what chooses a form."""
    return list(_texts(document.model_dump(mode="json")))


def _texts(value: JsonValue, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in _texts(inner, key)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner, name)]
    return [value] if isinstance(value, str) and name not in _WORDS_FOR_US else []
