"""Headers for others: the office opens what it holds and wraps it for who joined a case, or has new keys.

The gateway's list says what there is; what each message is, its sender and the checks say. Rules: README.md, "Sharing".
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from agencies.kit.answers import CaseAnswer, HoldingAnswer
from agencies.kit.client import PURPOSE, Kit
from agencies.kit.home import NotSaved
from agencies.kit.inbox import Item, State
from agencies.kit.opening import Check, CheckFailed, check_manifest
from agencies.kit.wire import Problem
from agencies.names import CaseRef, MessageId, OfficerId, PartyId, parse_message_id
from agencies.notes.manifest import Manifest, parse_manifest
from agencies.notes.text import encode_time
from crypto import age
from crypto import note as signed_note
from crypto.errors import Malformed

SAFE_CONTACT = "safe-contact"
OFFICE_ALONE = frozenset({"exclusions", "lookup", "triage"})
GONE = frozenset({"recalled", "superseded"})
_UNKNOWN_HERE = "not-available"
_SAVED = (State.SAVED, State.COLLECTED, State.OPENED, State.SHOWN)


class NoKeysToSealTo(Exception):
    """The register lists no key in force for whom a message is to be shared with."""


class NotForThem(Exception):
    """This kit makes no such header, whatever the gateway says; why is in its words."""


@dataclass(frozen=True, slots=True)
class Shareable:
    """A message of a case that this folder holds and may wrap for another, as the saved manifest says it is.

    held  who is meant has it already, the gateway says, or it was taken back from them: then it is shared by name
    """

    case: CaseRef
    message: MessageId
    document: str
    sender: str
    accepted_at: str
    held: bool


@dataclass(frozen=True, slots=True)
class Sealing:
    """For whom headers of a case are made: `owners` are the party, or its named officers where `by_officers`."""

    case: CaseRef
    by_officers: bool
    owners: tuple[PartyId | OfficerId, ...]
    recipients: tuple[str, ...]


def shareable(office: Kit, case: CaseRef, party: PartyId) -> list[Shareable]:
    """Return what this folder holds of a case and could share with `party`, oldest first.

    Without what is never shared, and what was taken back; whether `party` may have it the gateway says.
    Raises CheckFailed where the gateway lists what is another case's, or another document; Problem, Unreachable.
    """
    rows, own = office.holdings(case), office.home.settings.party
    theirs = {row.message for row in rows if row.recipient == party and (row.current or row.state == "recalled")}
    there = [_saved(office, case, row, held=row.message in theirs) for row in rows if _is_there(row, own)]
    return [one for one in there if one is not None and one.document not in OFFICE_ALONE]


def elsewhere(office: Kit, case: CaseRef) -> list[MessageId]:
    """Return what the office holds of a case and another folder of it has collected. Raises Problem, Unreachable."""
    own = office.home.settings.party
    there = [parse_message_id(row.message) for row in office.holdings(case) if _is_there(row, own)]
    return [message for message in there if _manifest(office, message) is None]


def outdated(office: Kit, party: PartyId, only: CaseRef | None = None) -> list[Shareable]:
    """Return what `party` holds under a header for keys that are not its own any more, in every case of this inbox.

    only  in this case alone
    A case that is not there any more, or of which this office may know nothing, is left out.
    Raises CheckFailed as `shareable` does; Problem, Unreachable.
    """
    found: list[Shareable | None] = []
    for case in cases_of(office) if only is None else [only]:
        try:
            rows = office.holdings(case)
        except Problem as problem:
            if problem.code != _UNKNOWN_HERE:
                raise
            continue
        stale = [row for row in rows if _is_there(row, party) and not row.current]
        found += [_saved(office, case, row, held=True) for row in stale]
    is_own = party == office.home.settings.party
    return [one for one in found if one is not None and (is_own or one.document not in OFFICE_ALONE)]


def wrap_for(
    office: Kit,
    one: Shareable,
    party: PartyId,
    recipients: Sequence[age.Recipient],
    purpose: str = PURPOSE,
    *,
    safe_contact: bool = False,
) -> None:
    """Make the header of a message for the keys of `party`, hand it in; our own is kept too.

        safe_contact  a person said that a safe contact may be among what is meant

    All nine checks of the saved copy are made first: only what its sender signed for this case, as this document, is
    wrapped. Raises NotForThem, NotSaved if the inbox does not have the message; as `Kit.unseal`, `Kit.read_again` and
    `Sender.share` do.
    """
    item = _item(office, one.message)
    unsealed = office.unseal(item.delivery, purpose)
    manifest = office.read_again(item.delivery).manifest
    if (manifest.case, manifest.document) != (one.case, one.document):
        raise CheckFailed(Check.NOTES_AGREE, "the message is another case's, or another document, than was listed")
    is_own = party == office.home.settings.party
    if not is_own:
        _check_for(office, manifest, party, recipients, safe_contact=safe_contact)
    header = unsealed.header_for(recipients)
    if is_own:
        # A crash after this leaves the saved copy open to the keys of now, and the broker's header to be made again.
        office.keep_header(one.message, header)
    office.share(one.case, one.message, party, header, [str(each) for each in recipients])


def recipients_of(office: Kit, party: PartyId, case: CaseRef | None = None) -> Sequence[age.Recipient]:
    """Return the keys of `party` that are in force, in the order of a header; raises as `sealing_of` does."""
    if case is not None:
        return parse_recipients(sealing_of(office, party, case))
    recipients = office.directory().recipients(party, office.clock())
    if not recipients:
        raise NoKeysToSealTo("the register lists no key in force for it")
    return [age.parse_recipient(each) for each in recipients]


def sealing_of(office: Kit, party: PartyId, case: CaseRef) -> Sealing:
    """Return for whom, and for which keys, what is shared of a case with `party` is wrapped now.

    Whose keys they are the register says; who is named in a closed case, the gateway, which a person sees before it
    is shared. That a case is open it cannot say of one that this folder knows to be closed.
    Raises NoKeysToSealTo, NotForThem, Problem, Unreachable.
    """
    directory, now = office.directory(), office.clock()
    held, by_officers = office.case(case), False
    owners: tuple[PartyId | OfficerId, ...] = (party,)
    if party != office.home.settings.party:
        if not held.closed and is_known_closed(office, case, held):
            raise NotForThem("this kit knows the case as closed, and the gateway says it is open: tell the operator")
        if held.closed:
            owners, by_officers = tuple(officers_of(office, party, held)), True
    recipients = tuple(each for owner in owners for each in directory.recipients(owner, now))
    if not recipients:
        raise NoKeysToSealTo("the register lists no key in force for it")
    return Sealing(case, by_officers, owners, recipients)


def parse_recipients(sealing: Sealing) -> Sequence[age.Recipient]:
    """Return the keys that a header is made for, in its order."""
    return [age.parse_recipient(each) for each in sealing.recipients]


def read_referrals(office: Kit, case: CaseRef) -> None:
    """Read again which of a case's referrals that were opened here have closed it; nothing is opened by that.

    Raises as `Kit.read_again` does.
    """
    _look_at(office, case, (State.OPENED, State.SHOWN))


def open_referrals(office: Kit, case: CaseRef, purpose: str = PURPOSE) -> None:
    """Open, and show nobody, what this folder holds of a case's referrals: one of them may have closed the case.

    The log notes it, and the gateway gets a receipt: it is done once a person said yes.
    Raises as `Kit.unseal` and `Kit.read_again` do.
    """
    _look_at(office, case, _SAVED, purpose)


def _look_at(office: Kit, case: CaseRef, states: Collection[State], purpose: str | None = None) -> None:
    """Note whether a referral has closed the case; with a purpose, open each of these first."""
    for item in office.inbox.items():
        manifest = _manifest(office, item.message) if item.notice is None and item.state in states else None
        if manifest is not None and (manifest.case, manifest.document) == (case, "referral"):
            if purpose is not None:
                office.unseal(item.delivery, purpose)
            if office.read_again(item.delivery).closes_case:
                office.inbox.closes(case)  # it was opened by a kit that did not note it


def is_known_closed(office: Kit, case: CaseRef, said: CaseAnswer) -> bool:
    """Whether this folder knows the case as closed, or one that is one with it: for good, whatever the gateway says."""
    return any(office.inbox.is_closed(CaseRef(one)) for one in {case, *said.references})


def officers_of(office: Kit, party: PartyId, case: CaseAnswer) -> list[OfficerId]:
    """Return the officers of `party` to whom a closed case is sealed, by id."""
    named = [OfficerId(one) for one in case.named if one not in case.excluded]
    found = office.directory().officers_in_force(party, named, office.clock())
    return [officer.id for officer in found] if party not in case.excluded else []


def cases_of(office: Kit) -> list[CaseRef]:
    """Return the cases of which the inbox has a message, sorted."""
    found = set[CaseRef]()
    for item in office.inbox.items():
        with suppress(NotSaved, Malformed):
            found.add(parse_manifest(signed_note.text_of(office.home.manifest(item.message))).case)
    return sorted(found)


def _check_for(
    office: Kit, manifest: Manifest, party: PartyId, recipients: Sequence[age.Recipient], *, safe_contact: bool
) -> None:
    """Return only if a checked message may be wrapped for these keys of another than the office. Raises NotForThem."""
    if OFFICE_ALONE & {manifest.kind, manifest.document}:
        raise NotForThem("it is the office's alone, and shared with nobody")
    if manifest.document == SAFE_CONTACT and not safe_contact:
        raise NotForThem("it is a safe contact, and nobody said that it may be shared")
    found = office.directory().register.party(party)
    agencys = {each.recipient for each in found.recipients} if found else set[str]()
    if office.inbox.is_closed(manifest.case) and agencys & {str(each) for each in recipients}:
        raise NotForThem("the case is closed: it is for named officers alone")


def _is_there(row: HoldingAnswer, recipient: PartyId) -> bool:
    return row.recipient == recipient and row.state not in GONE


def _saved(office: Kit, case: CaseRef, row: HoldingAnswer, *, held: bool) -> Shareable | None:
    """Return a listed message as its saved manifest says it is; None if this folder does not have it.

    Raises CheckFailed where the list says otherwise.
    """
    message = parse_message_id(row.message)
    manifest = _manifest(office, message)
    if manifest is None:
        return None
    if (manifest.case, manifest.document) != (case, row.document):
        raise CheckFailed(Check.NOTES_AGREE, "the gateway lists a message as another case's, or as another document")
    return Shareable(case, message, manifest.document, manifest.from_, encode_time(manifest.accepted), held)


def _manifest(office: Kit, message: MessageId) -> Manifest | None:
    with suppress(NotSaved):
        return check_manifest(office.home.manifest(message), message, office.directory())
    return None


def _item(office: Kit, message: MessageId) -> Item:
    for item in office.inbox.items():
        if item.message == message and item.notice is None:
            return item
    raise NotSaved("this folder does not have the message")
