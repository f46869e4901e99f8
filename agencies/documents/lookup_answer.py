"""What the coordinator chose to answer to a look-up, for the asking agency alone."""

from typing import Literal

from agencies.documents.addressed import Addressed, OneAgency
from agencies.documents.fields import Text

Answered = Literal["known", "not_known", "telephone_me"]


class LookupAnswer(Addressed):
    """An answer; `telephone_me` says neither yes nor no."""

    to: OneAgency
    answer: Answered
    text: Text | None = None
