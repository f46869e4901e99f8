"""Which documents each version of a kind has, in the order in which they are declared, signed and sealed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agencies.documents.document import Document
from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import Referral
from agencies.documents.safe_contact import SafeContact

DocumentTypes = Mapping[str, type[Document]]

DOCUMENTS: Final[Mapping[str, Mapping[str, DocumentTypes]]] = MappingProxyType(
    {
        "referral": MappingProxyType(
            {
                "1.0": MappingProxyType(
                    {"referral": Referral, "safe-contact": SafeContact, "exclusions": Exclusions},
                ),
            },
        ),
    },
)
"""Kind, then version, then document name. A referral always has its three documents, empty or not."""
