"""Has this person been referred already? Asked of the coordinator; a referral never waits for the answer."""

from agencies.documents.document import Document
from agencies.documents.fields import UNKNOWN, Known, Line, Text
from agencies.documents.person import Identified, Person


class Lookup(Document):
    """Whom somebody asks about, by any identifier, and why they ask: a person judges it."""

    person: Identified[Person]
    reason: Text
    asker_role: Known[Line] = UNKNOWN
