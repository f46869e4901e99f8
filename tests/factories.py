"""Made-up referrals for every test: invented people, drama telephone numbers, addresses that are nowhere."""

from collections.abc import Collection
from datetime import date
from typing import Literal, TypedDict, Unpack

from agencies.documents.document import Document
from agencies.documents.exclusions import ExcludedAgency, ExcludedOfficer, ExcludedPerson, Exclusions
from agencies.documents.grounds import (
    DaraHigh,
    Ground,
    MaracRepeat,
    PotentialEscalation,
    ProfessionalJudgement,
    VisibleHighRisk,
)
from agencies.documents.instruments import Answer, Dara, DaraAnswer, Instrument, PoliceDash27, SafeLivesDash24
from agencies.documents.person import Child, Perpetrator, SeenPerson, Victim
from agencies.documents.referral import HonourBased, Referral, Referrer, SergeantAgreement, Source
from agencies.documents.safe_contact import SafeContact

AREA = "marac.area.example"
COMPLETED_ON = date(2026, 11, 20)


class ReferralChanges(TypedDict, total=False):
    referrer: Referrer
    identified_on: date | Literal["unknown"]
    urgent: bool
    urgent_reason: str | None
    information_only: bool
    victim: Victim
    perpetrators: tuple[Perpetrator, ...]
    children: tuple[Child, ...] | Literal["unknown"]
    others_seen: tuple[SeenPerson, ...] | Literal["unknown"]
    grounds: tuple[Ground, ...]
    sergeant_agreement: SergeantAgreement | None
    instruments: tuple[Instrument, ...]
    circumstances: str
    honour_based: HonourBased
    previous_marac: bool | Literal["unknown"]
    previous_marac_detail: str | None
    crime_reference: str
    officer_in_case: str
    victim_aware: bool | Literal["unknown"]
    victim_unaware_reason: str | None
    consent: bool | Literal["unknown"]
    reason_without_consent: str | None
    victim_fears: str
    safe_to_talk_to: str
    not_safe_to_talk_to: str
    wishes: str
    risks_to_staff: str


def a_dash(ticks: int = 18) -> SafeLivesDash24:
    """Return a completed SafeLives Dash with `ticks` times yes, 0 to 24."""
    return SafeLivesDash24(version="2014", completed_on=COMPLETED_ON, answers=_answers(ticks, 24))


def a_police_dash(ticks: int = 18) -> PoliceDash27:
    """Return a completed police Dash with `ticks` times yes, 0 to 27."""
    return PoliceDash27(version="2009", completed_on=COMPLETED_ON, answers=_answers(ticks, 27))


def a_dara(risk: Literal["standard", "medium", "high"] = "high") -> Dara:
    """Return a completed DARA, assessed as `risk`."""
    answers = tuple(DaraAnswer(number=number, answer="often") for number in range(1, 19))
    return Dara(version="2022", completed_on=COMPLETED_ON, answers=answers, assessed_risk=risk)


def a_referrer(source: Source = "housing") -> Referrer:
    """Return somebody who refers, from an agency of this sort."""
    return Referrer(
        source=source,
        agency=f"Exampleton {source.replace('_', ' ')}",
        contact="Robin Placeholder",
        telephone="01632 960001",
        email="robin@agency.example",
    )


def a_victim(name: str = "Alex Invented") -> Victim:
    """Return a made-up victim, with enough to find her by."""
    return Victim(
        name=name,
        aliases=("Lex",),
        date_of_birth=date(1990, 4, 1),
        address="1 Nowhere Street\nExampleton",
        telephone="01632 960002",
        first_language="English",
    )


def a_perpetrator(name: str = "Sam Fictional") -> Perpetrator:
    """Return a made-up perpetrator."""
    return Perpetrator(name=name, employer="Exampleton Leisure", relationship_to_victim="former partner")


def a_child(name: str = "Charlie Invented") -> Child:
    """Return a made-up child."""
    return Child(name=name, date_of_birth=date(2018, 2, 3), school="Exampleton School")


def a_referral(**changes: Unpack[ReferralChanges]) -> Referral:
    """Return a housing referral on visible high risk (18 ticks), with `changes` to its fields."""
    usual: ReferralChanges = {
        "referrer": a_referrer(),
        "identified_on": COMPLETED_ON,
        "victim": a_victim(),
        "perpetrators": (a_perpetrator(),),
        "children": (a_child(),),
        "grounds": (VisibleHighRisk(),),
        "instruments": (a_dash(),),
        "circumstances": "He came to the flat and damaged the door.",
        "victim_aware": True,
        "consent": True,
    }
    return Referral(**(usual | changes))


def a_judgement_referral(ticks: int = 8) -> Referral:
    """Return a referral below any threshold, on professional judgement."""
    grounds = (ProfessionalJudgement(reasons="She plans to leave this week.", manager_consulted=True),)
    return a_referral(grounds=grounds, instruments=(a_dash(ticks),))


def a_dara_referral() -> Referral:
    """Return a police referral, DARA assessed as high."""
    return a_referral(referrer=a_referrer("police"), grounds=(DaraHigh(),), instruments=(a_dara(),))


def an_escalation_referral() -> Referral:
    """Return a police referral on escalation, with the sergeant's agreement."""
    return a_referral(
        referrer=a_referrer("police"),
        grounds=(PotentialEscalation(incidents_in_12_months=3),),
        sergeant_agreement=SergeantAgreement(agrees=True, sergeant="DS Pretend"),
        instruments=(a_police_dash(9),),
    )


def a_repeat_referral() -> Referral:
    """Return a referral of a case heard before."""
    return a_referral(grounds=(MaracRepeat(last_referral="March 2026"),), instruments=(a_dash(5),))


def every_sort_of_referral() -> tuple[Referral, ...]:
    """Return one referral for each ground, and between them every instrument."""
    return (a_referral(), a_judgement_referral(), a_dara_referral(), an_escalation_referral(), a_repeat_referral())


def the_least_referral() -> Referral:
    """Return a referral with what is required and nothing else."""
    return Referral(
        referrer=Referrer(source="other", agency="Exampleton Food Bank", contact="Robin Placeholder"),
        victim=Victim(other_identifiers=("the woman at the blue door",)),
        grounds=(VisibleHighRisk(),),
        instruments=(a_dash(),),
    )


def a_safe_contact() -> SafeContact:
    """Return ways to a made-up victim."""
    return SafeContact(
        safe_address="2 Elsewhere Lane\nExampleton",
        safe_telephone="01632 960003",
        safe_to_call=True,
        safe_to_leave_a_message=False,
        safe_times="Tuesdays, 10 to 12",
    )


def exclusions(
    agencies: Collection[str] = (), officers: Collection[str] = (), people: Collection[str] = ()
) -> Exclusions:
    """Return exclusions of these agencies and officers (ids, or their last part in AREA) and people in words."""
    return Exclusions(
        agencies=tuple(ExcludedAgency(agency=_in_area("agency", agency)) for agency in agencies),
        officers=tuple(ExcludedOfficer(officer=_in_area("officer", officer)) for officer in officers),
        people=tuple(ExcludedPerson(person=person) for person in people),
    )


def the_documents(
    referral: Referral | None = None, safe_contact: SafeContact | None = None, excluded: Exclusions | None = None
) -> dict[str, Document]:
    """Return the three documents of a referral under their names, in order."""
    return {
        "referral": referral or a_referral(),
        "safe-contact": safe_contact or a_safe_contact(),
        "exclusions": excluded or exclusions(),
    }


def _answers(ticks: int, questions: int) -> tuple[Answer, ...]:
    return tuple(
        Answer(number=number, answer="yes" if number <= ticks else "dont_know") for number in range(1, questions + 1)
    )


def _in_area(sort: str, name: str) -> str:
    return name if "/" in name else f"{AREA}/{sort}/{name}"
