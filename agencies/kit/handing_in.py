"""A submission is handed in: sent, sent again where no answer came, and told about; it cannot be taken twice."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from agencies.documents.document import Document
from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit
from agencies.kit.compose import Composed, Subject, same_content
from agencies.kit.outbox import NotReadable, OutboxUnavailable
from agencies.kit.safe_address import OlderSafeContactElsewhere
from agencies.kit.safe_contacts import Said
from agencies.kit.terminal import confirmed, stop, warn
from agencies.kit.urgent import NotKnownToArrive
from agencies.kit.wire import Problem, Unreachable, Untrusted

RESENDS: Final = 3


def prepared(sending: Kit, subject: Subject, documents: Mapping[str, Document], said: Said) -> Composed:
    """Return what `prepare_any` does; where it tells an older safe contact, whoever sits here is asked.

    Raises as `prepare_any` does.
    """
    try:
        return sending.prepare_any(subject, documents, **said)
    except OlderSafeContactElsewhere as stopped:
        if not sys.stdin.isatty():
            raise
        warn(f"{stopped}: whoever reads it learns of that place. She may be there again, or somebody who helped her")
        if not confirmed("Must they know it, and is it sent as it is?", yes=False):
            stop("nothing was sent", "take it out there, and run this again")
        return sending.prepare_any(subject, documents, unread_too=said.get("unread_too", False), older_too=True)


def kept_before(sending: Kit, composed: Composed) -> Composed | None:
    """Return the same submission as it was sent before without an answer, if there is one."""
    try:
        for id_ in sending.outbox.unanswered():
            kept = sending.outbox.submission(id_, sending.keyring.identities)
            if kept is not None and same_content(kept, composed):
                warn("this was sent before and got no answer: the very same is sent again")
                return kept
    except (OutboxUnavailable, NotReadable) as error:
        warn(str(error))
    return None


def hand_in(kit: Kit, composed: Composed) -> list[Accepted]:
    """Send, and where no answer came send the very same again: it cannot be taken twice."""
    for attempt in range(1, RESENDS + 1):
        try:
            return kit.submit(composed)
        except Untrusted:
            raise
        except Unreachable as error:
            if attempt == RESENDS:
                raise _unanswered(kit, composed, error) from None
            warn("no answer from the gateway; sending the same again")
        except Problem as problem:
            if _is_kept(kit, composed):
                problem.add_note(
                    "It may have arrived, and is kept here. Send the very same again later: marac refer --unanswered"
                )
            raise
    raise AssertionError("a last attempt returns or raises")


def _unanswered(kit: Kit, composed: Composed, error: Unreachable) -> Unreachable:
    if _is_kept(kit, composed):
        return NotKnownToArrive(f"{error}: it is not known whether it arrived")
    if kit.keeps_nothing or not kit.keyring.identities:
        return Unreachable(f"{error}: whether it arrived is not known, and it is not kept; ask first")
    return Unreachable(f"{error}: it was not sent, and is not kept here")


def _is_kept(kit: Kit, composed: Composed) -> bool:
    try:
        return composed.idempotency in kit.outbox.unanswered()
    except OutboxUnavailable:
        return False


def members_of(accepted: Sequence[Accepted]) -> Mapping[str, object]:
    """Return case and messages, for programs."""
    messages = {one.manifest.document: one.manifest.message for one in accepted}
    return {"case": accepted[0].manifest.case, "messages": messages}


def in_words(accepted: Sequence[Accepted], what: str) -> str:
    """Return case and messages, for people."""
    lines = [f"  {one.manifest.document:<13} {one.manifest.message}" for one in accepted]
    return "\n".join([f"The broker has taken the {what}. Case {accepted[0].manifest.case}, messages:", *lines])
