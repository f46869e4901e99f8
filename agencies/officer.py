"""Officers: the named readers inside an agency, known by random ids alone."""

from dataclasses import dataclass

from agencies.agency import Participant
from agencies.names import OfficerId, PartyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer(Participant):
    """An officer of one agency or office; the one that has no key can only be asserted by its agency."""

    id: OfficerId
    agency: PartyId
    roles: tuple[str, ...]
