"""A made-up message of each kind but the referral, to start from; agencies/kit/forms.py prints them as forms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from agencies.documents.case_note import CaseNote
from agencies.documents.chair_decision import ChairDecision
from agencies.documents.document import Document
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.lookup import Lookup
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.person import Named, Person
from agencies.documents.research_request import ResearchRequest, Sought
from agencies.documents.research_return import Item, ResearchReturn
from agencies.documents.reuse_consent import ReuseConsent
from agencies.documents.reuse_request import ReuseRequest
from agencies.documents.staff_risk import AboutWhom, StaffRisk
from agencies.documents.triage import Triage

_HOUSING: Final = "marac.area.example/agency/housing"
_POLICE: Final = "marac.area.example/agency/police"
_CHAIR: Final = "marac.area.example/office/chair-1"
_MESSAGE: Final = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"
_IDS: Final = "ids in to: marac register list"
_MESSAGES: Final = "messages: the id of each message that this is about"


@dataclass(frozen=True, slots=True)
class Example:
    """A document to start from, and what whoever fills it in should know."""

    document: Callable[[], Document]
    remarks: tuple[str, ...]


def _research_request() -> Document:
    return ResearchRequest(
        to=(_HOUSING, _POLICE),
        needed_by=date(2026, 11, 30),
        meeting_on=date(2026, 12, 2),
        people=(
            Sought(
                role="victim",
                name="Alex Invented",
                aliases=("Lex",),
                date_of_birth=date(1990, 4, 1),
                addresses=("1 Nowhere Street\nExampleton", "3 Formerly Road\nExampleton"),
            ),
            Sought(role="perpetrator", name="Sam Fictional"),
        ),
    )


def _research_return() -> Document:
    told = "Neighbours reported shouting and a broken door."
    opinion = "She would accept a move out of the town."
    return ResearchReturn(
        outcome="information",
        items=(
            Item(nature="fact", text=told, source="tenancy file", on=date(2026, 9, 14)),
            Item(nature="professional_opinion", text=opinion, source="tenancy officer", on=date(2026, 11, 19)),
        ),
        relevant=True,
        necessary=True,
        proportionate=True,
    )


def _case_note() -> Document:
    text = "He asked at the reception desk where she lives now. He was told nothing."
    return CaseNote(to=(_POLICE,), sort="event", nature="fact", on=date(2026, 11, 24), text=text)


def _staff_risk() -> Document:
    return StaffRisk(
        about=AboutWhom(role="perpetrator", name="Sam Fictional", address="3 Formerly Road\nExampleton"),
        risk="He has threatened staff with a knife. There is a loose dog.",
        precautions="Do not visit alone.",
    )


def _flag_and_tag() -> Document:
    return FlagAndTag(
        victim=Named(name="Alex Invented", aliases=("Lex",), date_of_birth=date(1990, 4, 1)),
        perpetrators=(Named(name="Sam Fictional"),),
        reason="moved_here_not_high",
        flagged_until=date(2027, 11, 20),
    )


def _chair_decision() -> Document:
    reason = "A student social worker may listen; both families agreed that she has no tie to them."
    return ChairDecision(decision="observer", reason=reason, concerns=(_HOUSING,), until=date(2026, 12, 2))


def _lookup() -> Document:
    person = Person(name="Alex Invented", date_of_birth=date(1990, 4, 1), address="1 Nowhere Street\nExampleton")
    return Lookup(person=person, reason="She told us today that she is afraid to go home.", asker_role="school nurse")


def _lookup_answer() -> Document:
    return LookupAnswer(to=(_HOUSING,), answer="telephone_me", text="Please ask for the duty coordinator.")


def _triage() -> Document:
    return Triage(outcome="more_information", text="Which of her addresses does he know?")


def _reuse_request() -> Document:
    return ReuseRequest(
        to=(_POLICE, _CHAIR),
        messages=(_MESSAGE,),
        purpose="The family court asked for a statement on the damaged door.",
        lawful_basis="court_order",
    )


def _reuse_consent() -> Document:
    conditions = "The date and the damage alone; nothing of what the neighbours said."
    return ReuseConsent(to=(_HOUSING,), messages=(_MESSAGE,), agreed=True, conditions=conditions)


EXAMPLES: Final[Mapping[str, Example]] = MappingProxyType(
    {
        "research-request": Example(
            _research_request,
            (
                _IDS,
                "Of each person no more than what a search needs: leave out whom nothing identifies.",
                "Never an address where the victim is safe: those asked need not know of it.",
            ),
        ),
        "research-return": Example(
            _research_return,
            (
                'outcome: "information", or "nothing_known" with no items.',
                "Write true for relevant, necessary and proportionate only if all that you send is so.",
            ),
        ),
        "case-note": Example(
            _case_note,
            (
                _IDS,
                "sort: information, event, contact or change_of_circumstances; nature: fact or professional_opinion",
            ),
        ),
        "staff-risk": Example(
            _staff_risk, ("The risk and what to do about it, no more: all who work with any of the people get this.",)
        ),
        "flag-and-tag": Example(
            _flag_and_tag, ('reason: "moved_here_not_high", or "other" with other_reason in words.',)
        ),
        "chair-decision": Example(
            _chair_decision,
            (
                "decision: marac_plus, observer, reuse, adjourn, minutes_approved or other",
                "concerns: ids of agencies (for an officer, theirs); leave it out if it is for the coordinator alone",
            ),
        ),
        "lookup": Example(_lookup, ("Any one identifier is enough. Do not wait for the answer before you refer.",)),
        "lookup-answer": Example(_lookup_answer, (_IDS, "answer: known, not_known or telephone_me")),
        "triage": Example(
            _triage, ("outcome: accepted, or more_information or advice_given with text that says which.",)
        ),
        "reuse-request": Example(
            _reuse_request,
            (
                f"{_IDS}; those whose messages they are, and the chair for what was learned at a meeting",
                _MESSAGES,
                "lawful_basis: consent, legal_duty, court_order, vital_interests, public_task or law_enforcement",
            ),
        ),
        "reuse-consent": Example(_reuse_consent, (_IDS, _MESSAGES, "agreed: true or false")),
    },
)
"""By kind, each as its sender might write it: made-up people, ids that no register holds."""
