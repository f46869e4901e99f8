"""A Flag and Tag: every agency of the area marks these people in its files; why there was a case, it does not say."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agencies.documents.document import Document
from agencies.documents.fields import Line
from agencies.documents.invalid import broken_rule
from agencies.documents.person import Identified, Named

FlagReason = Literal["moved_here_not_high", "other"]


class FlagAndTag(Document):
    """Whom to flag, why and until when. A perpetrator of whom nothing is known is left out."""

    victim: Identified[Named]
    perpetrators: Annotated[tuple[Identified[Named], ...], Field(max_length=20)] = ()
    reason: FlagReason
    other_reason: Line | None = None  # every agency reads it: no room for a story
    flagged_until: date

    @model_validator(mode="after")
    def _words_go_with_another_reason_alone(self) -> Self:
        if self.reason == "other" and self.other_reason is None:
            raise broken_rule("/other_reason", "say what the other reason is")
        if self.reason != "other" and self.other_reason is not None:
            raise broken_rule("/other_reason", "leave this out unless the reason is `other`")
        return self
