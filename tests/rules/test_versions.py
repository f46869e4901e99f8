"""Two versions of one kind at once: each is read by its own document, and a retired or a coming one by none."""

from dataclasses import replace

import pytest

from agencies.documents.case_note import CaseNote
from agencies.documents.document import Document, encode_document, parse_document
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.triage import Triage
from broker.errors import UnknownVersion
from broker.kinds.kind import Kind
from broker.kinds.table import KINDS
from broker.services.reading import types_of

# A second version of the triage, as if it asked for something else: any other document will do.
KNOWN = {"triage": {version: {"triage": model} for version, model in (("1.0", Triage), ("2.0", CaseNote))}}
BOTH = replace(KINDS["triage"], versions=("2.0", "1.0"))
OLD = Triage(outcome="accepted")
NEW = CaseNote(to=("marac.area.example/agency/health",), sort="event", nature="fact", text="He was seen. (made up)")


@pytest.mark.parametrize(("version", "document", "other"), [("1.0", OLD, NEW), ("2.0", NEW, OLD)])
def test_each_version_that_a_kind_accepts_is_read_by_its_own_document(
    version: str, document: Document, other: Document
) -> None:
    model = types_of(BOTH, version, KNOWN)["triage"]
    assert parse_document(model, encode_document(document)) == document
    with pytest.raises(DocumentInvalid):
        parse_document(model, encode_document(other))


@pytest.mark.parametrize(
    ("kind", "version"),
    [(replace(BOTH, versions=("2.0",)), "1.0"), (replace(BOTH, versions=("1.0",)), "2.0"), (BOTH, "3.0")],
    ids=["retired", "to come", "unknown"],
)
def test_a_version_that_the_kind_does_not_accept_is_refused_though_its_document_is_known(
    kind: Kind, version: str
) -> None:
    with pytest.raises(UnknownVersion):
        types_of(kind, version, KNOWN)
