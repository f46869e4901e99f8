"""A made-up referral to start from; agencies/kit/forms.py prints it as a form."""

from datetime import date

from agencies.documents.grounds import ProfessionalJudgement
from agencies.documents.instruments import Answer, SafeLivesDash24
from agencies.documents.person import Child, Perpetrator, Victim
from agencies.documents.referral import Referral, Referrer
from agencies.documents.safe_contact import SafeContact


def example_referral() -> Referral:
    """Return a referral on professional judgement, about nobody."""
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
        children=(Child(name="Charlie Invented", relationship_to_victim="child"),),
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


def example_safe_contact() -> SafeContact:
    """Return ways to the victim of that referral."""
    return SafeContact(
        safe_telephone="01632 960003",
        safe_to_call=True,
        safe_to_leave_a_message=False,
        safe_times="Tuesdays and Thursdays, 10 to 12",
        contact_through="her sister, Kit Invented",
    )
