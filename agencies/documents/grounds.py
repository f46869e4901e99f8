"""Why a case belongs at a MARAC. Any one ground is enough; the threshold of ticks is the area's setting, not ours."""

from typing import Annotated, Final, Literal

from pydantic import Field

from agencies.documents.document import Part
from agencies.documents.fields import UNKNOWN, Known, Line, Text


class VisibleHighRisk(Part):
    """Enough ticks on a Dash checklist, by the area's threshold."""

    ground: Literal["visible_high_risk"] = "visible_high_risk"


class DaraHigh(Part):
    """Assessed as high risk with DARA."""

    ground: Literal["dara_high"] = "dara_high"


class ProfessionalJudgement(Part):
    """A professional is gravely concerned, whatever the ticks; the reasons are written down."""

    ground: Literal["professional_judgement"] = "professional_judgement"
    reasons: Text
    manager_consulted: Known[bool] = UNKNOWN
    manager: Known[Line] = UNKNOWN
    disagreement: Text | None = None  # who disagreed and why; none recorded if left out


class PotentialEscalation(Part):
    """Incidents follow each other: three in twelve months, as a guide."""

    ground: Literal["potential_escalation"] = "potential_escalation"
    incidents_in_12_months: Known[Annotated[int, Field(ge=0, le=9999)]] = UNKNOWN
    incidents: Known[Text] = UNKNOWN


class MaracRepeat(Part):
    """A further incident within twelve months of the last referral."""

    ground: Literal["marac_repeat"] = "marac_repeat"
    last_referral: Known[Line] = UNKNOWN  # when and where, as far as the sender knows
    incidents: Known[Text] = UNKNOWN


Ground = Annotated[
    VisibleHighRisk | DaraHigh | ProfessionalJudgement | PotentialEscalation | MaracRepeat,
    Field(discriminator="ground"),
]

SERGEANT_AGREES_TO: Final = frozenset({"professional_judgement", "potential_escalation", "marac_repeat"})
"""Grounds on which a police referral states that the MASH detective sergeant agrees."""
