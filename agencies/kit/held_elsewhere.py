"""What others hold that the office must deal with by hand: an older safe contact, a flag that has ended early."""

from collections.abc import Sequence
from datetime import date

from agencies.documents.document import Document
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.kit.answers import HoldingAnswer
from agencies.kit.client import Kit
from agencies.kit.headings import SAFE_CONTACT
from agencies.kit.terminal import Exit, confirmed, say, stop, warn
from agencies.kit.wire import Problem, Unreachable
from agencies.names import CaseRef
from agencies.notes.manifest import Manifest

FLAG = "flag-and-tag"


def tell_of_older_contact(office: Kit, manifest: Manifest) -> None:
    """Warn, where this is a corrected safe contact, of everybody who was given an older one: it went to none of them.

    Each is told the new one by name, or not at all: through one of them the old one may have become known.
    """
    if manifest.document != SAFE_CONTACT or manifest.supersedes is None:
        return
    try:
        rows = [row for row in office.holdings(manifest.case) if row.document == SAFE_CONTACT]
    except (Problem, Unreachable):
        warn(f"who else was given the older safe contact could not be asked; see: marac case show {manifest.case}")
        return
    for party in _had_an_older_one(rows, manifest):
        warn(f"{party} was given an older safe contact, and does not get this one by itself")
    if _had_an_older_one(rows, manifest):
        warn(f"who must know it: marac case share {manifest.case} --to ID --message {manifest.message} --safe-contact")


def _had_an_older_one(rows: Sequence[HoldingAnswer], manifest: Manifest) -> list[str]:
    has = {row.recipient for row in rows if row.message == manifest.message}
    return sorted({row.recipient for row in rows if row.state != "recalled"} - has)


def tell_of_flags(office: Kit, case: CaseRef, party: str) -> None:
    """Name the flags that `party` was sent, whose part has ended: taken back, it is told to destroy them."""
    flags = [row for row in office.holdings(case) if (row.document, row.recipient) == (FLAG, party)]
    for row in flags:
        if row.state not in {"recalled", "superseded"}:
            say("Its files may show the flag still. To tell it:")
            say(f"  marac recall {row.message} --to {party} --only --reason inaccurate")


def check_flag(document: Document, today: date, *, yes: bool) -> None:
    """Return if a flag runs for 12 months at most, or a person says that it shall run longer; else end the command."""
    if not isinstance(document, FlagAndTag) or _within_a_year(document.flagged_until, today):
        return
    if not confirmed(f"The flag runs until {document.flagged_until}, over 12 months. Is that right?", yes=yes):
        stop("nothing was sent", "put flagged_until right", Exit.USAGE)


def _within_a_year(until: date, today: date) -> bool:
    return (until.year - 1, until.month, until.day) <= (today.year, today.month, today.day)
