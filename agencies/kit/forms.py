"""A referral written by hand as one JSON file, for `marac refer FILE`, and the example to start from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from pydantic import JsonValue

from agencies.documents.document import MAX_DOCUMENT_BYTES, Document, parse_content, read_json
from agencies.documents.exclusions import Exclusions
from agencies.documents.grounds import ProfessionalJudgement
from agencies.documents.instruments import Answer, SafeLivesDash24, subject_of
from agencies.documents.invalid import DocumentInvalid, Problem
from agencies.documents.person import Perpetrator, SeenPerson, Victim
from agencies.documents.referral import Referral, Referrer
from agencies.documents.safe_contact import SafeContact
from agencies.kit.mistakes import in_detail, names_of, syntax_mistake

_COMMENT: Final = "_"  # members whose name begins so are remarks to whoever fills the form in
_MEMBERS: Final = ("referral", "safe_contact", "exclusions")

_READ_ME: Final = (
    "Replace the made-up answers. Members that begin with _ are remarks and are not sent.",
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
    """The file is not a referral form; `problems` say where, and what to do.

    For whoever wrote the file: of its words, the names of members that do not belong there are repeated, no more.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(f"{problem.pointer or 'the file'}: {problem.reason}" for problem in self.problems)


def load_form(path: Path) -> ReferralForm:
    """Return the form in the file at `path` (UTF-8). Raises FormInvalid, OSError if it cannot be read."""
    with path.open("rb") as file:
        content = file.read(3 * MAX_DOCUMENT_BYTES)
    line = 0
    try:
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
    if line:  # raised outside the handler: the error carries the whole text, and would stay as the context
        raise FormInvalid((Problem("", f"save this file as plain text in UTF-8; line {line} is not"),))
    return parse_form(text)


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


def example() -> str:
    """Return a form to start from, about made-up people; it parses as it is."""
    referral = _example_referral().model_dump(mode="json")
    for instrument in referral["instruments"]:
        instrument["answers"] = [_with_subject(instrument["instrument"], answer) for answer in instrument["answers"]]
    form = {
        "_read_me": _READ_ME,
        "referral": referral,
        "safe_contact": _example_safe_contact().model_dump(mode="json"),
        "exclusions": {"_read_me": _EXCLUSIONS, **Exclusions().model_dump(mode="json")},
    }
    return json.dumps(form, indent=2, ensure_ascii=False) + "\n"


def _members(text: str) -> Mapping[str, JsonValue]:
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
        raise FormInvalid((Problem("", "write one object, in { }; `marac refer --example` prints one"),))
    if not form.keys() <= set(_MEMBERS):
        strangers = names_of(form.keys() - set(_MEMBERS))
        raise FormInvalid((Problem("", f"{strangers}: only these members belong here: {', '.join(_MEMBERS)}"),))
    return form


def _without_comments(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _without_comments(item) for name, item in value.items() if not name.startswith(_COMMENT)}
    if isinstance(value, list):
        return [_without_comments(item) for item in value]
    return value


def _part(model_type: type[D], name: str, members: Mapping[str, JsonValue], problems: list[Problem]) -> D | None:
    content = members.get(name, {})
    try:
        return parse_content(model_type, json.dumps(content, ensure_ascii=False))
    except DocumentInvalid as invalid:
        found = in_detail(model_type, content, invalid.problems)
    problems += (Problem(f"/{name}{problem.pointer}", problem.reason) for problem in found)
    return None


def _with_subject(instrument: str, answer: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"number": answer["number"], "_about": subject_of(instrument, int(str(answer["number"])))} | answer


def _example_referral() -> Referral:
    return Referral(
        referrer=Referrer(
            source="housing",
            agency="Exampleton Housing (made up)",
            contact="Robin Placeholder",
            role="tenancy officer",
            telephone="01632 960001",
            email="robin@housing.example",
        ),
        identified_on=date(2026, 11, 20),
        victim=Victim(
            name="Alex Invented",
            aliases=("Lex",),
            date_of_birth=date(1990, 4, 1),
            address="1 Nowhere Street\nExampleton",
            telephone="01632 960002",
            first_language="English",
            interpreter_needed=False,
        ),
        perpetrators=(Perpetrator(name="Sam Fictional", relationship_to_victim="former partner"),),
        children=(SeenPerson(name="Charlie Invented", relationship_to_victim="child"),),
        grounds=(
            ProfessionalJudgement(
                reasons="She plans to leave this week, and he has found her twice before.",
                manager_consulted=True,
                manager="Jo Placeholder",
            ),
        ),
        instruments=(_example_dash(),),
        circumstances="He came to the flat on 18 November and damaged the door.",
        victim_aware=True,
        consent=False,
        reason_without_consent="High risk of serious harm to her and to the child.",
    )


def _example_dash() -> SafeLivesDash24:
    ticked = {1, 2, 4, 6, 8, 11, 12, 14}
    answers = (Answer(number=number, answer="yes" if number in ticked else "dont_know") for number in range(1, 25))
    return SafeLivesDash24(version="2014", completed_on=date(2026, 11, 20), answers=tuple(answers))


def _example_safe_contact() -> SafeContact:
    return SafeContact(
        safe_telephone="01632 960003",
        safe_to_call=True,
        safe_to_leave_a_message=False,
        safe_times="Tuesdays and Thursdays, 10 to 12",
        contact_through="her sister, Kit Invented",
    )
