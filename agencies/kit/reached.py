"""Whom a message about a case names and does not reach: the office is told at once, and what to do about it."""

from collections.abc import Iterator, Sequence

from agencies.agency import OFFICE_KINDS
from agencies.documents.document import Document
from agencies.kit.answers import CaseAnswer
from agencies.kit.client import Kit
from agencies.kit.terminal import warn
from agencies.kit.wire import BadAnswer, Problem, Unreachable
from agencies.notes.manifest import Manifest


def warn_of_not_reached(office: Kit, document: Document, made: Manifest) -> None:
    """Say who is named in a document that an office has just sent, and gets nothing of it; other senders learn nothing.

    Never fails: the message is sent.
    """
    own = office.directory().register.party(office.home.settings.party)
    if own is None or own.kind not in OFFICE_KINDS or not document.chosen:
        return
    try:
        holders = {row.recipient for row in office.holdings(made.case) if row.message == made.message}
        left_out = sorted(_agencies(office, document.chosen) - holders - {own.id})
        lines = list(_because(left_out, office.case(made.case), made)) if left_out else []
    except (Problem, Unreachable, BadAnswer):
        lines = ["WARNING: whether it reaches all whom it names is not known; see: marac case show"]
    for line in lines:
        warn(line)


def _agencies(office: Kit, chosen: frozenset[str]) -> set[str]:
    """Return who is meant, an officer's agency in the place of the officer."""
    register = office.directory().register
    return {officer.agency if (officer := register.officer(one)) else one for one in chosen}


def _because(left_out: Sequence[str], said: CaseAnswer, made: Manifest) -> Iterator[str]:
    for party in left_out:
        if party in said.excluded:
            yield f"WARNING: {party} is named and gets nothing: it is kept out of the case"
            continue
        if said.closed:
            fact = "the case is closed, and none of its officers is named, or it has no part in it"
            first = f"marac case name {made.case} --officer ID"
        else:
            fact = "it has no part in the case that lets it receive this"
            first = f"marac case relate {made.case} {party} --as involved --why involvement"
        yield f"WARNING: {party} is named and gets nothing: {fact}"
        yield f"relate first: {first}"
        yield f"then: marac case share {made.case} --to {party} --message {made.message}"
