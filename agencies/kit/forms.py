"""Messages written by hand, each as one JSON file (a referral: `marac refer FILE`), and the examples to start from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import JsonValue

from agencies.documents.document import MAX_DOCUMENT_BYTES, Document, parse_content, read_json
from agencies.documents.exclusions import Exclusions
from agencies.documents.instruments import subject_of
from agencies.documents.invalid import DocumentInvalid, Problem
from agencies.documents.referral import Referral
from agencies.documents.safe_contact import SafeContact
from agencies.documents.table import DOCUMENTS
from agencies.kit.example_referral import example_referral, example_safe_contact
from agencies.kit.examples import EXAMPLES
from agencies.kit.mistakes import in_detail, names_of, syntax_mistake

_COMMENT: Final = "_"  # members whose name begins so are remarks to whoever fills the form in
_MEMBERS: Final = ("referral", "safe_contact", "exclusions")

_VERSION: Final = "1.0"  # of every kind that is written here

_BEGIN: Final = "Replace the made-up answers. Members that begin with _ are remarks and are not sent."
_READ_ME: Final = (
    _BEGIN,
    'Leave out what you do not know, or write "unknown": nothing is refused for being incomplete.',
    "Needed: who refers, any one identifier of the victim, one ground, one completed checklist.",
    "Who must not learn of this (the perpetrator may work for an agency) belongs in exclusions.",
    "Where the victim can safely be reached belongs in safe_contact, and nowhere else.",
)

_EXCLUSIONS: Final = (
    "ids of agencies and officers: marac register list --officers",
    'agencies: such as {"agency": "marac.area.example/agency/leisure", "reason": "He works there."}',
    'officers: such as {"officer": "marac.area.example/officer/7f3k2m9q", "reason": "His sister."}',
    'people in words: such as {"person": "His cousin, who volunteers at a drop-in centre"}; then nobody but the',
    "coordinator can open the referral until the coordinator has dealt with it.",
)

D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class ReferralForm:
    """The three documents of a referral, as somebody wrote them. Personal: not shown in its repr."""

    referral: Referral = field(repr=False)
    safe_contact: SafeContact = field(repr=False)
    exclusions: Exclusions = field(repr=False)

    @property
    def documents(self) -> Mapping[str, Document]:
        """The documents under the names, and in the order, that the kind declares."""
        return {"referral": self.referral, "safe-contact": self.safe_contact, "exclusions": self.exclusions}


class FormInvalid(Exception):
    """The file is not such a form; `problems` say where, and what to do.

    For whoever wrote the file: of its words, the names of members that do not belong there are repeated, no more.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(f"{problem.pointer or 'the file'}: {problem.reason}" for problem in self.problems)


def load_form(path: Path) -> ReferralForm:
    """Return the referral form in the file at `path` (UTF-8). Raises FormInvalid, OSError if it cannot be read."""
    return parse_form(_read(path))


def load_message(kind: str, path: Path) -> Document:
    """Return what the file at `path` (UTF-8) says, as the one document of `kind`.

    Raises FormInvalid, OSError if it cannot be read, KeyError as `parse_message` does.
    """
    return parse_message(kind, _read(path))


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(3 * MAX_DOCUMENT_BYTES)
    line = 0
    try:
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
    if line:  # raised outside the handler: the error carries the whole text, and would stay as the context
        raise FormInvalid((Problem("", f"save this file as plain text in UTF-8; line {line} is not"),))
    return text


def parse_form(text: str) -> ReferralForm:
    """Return the form that `text` holds: an object of `referral`, and perhaps `safe_contact` and `exclusions`.

    Raises FormInvalid with every problem in it.
    """
    members = _members(text)
    problems: list[Problem] = []
    referral = _part(Referral, "referral", members, problems)
    safe_contact = _part(SafeContact, "safe_contact", members, problems)
    exclusions = _part(Exclusions, "exclusions", members, problems)
    if referral is None or safe_contact is None or exclusions is None:
        raise FormInvalid(tuple(problems))
    return ReferralForm(referral, safe_contact, exclusions)


def parse_message(kind: str, text: str) -> Document:
    """Return the one document of `kind` (any but a referral) that `text` holds, remarks left out.

    Raises FormInvalid with every problem in it, KeyError for a kind that is not in agencies/documents/table.py.
    """
    problems: list[Problem] = []
    document = _document(DOCUMENTS[kind][_VERSION][kind], _object(text), "", problems)
    if document is None:
        raise FormInvalid(tuple(problems))
    return document


def example(kind: str = "referral") -> str:
    """Return a form of `kind` to start from, about made-up people; it parses as it is.

    Raises KeyError for a kind that is not in agencies/documents/table.py.
    """
    if kind == "referral":
        return _as_form(_referral_form())
    of_kind = EXAMPLES[kind]
    return _as_form({"_read_me": (_BEGIN, *of_kind.remarks), **_as_written(of_kind.document())})


def _referral_form() -> dict[str, object]:
    referral = _as_written(example_referral())
    for instrument in referral["instruments"]:
        instrument["answers"] = [_with_subject(instrument["instrument"], answer) for answer in instrument["answers"]]
    return {
        "_read_me": _READ_ME,
        "referral": referral,
        "safe_contact": _as_written(example_safe_contact()),
        "exclusions": {"_read_me": _EXCLUSIONS, **_as_written(Exclusions())},
    }


def _as_written(document: Document) -> dict[str, Any]:
    """Return the members of a first version: why a later one corrects it, the command is told."""
    return document.model_dump(mode="json", exclude={"correction"})


def _as_form(form: Mapping[str, object]) -> str:
    return json.dumps(form, indent=2, ensure_ascii=False) + "\n"


def _members(text: str) -> Mapping[str, JsonValue]:
    form = _object(text)
    if not form.keys() <= set(_MEMBERS):
        strangers = names_of(form.keys() - set(_MEMBERS))
        raise FormInvalid((Problem("", f"{strangers}: only these members belong here: {', '.join(_MEMBERS)}"),))
    return form


def _object(text: str) -> dict[str, JsonValue]:
    problem: Problem | None = None
    try:
        form = _without_comments(read_json(text))
    except DocumentInvalid as invalid:
        problem = invalid.problems[0]
        if len(text) <= MAX_DOCUMENT_BYTES:  # a longer one was cut where we stopped reading
            problem = Problem(problem.pointer, syntax_mistake(text) or problem.reason)
    except RecursionError:
        problem = Problem("", "this is nested too deeply")
    if problem is not None:
        raise FormInvalid((problem,))
    if not isinstance(form, dict):
        raise FormInvalid((Problem("", "write one object, in { }; --example prints one"),))
    return form


def _without_comments(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _without_comments(item) for name, item in value.items() if not name.startswith(_COMMENT)}
    if isinstance(value, list):
        return [_without_comments(item) for item in value]
    return value


def _part(model_type: type[D], name: str, members: Mapping[str, JsonValue], problems: list[Problem]) -> D | None:
    return _document(model_type, members.get(name, {}), f"/{name}", problems)


def _document(model_type: type[D], content: JsonValue, under: str, problems: list[Problem]) -> D | None:
    try:
        return parse_content(model_type, json.dumps(content, ensure_ascii=False))
    except DocumentInvalid as invalid:
        found = in_detail(model_type, content, invalid.problems)
    problems += (Problem(f"{under}{problem.pointer}", problem.reason) for problem in found)
    return None


def _with_subject(instrument: str, answer: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"number": answer["number"], "_about": subject_of(instrument, int(str(answer["number"])))} | answer
