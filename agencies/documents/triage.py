"""What the IDVA service decided on a referral, so that none drops silently. Source: domain.md, "Who and what"."""

from typing import Literal, Self

from pydantic import model_validator

from agencies.documents.document import Document
from agencies.documents.fields import Text
from agencies.documents.invalid import broken_rule

TriageOutcome = Literal["accepted", "more_information", "advice_given"]


class Triage(Document):
    """The outcome; unless the referral was accepted, also which information is wanted or which advice was given."""

    outcome: TriageOutcome
    text: Text | None = None

    @model_validator(mode="after")
    def _all_but_acceptance_is_explained(self) -> Self:
        if self.outcome != "accepted" and self.text is None:
            raise broken_rule("/text", "say which information is wanted, or which advice was given")
        return self
