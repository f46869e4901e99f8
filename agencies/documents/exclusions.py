"""Who must not get this case: agencies and officers by their register id, other people in words."""

from typing import Annotated

from pydantic import Field

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN, AgencyRef, Known, OfficerRef, Text


class ExcludedAgency(Part):
    """An agency that must learn nothing of the case: the perpetrator works there, say."""

    agency: AgencyRef
    reason: Known[Text] = UNKNOWN


class ExcludedOfficer(Part):
    """One officer of an agency that may otherwise take part."""

    officer: OfficerRef
    reason: Known[Text] = UNKNOWN


class ExcludedPerson(Part):
    """Somebody the register does not know, described in words: only a person can act on it."""

    person: Text
    reason: Known[Text] = UNKNOWN


class Exclusions(Document):
    """Ids become rules at once, before any header is made; words wait for the coordinator."""

    agencies: Annotated[tuple[ExcludedAgency, ...], Field(max_length=100)] = ()
    officers: Annotated[tuple[ExcludedOfficer, ...], Field(max_length=100)] = ()
    people: Annotated[tuple[ExcludedPerson, ...], Field(max_length=100)] = ()

    @property
    def agency_ids(self) -> frozenset[str]:
        """The register ids of the excluded agencies."""
        return frozenset(entry.agency for entry in self.agencies)

    @property
    def officer_ids(self) -> frozenset[str]:
        """The register ids of the excluded officers."""
        return frozenset(entry.officer for entry in self.officers)

    @property
    def has_free_text(self) -> bool:
        """True if somebody is excluded in words alone, so that the coordinator must act on it."""
        return bool(self.people)
