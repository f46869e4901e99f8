"""What happened or was learned between meetings, for the involved parties that its sender chooses."""

from datetime import date
from typing import Literal

from agencies.documents.addressed import Addressed, Parties
from agencies.documents.fields import UNKNOWN, Known, Nature, Text

NoteSort = Literal["information", "event", "contact", "change_of_circumstances"]


class CaseNote(Addressed):
    """One note on a case."""

    to: Parties
    sort: NoteSort
    nature: Nature
    on: Known[date] = UNKNOWN
    text: Text
