"""Look up a message or delivery and what the asker is to it; the work is the same where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agencies.agency import Party
from agencies.directory import Directory
from agencies.names import CaseRef, DeliveryId, MessageId, OfficerId, PartyId
from agencies.officer import Officer
from broker.addressees import sound_keys
from broker.case import Case
from broker.kinds.kind import Kind, Part
from broker.kinds.table import KINDS
from broker.lifecycle import DESTROYED, DeliveryState
from broker.need_to_know import Access, Act, Asker, Standing
from broker.ports import UnitOfWork
from broker.records import Delivery, Message
from broker.services.desk import Desk
from crypto.note import hash_text

# No case, message or delivery has these: asked for where there is none, so that both ways cost the same.
NO_CASE = CaseRef("-")
NO_MESSAGE = MessageId("-")


@dataclass(frozen=True, slots=True)
class Found:
    """A message with its case, locked if this unit may write; all None or empty where there is none.

    delivery    the one that was asked about
    deliveries  all of the message, where the message was asked about
    """

    message: Message | None
    case: Case | None
    delivery: Delivery | None = None
    deliveries: Sequence[Delivery] = ()


async def find_message(uow: UnitOfWork, id_: MessageId) -> Found:
    """Return the message with its case and its deliveries, the case and then the deliveries locked."""
    message = await uow.messages.get(id_)
    case = await uow.cases.lock(NO_CASE if message is None else message.case)
    return Found(message, case, deliveries=await uow.messages.deliveries(id_))


async def find_delivery(uow: UnitOfWork, id_: DeliveryId) -> Found:
    """Return the delivery with its message and case, the case and then the delivery locked."""
    seen = await uow.messages.glance(id_)
    case = await uow.cases.lock(NO_CASE if seen is None else seen.case)
    delivery = await uow.messages.delivery(id_)  # again, under the case's lock: what was seen may be gone
    message = await uow.messages.get(NO_MESSAGE if delivery is None else delivery.message)
    return Found(message, case, delivery)


def access_to(desk: Desk, act: Act, asker: Asker, found: Found, directory: Directory) -> Access:
    """Return the question that `asker` puts, as of now, about what was found."""
    asker = replace(asker, at=desk.now())
    access = Access(
        act,
        asker,
        case=found.case,
        demand_proved=desk.settings.demand_proved,
        # The register is gone through only where nobody is named: otherwise no rule asks for colleagues.
        colleagues=frozenset(officers_of(asker.party.id, directory)) if asker.officer is None else frozenset(),
    )
    return about(access, found, directory)


def about(access: Access, found: Found, directory: Directory) -> Access:
    """Return a question about a case, put about one of its messages."""
    if found.message is None:
        return access
    part = part_of(found.message)
    asker = access.asker
    is_sound = _is_for_sound_keys(found, asker.party.id, directory, asker.at)
    return replace(
        access,
        kind=_kind_of(found.message),
        least=access.least if part is None else part.least,
        standing=_standing(asker.party.id, found),
        withdrawn=found.delivery is not None and is_withdrawn(found.delivery),
        key_revoked=not is_sound,
        opens_otherwise=not is_sound and _opens_otherwise(found, asker.party.id, directory, asker.at),
        signed_anew=not is_sound and _is_signed_anew(found, asker, directory),
        # In a closed case no other key of the agency is sound.
        for_named=is_sound and found.case is not None and found.case.closed and found.delivery is not None,
        holders=_holders(found, asker.party.id, directory, asker.at),
    )


def part_of(message: Message) -> Part | None:
    """Return what the message's kind declares of its document, or None for a kind that is no longer known."""
    kind = _kind_of(message)
    return None if kind is None else kind.parts.get(message.document)


def _kind_of(message: Message) -> Kind | None:
    return KINDS.get(message.kind.partition("/")[0])


def officers_of(party: PartyId, directory: Directory) -> list[OfficerId]:
    """Return the officers of a party, whatever their status, sorted by id."""
    members = directory.register.participants()
    return [member.id for member in members if isinstance(member, Officer) and member.agency == party]


def is_withdrawn(delivery: Delivery) -> bool:
    """Claim that nothing is to be had of it any more: it was taken back or corrected, or its recipient destroyed it."""
    gone = {DeliveryState.RECALLED, DeliveryState.SUPERSEDED}
    return delivery.state in gone or DESTROYED in delivery.receipts


def _standing(party: PartyId, found: Found) -> Standing:
    if found.delivery is not None:
        return Standing.RECIPIENT if found.delivery.recipient == party else Standing.NONE
    return Standing.SENDER if found.message is not None and found.message.sender == party else Standing.NONE


def _is_for_sound_keys(found: Found, party: PartyId, directory: Directory, at: datetime) -> bool:
    """Claim that the header is made for keys alone that are in force for this party in this case.

    One that is revoked is none, and what no longer stands in the register is none either.
    """
    if found.delivery is None or found.case is None or directory.register.party(party) is None:
        return True
    return _sound(found.case, party, directory, at).issuperset(found.delivery.header_keys)


def _holders(found: Found, party: PartyId, directory: Directory, at: datetime) -> frozenset[OfficerId] | None:
    """Return the officers in force for whose keys the header was made, revoked ones too; None: for the party's own.

    Those who had it have a copy, whether or not the case names them still.
    """
    if found.delivery is None or found.case is None or not found.case.closed:
        return None
    keys = frozenset(found.delivery.header_keys)
    if keys.issubset(listed_keys(directory.register.party(party))):
        return None
    officers = directory.officers_in_force(party, officers_of(party, directory), at)
    return frozenset(officer.id for officer in officers if not keys.isdisjoint(listed_keys(officer)))


def listed_keys(owner: Party | Officer | None) -> tuple[str, ...]:
    """Return the fingerprints of all recipients that the register lists for an agency or an officer."""
    return () if owner is None else tuple(hash_text(each.recipient) for each in owner.recipients)


def _opens_otherwise(found: Found, party: PartyId, directory: Directory, at: datetime) -> bool:
    """Claim that the header, which is not for sound keys alone, is for one of them too."""
    if found.delivery is None or found.case is None:
        return False
    return not _sound(found.case, party, directory, at).isdisjoint(found.delivery.header_keys)


def _sound(case: Case, party: PartyId, directory: Directory, at: datetime) -> set[str]:
    return {hash_text(recipient) for recipient in sound_keys(party, case, directory, at)}


def _is_signed_anew(found: Found, asker: Asker, directory: Directory) -> bool:
    """Claim that an agency's key signed that is listed since the last of the header's keys was revoked, or later.

    An older one may be in the same hands as the revoked one. A key of the header that nobody lists is from nobody
    knows when: then no key is new enough.
    """
    party = directory.register.party(asker.party.id)
    if party is None or found.delivery is None:
        return False
    listed = {hash_text(each.recipient): each.recipient for each in party.recipients}
    if not listed.keys() >= set(found.delivery.header_keys):
        return False
    revoked = [directory.revocations.since(listed[key]) for key in found.delivery.header_keys]
    ended = [since for since in revoked if since is not None]
    signing = [key.since for key in party.keys if key.verify_key.keyid in asker.keyids]
    return bool(ended) and any(since >= max(ended) for since in signing)
