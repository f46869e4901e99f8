"""Headers for others: the office opens what it holds and wraps it for who joined a case, or has new keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from agencies.kit.answers import CaseAnswer
from agencies.kit.client import PURPOSE, Kit
from agencies.kit.home import NotSaved
from agencies.kit.inbox import Item
from agencies.kit.wire import Problem
from agencies.names import CaseRef, MessageId, OfficerId, PartyId, parse_message_id
from agencies.notes.manifest import parse_manifest
from crypto import age
from crypto import note as signed_note
from crypto.errors import Malformed

SAFE_CONTACT = "safe-contact"
_OFFICE_ALONE = frozenset({"exclusions"})
_GONE = frozenset({"recalled", "superseded"})
_UNKNOWN_HERE = "not-available"


class NoKeysToSealTo(Exception):
    """The register lists no key in force for whom a message is to be shared with."""


@dataclass(frozen=True, slots=True)
class Shareable:
    """A message of a case that the office holds and may wrap for another; `held`: who is meant has it already."""

    case: CaseRef
    message: MessageId
    document: str
    sender: str
    accepted_at: str
    held: bool


def shareable(office: Kit, case: CaseRef, party: PartyId) -> list[Shareable]:
    """Return what the office holds of a case and could share with `party`, oldest first. Raises Problem, Unreachable.

    Without what is never shared (exclusions), and what was taken back; whether `party` may have it the gateway says.
    """
    rows, own = office.holdings(case), office.home.settings.party
    theirs = {row.message for row in rows if row.recipient == party and row.current}
    return [
        Shareable(case, parse_message_id(row.message), row.document, row.sender, row.accepted_at, row.message in theirs)
        for row in rows
        if row.recipient == own and row.state not in _GONE and row.document not in _OFFICE_ALONE
    ]


def outdated(office: Kit, party: PartyId) -> list[Shareable]:
    """Return what `party` holds under a header for keys that are not its own any more, in every case of this inbox.

    A case that is not there any more, or of which this office may know nothing, is left out.
    Raises Problem, Unreachable.
    """
    found: list[Shareable] = []
    for case in cases_of(office):
        try:
            rows = office.holdings(case)
        except Problem as problem:
            if problem.code != _UNKNOWN_HERE:
                raise
            continue
        found += [
            Shareable(case, parse_message_id(row.message), row.document, row.sender, row.accepted_at, held=True)
            for row in rows
            if row.recipient == party and not row.current and row.state not in _GONE
        ]
    return found


def wrap_for(
    office: Kit, one: Shareable, party: PartyId, recipients: Sequence[age.Recipient], purpose: str = PURPOSE
) -> None:
    """Make the header of a message for the keys of `party`, hand it in; our own is kept too.

    Raises NotSaved if the inbox does not have the message; as `Kit.unseal` and `Sender.share` do.
    """
    item = _item(office, one.message)
    header = office.unseal(item.delivery, purpose).header_for(recipients)
    if party == office.home.settings.party:
        # A crash after this leaves the saved copy open to the keys of now, and the broker's header to be made again.
        office.keep_header(one.message, header)
    office.share(one.case, one.message, party, header)


def recipients_of(office: Kit, party: PartyId, case: CaseRef | None = None) -> Sequence[age.Recipient]:
    """Return the keys of `party` that are in force, in the order of a header.

        case  one that is closed: for others than the office, the keys of the officers named in it

    Whose keys they are the register says; who is named, the gateway, which a person sees before it is shared.
    Raises NoKeysToSealTo, Problem, Unreachable.
    """
    directory, now = office.directory(), office.clock()
    held = None if case is None else office.case(case)
    if held is None or not held.closed or party == office.home.settings.party:
        recipients = directory.recipients(party, now)
    else:
        recipients = tuple(each for one in officers_of(office, party, held) for each in directory.recipients(one, now))
    if not recipients:
        raise NoKeysToSealTo("the register lists no key in force for it")
    return [age.parse_recipient(each) for each in recipients]


def officers_of(office: Kit, party: PartyId, case: CaseAnswer) -> list[OfficerId]:
    """Return the officers of `party` to whom a closed case is sealed, by id."""
    named = [OfficerId(one) for one in case.named if one not in case.excluded]
    found = office.directory().officers_in_force(party, named, office.clock())
    return [officer.id for officer in found] if party not in case.excluded else []


def cases_of(office: Kit) -> list[CaseRef]:
    """Return the cases of which the inbox has a message, sorted."""
    found = set[CaseRef]()
    for item in office.inbox.items():
        try:
            found.add(parse_manifest(signed_note.text_of(office.home.manifest(item.message))).case)
        except (NotSaved, Malformed):
            continue
    return sorted(found)


def _item(office: Kit, message: MessageId) -> Item:
    for item in office.inbox.items():
        if item.message == message and item.notice is None:
            return item
    raise NotSaved("this folder does not have the message")
