"""What the chair of a meeting decided, and whom it concerns besides the coordinator."""

from datetime import date
from typing import Literal

from agencies.documents.addressed import PerhapsParties
from agencies.documents.document import Document
from agencies.documents.fields import Known, Text

Decision = Literal["marac_plus", "observer", "reuse", "adjourn", "minutes_approved", "other"]


class ChairDecision(Document):
    """One decision with its reason, which must stand up years later."""

    decision: Decision
    reason: Text
    concerns: PerhapsParties = ()  # empty: the coordinator alone; an officer is no recipient: their agency is named
    until: Known[date] | None = None  # left out where the decision has no end

    @property
    def chosen(self) -> frozenset[str]:
        """The register ids in `concerns`."""
        return frozenset(self.concerns)
