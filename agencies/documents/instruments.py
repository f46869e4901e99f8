"""Risk checklists as completed: instrument, version and every answer, never a bare score.

The subjects are in our own words, because the published wording is copyright; who asks has the real form at hand.
Source: domain.md, "Referral".
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from agencies.documents.document import Part
from agencies.documents.fields import UNKNOWN, Known, Line, Text
from agencies.documents.invalid import broken_rule

YesNo = Literal["yes", "no", "dont_know"]

Frequency = Literal["never", "occasionally", "often", "all_the_time", "yes", "no", "dont_know"]
"""How often, for what DARA asks about behaviour; `yes` or `no` where it asks for a fact."""

DASH_24_SUBJECTS: Final = (
    "injury", "fear", "what is feared", "isolation", "depression or suicidal thoughts", "separation",
    "child contact conflict", "stalking", "pregnancy or new baby", "more frequent", "worse", "control or jealousy",
    "weapons", "threats to kill", "strangling or choking", "sexual harm", "another person feared", "hurt others",
    "animals", "money", "drugs, alcohol or mental health", "perpetrator suicide", "breached orders", "police trouble",
)  # fmt: skip

DASH_27_SUBJECTS: Final = (
    *DASH_24_SUBJECTS[:9], "stepchildren or dependants", "hurt children", "threats to kill children",
    *DASH_24_SUBJECTS[9:],
)  # fmt: skip

MAX_DARA_ANSWERS: Final = 40


class Answer(Part):
    """The answer to one question of a Dash checklist, by the question's number."""

    number: Annotated[int, Field(ge=1, le=27)]
    answer: YesNo
    note: Text | None = None


class DaraAnswer(Part):
    """The answer to one question of DARA, by the question's number."""

    number: Annotated[int, Field(ge=1, le=MAX_DARA_ANSWERS)]
    answer: Frequency
    note: Text | None = None


def _numbered(answers: Sequence[Answer | DaraAnswer], count: int) -> None:
    if [answer.number for answer in answers] != list(range(1, count + 1)):
        raise broken_rule("", f"every question must be answered once, in order: numbers 1 to {count}")


def _all_24(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    _numbered(answers, 24)
    return answers


def _all_27(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    _numbered(answers, 27)
    return answers


def _without_gaps(answers: tuple[DaraAnswer, ...]) -> tuple[DaraAnswer, ...]:
    _numbered(answers, len(answers))
    return answers


class _Completed(Part):
    version: Line
    completed_on: Known[date] = UNKNOWN
    completed_by: Known[Line] = UNKNOWN


class _Dash(_Completed):
    answers: tuple[Answer, ...]

    @property
    def visible_high_risk_ticks(self) -> int:
        """How many questions were answered `yes`."""
        return sum(answer.answer == "yes" for answer in self.answers)


class SafeLivesDash24(_Dash):
    """The SafeLives Dash risk checklist, 24 questions."""

    instrument: Literal["safelives_dash_24"] = "safelives_dash_24"
    answers: Annotated[tuple[Answer, ...], AfterValidator(_all_24)]


class PoliceDash27(_Dash):
    """The police Dash (2009), 27 questions."""

    instrument: Literal["police_dash_27"] = "police_dash_27"
    answers: Annotated[tuple[Answer, ...], AfterValidator(_all_27)]


class Dara(_Completed):
    """The College of Policing's DARA: used by the police alone; its versions differ in how much they ask."""

    instrument: Literal["dara"] = "dara"
    answers: Annotated[
        tuple[DaraAnswer, ...], Field(min_length=1, max_length=MAX_DARA_ANSWERS), AfterValidator(_without_gaps)
    ]
    assessed_risk: Literal["standard", "medium", "high"]


Instrument = Annotated[SafeLivesDash24 | PoliceDash27 | Dara, Field(discriminator="instrument")]

_SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "safelives_dash_24": DASH_24_SUBJECTS,
    "police_dash_27": DASH_27_SUBJECTS,
}


def subject_of(instrument: str, number: int) -> str | None:
    """Return what question `number` (from 1) of `instrument` is about; None for DARA, whose subjects we do not hold."""
    subjects = _SUBJECTS.get(instrument, ())
    return subjects[number - 1] if 1 <= number <= len(subjects) else None
