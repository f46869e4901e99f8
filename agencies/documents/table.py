"""Which documents each version of a kind has, in the order in which they are declared, signed and sealed."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from agencies.documents.case_note import CaseNote
from agencies.documents.chair_decision import ChairDecision
from agencies.documents.document import Document, document_schema
from agencies.documents.exclusions import Exclusions
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.lookup import Lookup
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.referral import Referral
from agencies.documents.research_request import ResearchRequest
from agencies.documents.research_return import ResearchReturn
from agencies.documents.reuse_consent import ReuseConsent
from agencies.documents.reuse_request import ReuseRequest
from agencies.documents.safe_contact import SafeContact
from agencies.documents.staff_risk import StaffRisk
from agencies.documents.triage import Triage

DocumentTypes = Mapping[str, type[Document]]

SCHEMAS: Final = "https://marac-broker.example/schemas"  # a name and no address: README.md, "Decisions"


def _first_version(**documents: type[Document]) -> Mapping[str, DocumentTypes]:
    """Return version 1.0 with `documents`, whose names are written with hyphens on the wire."""
    types = {name.replace("_", "-"): model_type for name, model_type in documents.items()}
    return MappingProxyType({"1.0": MappingProxyType(types)})


DOCUMENTS: Final[Mapping[str, Mapping[str, DocumentTypes]]] = MappingProxyType(
    {
        "referral": _first_version(referral=Referral, safe_contact=SafeContact, exclusions=Exclusions),
        "research-request": _first_version(research_request=ResearchRequest),
        "research-return": _first_version(research_return=ResearchReturn),
        "case-note": _first_version(case_note=CaseNote),
        "staff-risk": _first_version(staff_risk=StaffRisk),
        "flag-and-tag": _first_version(flag_and_tag=FlagAndTag),
        "chair-decision": _first_version(chair_decision=ChairDecision),
        "lookup": _first_version(lookup=Lookup),
        "lookup-answer": _first_version(lookup_answer=LookupAnswer),
        "triage": _first_version(triage=Triage),
        "reuse-request": _first_version(reuse_request=ReuseRequest),
        "reuse-consent": _first_version(reuse_consent=ReuseConsent),
    },
)
"""Kind, then version, then document name. A referral always has its three documents, empty or not; every other
kind has one, named as the kind."""


@cache
def _schema(kind: str, version: str, document: str) -> dict[str, JsonValue]:
    schema = document_schema(DOCUMENTS[kind][version][document])
    return {"$schema": schema.pop("$schema"), "$id": f"{SCHEMAS}/{kind}/{version}/{document}", **schema}


def schema_of(kind: str, version: str, document: str) -> dict[str, JsonValue] | None:
    """Return the published JSON Schema of a document, with its stable `$id`; None where there is no such document.

    Made once: it takes tens of milliseconds, and anybody may ask. Not to be changed by the caller.
    """
    known = document in DOCUMENTS.get(kind, {}).get(version, {})
    return _schema(kind, version, document) if known else None
