"""A request to use what was learned here for another purpose: it needs the originator, the chair and a lawful basis."""

from typing import Literal

from agencies.documents.addressed import Addressed, Messages, Parties
from agencies.documents.fields import Text

LawfulBasis = Literal["consent", "legal_duty", "court_order", "vital_interests", "public_task", "law_enforcement"]


class ReuseRequest(Addressed):
    """Which messages, for what, and on which basis; `to` are their originators and, after a meeting, its chair."""

    to: Parties
    messages: Messages
    purpose: Text
    lawful_basis: LawfulBasis
