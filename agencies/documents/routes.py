"""Where a submission of each kind is handed in: the kind's name in the plural, under /v1."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ROUTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "referral": "/v1/referrals",
        "research-request": "/v1/research-requests",
        "research-return": "/v1/research-returns",
        "case-note": "/v1/case-notes",
        "staff-risk": "/v1/staff-risks",
        "flag-and-tag": "/v1/flags-and-tags",
        "chair-decision": "/v1/chair-decisions",
        "lookup": "/v1/lookups",
        "lookup-answer": "/v1/lookup-answers",
        "triage": "/v1/triages",
        "reuse-request": "/v1/reuse-requests",
        "reuse-consent": "/v1/reuse-consents",
    }
)
