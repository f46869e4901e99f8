"""A risk to staff and nothing more: it goes to all who work with any of the people, so it names nobody it is for."""

from typing import Literal

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN, Known, Line, Lines, Text

RiskRole = Literal["victim", "perpetrator", "other"]


class AboutWhom(Part):
    """Whom, or which door, staff must know: fewer words than identify anybody in a file."""

    role: RiskRole
    name: Known[Line] = UNKNOWN
    address: Known[Lines] = UNKNOWN


class StaffRisk(Document):
    """What may happen to whoever visits, and what they should do. It says nothing of the victim's story."""

    about: AboutWhom
    risk: Text
    precautions: Known[Text] = UNKNOWN
