"""The coordinator asks agencies to search their own files: what a search needs, and nothing of the referral's text."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from agencies.documents.addressed import Addressed, Agencies
from agencies.documents.fields import UNKNOWN, Known, Lines
from agencies.documents.person import Identified, Named

SoughtAs = Literal["victim", "perpetrator", "child", "other"]


class Sought(Named):
    """Somebody to search for: no more about them than finds them in a file."""

    role: SoughtAs
    addresses: Annotated[tuple[Lines, ...], Field(max_length=10)] = ()  # present and former; never the safe one

    @property
    def is_identified(self) -> bool:
        """True if there is anything to search by."""
        return super().is_identified or bool(self.addresses)


class ResearchRequest(Addressed):
    """What the agencies in `to` are asked. It has no field for words, so that no story can travel in it."""

    to: Agencies
    urgent: bool = False
    needed_by: date
    meeting_on: Known[date] = UNKNOWN
    people: Annotated[tuple[Identified[Sought], ...], Field(min_length=1, max_length=50)]
