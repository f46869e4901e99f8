"""Documents as JSON text: a salt first, then exactly the members of the model. Format: formats.md, section 4."""

import base64
import json
import re
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from agencies.documents.fields import UNKNOWN, Line
from agencies.documents.invalid import DocumentInvalid, Problem, problems_in
from crypto.draw import draw_salt

MAX_DOCUMENT_BYTES: Final = 262_144
SALT_PATTERN: Final = (
    "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="  # 32 bytes; the last two bits are zero, as strict base64 asks
)

_WS: Final = r"[ \t\r\n]*"
_SALTED: Final = re.compile(rf'{_WS}\{{{_WS}"salt"{_WS}:{_WS}"{SALT_PATTERN}"{_WS}(?:,|(?=\}}))')


class Part(BaseModel):
    """A frozen, strict piece of a document. Its repr shows its type alone: what it holds is personal."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    def __repr_args__(self) -> list[tuple[str | None, object]]:
        return []


class Document(Part):
    """What is said in one message, without its salt.

    correction  why it takes the place of an earlier message; there in a correction, and only there
    """

    correction: Line | None = None  # a line: in no kind is it room for a story

    @property
    def chosen(self) -> frozenset[str]:
        """The register ids of those whom the sender named as meant; empty where a kind names nobody."""
        return frozenset()

    def incomplete_fields(self) -> list[str]:
        """Return JSON pointers to every field that is `unknown`: for a flag, never for a refusal."""
        return unknown_fields(self)


D = TypeVar("D", bound=Document)


def encode_document(document: Document) -> str:
    """Return `document` as compact JSON text with a freshly drawn salt as its first member.

    Two calls never return the same text; sign and send the one you were given.
    Raises DocumentInvalid if the text is larger than MAX_DOCUMENT_BYTES.
    """
    salt = base64.b64encode(draw_salt()).decode("ascii")
    text = f'{{"salt":"{salt}",{document.model_dump_json()[1:]}'
    if len(text.encode()) > MAX_DOCUMENT_BYTES:
        raise DocumentInvalid("", "the document is too large")
    return text


def parse_document(model_type: type[D], text: str) -> D:
    """Return the document that `text` holds, its salt checked and left behind.

    Raises DocumentInvalid, without the text in it or in its causes.
    Source: formats.md, section 4.
    """
    content = read_json(text)
    salted = _SALTED.match(text)
    if salted is None:
        raise DocumentInvalid("/salt", "the first member must be `salt`: 32 bytes in base64")
    if isinstance(content, dict):
        content.pop("salt")
    return _validate(model_type, "{" + text[salted.end() :], content)


def parse_content(model_type: type[D], text: str) -> D:
    """Return the document whose members, without a salt, `text` holds. Raises DocumentInvalid."""
    return _validate(model_type, text, read_json(text))


def read_json(text: str) -> JsonValue:
    """Return the JSON value that `text` holds; no duplicate member names, no NaN, no lone surrogates.

    Raises DocumentInvalid.
    """
    value = _load(text)
    # Raised outside the handler: a JSONDecodeError carries the whole text, and would stay as the context.
    if isinstance(value, Problem):
        raise DocumentInvalid(value.pointer, value.reason)
    return value


def unknown_fields(part: Part, under: str = "") -> list[str]:
    """Return JSON pointers, each beginning with `under`, to every field of `part` that is `unknown`."""
    return [
        pointer for name in type(part).model_fields for pointer in _unknown_in(getattr(part, name), f"{under}/{name}")
    ]


def document_schema(model_type: type[Document]) -> dict[str, JsonValue]:
    """Return the JSON Schema (2020-12) of the text of a document: that of its model, with the salt."""
    schema: dict[str, JsonValue] = model_type.model_json_schema()
    members, required = schema["properties"], schema.get("required", [])
    if not isinstance(members, dict) or not isinstance(required, list):  # pragma: no cover - pydantic's own promise
        raise TypeError("a model's schema describes an object")
    salt: JsonValue = {"type": "string", "pattern": f"^{SALT_PATTERN}$", "description": "32 random bytes, base64"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "properties": {"salt": salt, **members},
        "required": ["salt", *required],
    }


def _load(text: str) -> JsonValue | Problem:
    if len(text) > MAX_DOCUMENT_BYTES:
        return Problem("", "the document is too large")
    try:
        if len(text.encode()) > MAX_DOCUMENT_BYTES:
            return Problem("", "the document is too large")
        value: JsonValue = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
        return value
    except RecursionError:
        return Problem("", "this is nested too deeply")
    except ValueError:
        return Problem("", "this is not valid JSON")


def _distinct(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    value = dict(members)
    if len(value) != len(members):
        raise DocumentInvalid("", "a member name appears twice in one object")
    return value


def _no_constant(_: str) -> JsonValue:
    raise DocumentInvalid("", "this is not valid JSON")


def _validate(model_type: type[D], text: str, content: JsonValue) -> D:
    try:
        return model_type.model_validate_json(text)
    except ValidationError as error:
        problems = problems_in(error, content)
    raise DocumentInvalid(problems[0].pointer, problems[0].reason, problems)


def _unknown_in(value: object, pointer: str) -> list[str]:
    if isinstance(value, Part):
        return unknown_fields(value, pointer)
    if isinstance(value, tuple):
        return [found for index, item in enumerate(value) for found in _unknown_in(item, f"{pointer}/{index}")]
    return [pointer] if value == UNKNOWN else []
