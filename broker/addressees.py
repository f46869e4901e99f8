"""For which keys a header is made: an agency's own, or in a closed case its named officers'. README.md, "Routing"."""

from datetime import datetime

from agencies.directory import Directory
from agencies.names import PartyId, coordinator_of
from agencies.officer import Officer
from broker.case import Case

MAX_STANZAS = 8  # of a header: formats.md, section 5


def recipients_for(party: PartyId, case: Case | None, directory: Directory, at: datetime) -> tuple[str, ...]:
    """Return the age recipients that a header for `party` is made for at `at`, one stanza each, in this order.

        case  None for one that is yet to be opened, and is not closed

    Its working, next and recovery recipients; in a closed case, for all but the coordinator's office, those of its
    named officers alone, by officer id. Empty: no header is made.
    """
    if case is None or not _is_by_officers(party, case, directory):
        return directory.recipients(party, at)
    named = _officers_in_force(party, case, directory, at)
    return tuple(recipient for officer in named for recipient in directory.recipients(officer.id, at))


def sound_keys(party: PartyId, case: Case, directory: Directory, at: datetime) -> frozenset[str]:
    """Return the recipients that a header of `party` may be made for and still be released at `at`.

    What `recipients_for` names, and what it named before those were followed by others: one that was only replaced
    opens what was sealed to it, one that was revoked does not.
    """
    if _is_by_officers(party, case, directory):
        owners = _officers_in_force(party, case, directory, at)
        listed = [each.recipient for owner in owners for each in owner.recipients]
    else:
        agency = directory.register.party(party)
        listed = [each.recipient for each in agency.recipients] if agency else []
    return frozenset(recipient for recipient in listed if not directory.is_revoked(recipient, at))


def _is_by_officers(party: PartyId, case: Case, directory: Directory) -> bool:
    return case.closed and party != coordinator_of(directory.area.name)


def _officers_in_force(party: PartyId, case: Case, directory: Directory, at: datetime) -> list[Officer]:
    """Return the named officers of `party` who may have something now, by id; none of who is excluded."""
    if party in case.excluded:
        return []
    return directory.officers_in_force(party, case.named - case.excluded, at)
