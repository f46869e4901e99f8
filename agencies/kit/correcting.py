"""Corrections: which message one takes the place of, as this folder knows it, and why; and what was corrected here."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Final

import typer
from pydantic import TypeAdapter, ValidationError

from agencies.documents.document import Document
from agencies.documents.fields import Line
from agencies.documents.table import DOCUMENTS
from agencies.kit.client import Kit
from agencies.kit.compose import Subject
from agencies.kit.home import Home, NotSaved
from agencies.kit.terminal import Exit, message_id, stop
from agencies.names import MessageId
from agencies.notes.manifest import Manifest, parse_manifest
from crypto import note as signed_note
from crypto.errors import Malformed

Corrects = Annotated[
    str | None, typer.Option("--corrects", metavar="MESSAGE", help="It takes the place of this message; see --reason.")
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why: whoever opens it reads this first.")]
UnreadToo = Annotated[
    bool,
    typer.Option("--unread-safe-contact", help="Yes, send it though a safe contact of the case was not opened here."),
]
OlderToo = Annotated[
    bool,
    typer.Option("--older-safe-contact", help="Yes, send it though it tells an older safe contact of the case."),
]
_REASON: Final = TypeAdapter[str](Line)


def check_options(corrects: str | None, reason: str | None) -> None:
    """Return if what is corrected and why are given together, or neither; else the command ends."""
    if (corrects is None) != (reason is None):
        stop("--corrects and --reason go together", "say which message is corrected, and why", Exit.USAGE)
    try:
        if reason is not None:
            _REASON.validate_python(reason)
    except ValidationError:
        stop("--reason: one line of at most 200 characters", "say why the message is corrected", Exit.USAGE)


def correcting(kit: Kit, subject: Subject, corrects: str) -> Subject:
    """Return `subject` as that of a correction: of this message, in its case. What cannot be one ends the command."""
    wanted = message_id(corrects)
    known = known_manifests(kit)
    named = next((one for one in known if one.message == wanted), None)
    if named is None and subject.case is not None:
        return replace(subject, supersedes=wanted)  # of another folder of this agency, perhaps: the broker knows
    if named is None:
        stop("this folder knows no such message", "see: marac sent, marac inbox; or give --case too", Exit.USAGE)
    if named.kind != subject.kind or subject.case not in {None, named.case}:
        stop("that message is of another kind, or another case", "see: marac sent, marac inbox", Exit.USAGE)
    # A submission is corrected as a whole, and named by its first document.
    first = next(iter(DOCUMENTS[subject.kind][subject.version]))
    together = [one for one in known if one.submission == named.submission and one.document == first]
    if not together:
        stop("this folder lacks the first part of that message", "ask the coordinator to correct it", Exit.USAGE)
    return replace(subject, case=named.case, supersedes=together[0].message)


def with_reason(documents: Mapping[str, Document], reason: str | None) -> dict[str, Document]:
    """Return the documents, each saying why it corrects; without a reason, none does, whatever a form says."""
    return {name: one.model_copy(update={"correction": reason}) for name, one in documents.items()}


def known_manifests(kit: Kit) -> Sequence[Manifest]:
    """Return the manifest of each message that was sent from this folder or pulled into it."""
    sent = [parse_manifest(signed_note.text_of(note)) for note in kit.outbox.manifests()]
    return [*sent, *received(kit.home, (item.message for item in kit.inbox.items()))]


def received(home: Home, messages: Iterable[MessageId]) -> list[Manifest]:
    """Return the manifests that the folder holds of these messages; each was verified before it was saved."""
    found = []
    for message in messages:
        with suppress(NotSaved, Malformed):
            found.append(parse_manifest(signed_note.text_of(home.manifest(message))))
    return found


def corrections(known: Sequence[Manifest]) -> Mapping[MessageId, MessageId]:
    """Return, of each message that was corrected, the message that took its place, as far as `known` tells."""
    by_id = {one.message: one for one in known}
    replaced: dict[MessageId, MessageId] = {}
    for newer in known:
        body = None if newer.supersedes is None else by_id.get(newer.supersedes)
        if body is not None and body.case == newer.case:
            # A referral's parts share their submission: each is corrected by the part of the same name.
            older = (one for one in known if one.submission == body.submission and one.document == newer.document)
            replaced |= {one.message: newer.message for one in older}
    return replaced
