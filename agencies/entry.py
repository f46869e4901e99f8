"""One register entry: from the participant's own signed note to a verified agency, office or officer."""

from collections.abc import Iterable, Mapping, Sequence

from agencies.agency import DatedKey, DatedRecipient, Party
from agencies.isa import Isa
from agencies.names import OfficerId, PartyId, area_of, is_officer
from agencies.notes.isa import TYPE as ISA_TYPE
from agencies.notes.isa import parse_isa
from agencies.notes.party import TYPE, PartyNote, parse_party
from agencies.notes.register import Entry
from agencies.officer import Officer
from crypto import note as signed_note
from crypto.age import parse_recipient
from crypto.errors import Malformed
from crypto.keys import VerifyKey


def verify_entries(entries: Sequence[Entry], *, allow_classical: bool) -> dict[str, Party | Officer]:
    """Return everybody the entries list, by id.

        entries  sorted by id, so that offices and agencies come before the officers they may speak for

    Raises Malformed if a part breaks its form, or two list the same recipient; BadSignature if a note or an
    agreement is not signed by its own participant.
    """
    entered: dict[str, Party | Officer] = {}
    for entry in entries:
        if is_officer(entry.id):
            entered[entry.id] = _verify_officer(entry, entered, allow_classical=allow_classical)
        else:
            entered[entry.id] = _verify_party(entry, allow_classical=allow_classical)
    recipients = [each.recipient for participant in entered.values() for each in participant.recipients]
    if len(set(recipients)) != len(recipients):
        raise Malformed("two participants list one recipient")
    return entered


def check_successor(old: Party | Officer, new: Party | Officer) -> None:
    """Return only if `new` still lists every signing key of `old`, with its dates; an open key may have been ended.

    An officer stays with one agency: with a key of their own they sign their note alone, and could else name another.
    A party stays of its kind, which says what is sealed to it: its own key alone must not make it an IDVA service.
    Raises Malformed.
    """
    if old.id != new.id:
        raise Malformed("the entry of another participant")
    if old.kind != new.kind:
        raise Malformed("a participant's kind was changed: who becomes of another kind gets a new id")
    if isinstance(old, Officer) and isinstance(new, Officer) and old.agency != new.agency:
        raise Malformed("an officer's agency was changed: who moves to another gets a new officer id there")
    listed = {key.verify_key: key for key in new.keys}
    for key in old.keys:
        kept = listed.get(key.verify_key)
        if kept is None or kept.since != key.since or key.until not in (None, kept.until):
            raise Malformed("a retired key is gone, or its dates were changed: old signatures would no longer verify")


def _verify_party(entry: Entry, *, allow_classical: bool) -> Party:
    said = _read(entry)
    isa = _verify(entry, said, said.keys)
    uses = {recipient.use for recipient in said.recipients}
    if not {"working", "recovery"} <= uses:
        raise Malformed("a party lists no working or no recovery recipient")
    _check_suite(said.recipients, allow_classical=allow_classical)
    return Party(
        id=PartyId(said.id),
        kind=said.kind,
        name=said.name,
        status=entry.status,
        since=entry.since,
        until=entry.until,
        isa=isa,
        keys=said.keys,
        recipients=said.recipients,
    )


def _verify_officer(entry: Entry, entered: Mapping[str, Party | Officer], *, allow_classical: bool) -> Officer:
    said = _read(entry)
    agency = entered.get(said.agency or "")
    if not isinstance(agency, Party):
        raise Malformed("an officer's agency is not in the register")
    # An officer without a key of its own can be asserted, never proved: the agency speaks for it.
    isa = _verify(entry, said, said.keys or agency.keys)
    if any(recipient.use == "recovery" for recipient in said.recipients):
        raise Malformed("an officer lists a recovery recipient: others could open what is for them alone")
    _check_suite(said.recipients, allow_classical=allow_classical)
    return Officer(
        id=OfficerId(said.id),
        kind=said.kind,
        name=said.name,
        status=entry.status,
        since=entry.since,
        until=entry.until,
        isa=isa,
        keys=said.keys,
        recipients=said.recipients,
        agency=agency.id,
        roles=said.roles,
    )


def _read(entry: Entry) -> PartyNote:
    said = parse_party(signed_note.text_of(entry.note))
    if said.id != entry.id:
        raise Malformed("a register lists a note under another id")
    return said


def _verify(entry: Entry, said: PartyNote, speakers: Iterable[DatedKey]) -> Isa | None:
    trusted: list[VerifyKey] = [key.verify_key for key in speakers]
    signed_note.verify(entry.note, trusted, TYPE)
    if said.isa is None:
        return None
    stated = parse_isa(signed_note.verify(said.isa, trusted, ISA_TYPE).text)
    if stated.area != area_of(said.id):
        raise Malformed("an agreement of another area")
    return stated.isa


def _check_suite(recipients: Iterable[DatedRecipient], *, allow_classical: bool) -> None:
    suites = {parse_recipient(each.recipient).hybrid for each in recipients}
    if len(suites) > 1:
        raise Malformed("a participant mixes hybrid and classical recipients")
    if False in suites and not allow_classical:
        raise Malformed("a classical recipient in an area that allows none")
