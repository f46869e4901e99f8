"""The answer of an originator or a chair to a request for reuse."""

from agencies.documents.addressed import Addressed, Messages, OneAgency
from agencies.documents.fields import Text


class ReuseConsent(Addressed):
    """Consent or refusal, message by message named, and on which conditions; `to` is who asked."""

    to: OneAgency
    messages: Messages
    agreed: bool
    conditions: Text | None = None
