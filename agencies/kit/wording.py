"""How documents are worded for people: titles, what a field is called, and the words that stand for our codes."""

from collections.abc import Mapping
from datetime import date
from typing import Final, get_args

from agencies.documents.case_note import NoteSort
from agencies.documents.chair_decision import Decision
from agencies.documents.fields import UNKNOWN, Nature
from agencies.documents.flag_and_tag import FlagReason
from agencies.documents.instruments import Frequency
from agencies.documents.lookup_answer import Answered
from agencies.documents.person import Ethnicity, Gender, SexualOrientation
from agencies.documents.referral import Source
from agencies.documents.research_return import Found
from agencies.documents.reuse_request import LawfulBasis
from agencies.documents.triage import TriageOutcome

TITLES: Final[Mapping[str, str]] = {
    "referral": "REFERRAL TO MARAC",
    "safe-contact": "SAFE CONTACT",
    "exclusions": "EXCLUSIONS: WHO MUST NOT GET THIS CASE",
    "research-request": "RESEARCH REQUEST",
    "research-return": "RESEARCH RETURN",
    "case-note": "CASE NOTE",
    "staff-risk": "RISK TO STAFF",
    "flag-and-tag": "FLAG AND TAG",
    "chair-decision": "DECISION OF THE CHAIR",
    "lookup": "HAS THIS PERSON BEEN REFERRED ALREADY?",
    "lookup-answer": "ANSWER TO A LOOK-UP",
    "triage": "TRIAGE BY THE IDVA SERVICE",
    "reuse-request": "REQUEST TO USE INFORMATION FOR ANOTHER PURPOSE",
    "reuse-consent": "ANSWER TO A REQUEST FOR REUSE",
}

_LABELS: Final[Mapping[str, str]] = {
    "agency_id": "Id of the agency",
    "correction": "Why it was corrected",
    "others_seen": "Others the perpetrator sees",
    "victim_fears": "Whom the victim fears",
    "wishes": "The victim's wishes",
    "previous_marac": "Previous MARAC",
    "previous_marac_detail": "Previous MARAC, detail",
    "victim_aware": "Victim is aware of the referral",
    "victim_unaware_reason": "Why the victim is not aware",
    "consent": "Victim consents to sharing",
    "reason_without_consent": "Reason for sharing without consent",
    "sergeant_agreement": "MASH detective sergeant",
    "received_by": "Received by",
    "incidents_in_12_months": "Incidents in 12 months",
    "nature": "Fact or opinion",
    "sort": "Kind of note",
    "addresses": "Address",
    "asker_role": "Role of who asks",
}

_WORDS: Final[Mapping[str, str]] = {
    word: word.replace("_", " ")
    for literal in (
        Source, Gender, Ethnicity, SexualOrientation, Frequency, Nature, Found, NoteSort, FlagReason, Decision,
        Answered, TriageOutcome, LawfulBasis,
    )
    for word in get_args(literal)
} | {
    "visible_high_risk": "visible high risk",
    "professional_judgement": "professional judgement",
    "potential_escalation": "potential escalation",
    UNKNOWN: "not known",
    "safelives_dash_24": "SafeLives Dash, 24 questions",
    "police_dash_27": "police Dash, 27 questions",
    "dara": "DARA",
    "dara_high": "DARA high",
    "marac_repeat": "MARAC repeat",
    "childrens_social_care": "children's social care",
    "idva": "IDVA",
    "mash": "MASH",
    "agency_without_isa": "agency without the agreement",
    "dont_know": "don't know",
    "moved_here_not_high": "moved here, and the risk was assessed as not high",
    "marac_plus": "MARAC Plus",
    "not_known": "no referral is known",  # `not known` is how we write `unknown`
}  # fmt: skip


def label_of(name: str) -> str:
    """Return what people call the field `name`."""
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def words(value: object) -> str:
    """Return a field's value in words; text stays as it was written."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    return _WORDS.get(str(value), str(value))
