"""Has this person been referred already? Asked of the coordinator; a referral never waits for the answer."""

from typing import Final

from agencies.documents.document import Document
from agencies.documents.fields import UNKNOWN, Known, Line, Text
from agencies.documents.person import Identified, Person

PASSED_ON: Final = "passed to the coordinator; do not delay a referral"
"""The gateway's answer to every look-up, whoever is asked about."""


class Lookup(Document):
    """Whom somebody asks about, by any identifier, and why they ask: a person judges it."""

    person: Identified[Person]
    reason: Text
    asker_role: Known[Line] = UNKNOWN
