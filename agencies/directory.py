"""The directory: area, register and revocations together answer whose key may do what, and when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agencies.agency import Party
from agencies.area import Area
from agencies.names import OfficerId, PartyId, coordinator_of
from agencies.notes.revocation import Revocation, parse_revocation
from agencies.officer import Officer
from agencies.register import Register
from agencies.revocations import Revocations, verify_revocation_by
from crypto import note as signed_note
from crypto.errors import BadSignature, Malformed
from crypto.keys import VerifyKey

# How far two clocks may be apart, as for a request's signature: formats.md, section 3.
MAX_AHEAD = timedelta(seconds=5)
MAX_BACKDATED = timedelta(minutes=5)


class LeavesNobody(Malformed):
    """A revocation that would leave the coordinator's office without a key to sign with, or to be sealed to."""


@dataclass(frozen=True, slots=True)
class Directory:
    """What gateway and kit both ask; unknown, ended and revoked all answer None or nothing."""

    area: Area
    register: Register
    revocations: Revocations = field(default_factory=Revocations)

    def signing_party(self, keyid: str, at: datetime) -> Party | None:
        """Return the active agency or office whose key this is, if it may sign something new at `at`."""
        found = self.register.party_of_key(keyid)
        if found is None or not found[0].is_active(at) or self.valid_key(keyid, at) is None:
            return None
        return found[0]

    def signing_officer(self, keyid: str, at: datetime) -> Officer | None:
        """Return the active officer of an active agency whose key this is, if it may sign something new at `at`."""
        found = self.register.officer_of_key(keyid)
        if found is None or self.valid_key(keyid, at) is None:
            return None
        return self.officer_of(found[0].id, found[0].agency, at)

    def valid_key(self, keyid: str, at: datetime) -> VerifyKey | None:
        """Return the key if its signature made at `at` is good, though its owner may have left since.

        at  for an old signature, the instant at which the gateway accepted it
        """
        found = self.register.party_of_key(keyid) or self.register.officer_of_key(keyid)
        if found is None or not found[1].is_in_force(at) or self.is_revoked(keyid, at):
            return None
        return found[1].verify_key

    def valid_keys_of(self, id_: PartyId | OfficerId, at: datetime) -> tuple[VerifyKey, ...]:
        """Return the keys of one participant whose signatures made at `at` are good."""
        owner = self.register.party(id_) or self.register.officer(id_)
        keys = owner.keys_at(at) if owner else ()
        return tuple(key for key in keys if not self.is_revoked(key.keyid, at))

    def recipients(self, id_: PartyId | OfficerId, at: datetime) -> tuple[str, ...]:
        """Return the age recipients to seal to, in the order working, next, recovery; none for who is not active."""
        owner = self.register.party(id_) or self.register.officer(id_)
        if owner is None or not owner.is_active(at):
            return ()
        return tuple(recipient for recipient in owner.recipients_at(at) if not self.is_revoked(recipient, at))

    def is_revoked(self, key_or_recipient: str, at: datetime) -> bool:
        """Whether a revocation holds for this signing keyid or age recipient at the instant `at`."""
        return self.revocations.is_revoked(key_or_recipient, at)

    def officer_of(self, officer_id: str, agency_id: str, at: datetime) -> Officer | None:
        """Return the officer if active at `at`, of this agency and no other, and the agency is active too."""
        officer, agency = self.register.officer(officer_id), self.register.party(agency_id)
        if officer is None or agency is None or officer.agency != agency.id:
            return None
        return officer if officer.is_active(at) and agency.is_active(at) else None

    def officers_in_force(self, party: PartyId, named: Iterable[OfficerId], at: datetime) -> list[Officer]:
        """Return those of `named` who are officers of this very party and may have something at `at`, by id.

        Who was removed or has no signing key left is none: a laptop is lost with both keys, whichever was revoked.
        """
        officers = (self.officer_of(id_, party, at) for id_ in sorted(named) if self.valid_keys_of(id_, at))
        return [officer for officer in officers if officer is not None]

    def is_the_offices_last(self, key: str, at: datetime) -> bool:
        """Whether this is the last signing key, or the last recipient, that the coordinator's office has at `at`."""
        office = self.register.party(coordinator_of(self.area.name))
        if office is None:
            return False
        signing = [each.keyid for each in office.keys_at(at)]
        # One that is revoked from a moment ahead on is none that is left.
        return any(
            [each for each in sort if not self.revocations.names(each)] == [key]
            for sort in (signing, list(office.recipients_at(at)))
        )

    def accept_revocation(self, note: str, now: datetime) -> Revocation:
        """Return a revocation that has just arrived, signed by a key that may sign now: the owner's or the registrar's.

        It holds from now on; only the registrar may date it back, which takes from the key what it signed since.
        Raises Malformed if it is another area's, nobody lists the key, or its date is in the future or,
        signed by the owner, more than five minutes ago or before that of an earlier revocation; LeavesNobody if the
        coordinator's office signs away the last of its own; BadSignature.
        """
        owner = self.register.owner_of(parse_revocation(signed_note.text_of(note)).key)
        if owner is None:
            raise Malformed("nobody lists the revoked key")
        # One that begins next week would be a thief's: until then the key goes on.
        revocation, by_registrar = self._revocation_by(note, owner.id, now)
        if revocation.since > now + MAX_AHEAD:
            raise Malformed("a revocation that begins in the future")
        if by_registrar:
            return revocation
        if revocation.since < now - MAX_BACKDATED:
            raise Malformed("a revocation dated back, and not by the registrar")
        held = self.revocations.since(revocation.key)
        if held is not None and revocation.since < held:
            # Else whoever has the key could write one for each second, and everybody would verify them for ever.
            raise Malformed("the key is revoked already: only the registrar may date that back")
        # Nothing could be referred any more, and no register published: one stolen key must not stop an area.
        if self.is_the_offices_last(revocation.key, now):
            raise LeavesNobody("the coordinator's office has no other, and only the registrar revokes the last")
        return revocation

    def _revocation_by(self, note: str, owner: PartyId | OfficerId, now: datetime) -> tuple[Revocation, bool]:
        """Return the revocation, and whether the registrar signed it."""
        try:
            return verify_revocation_by(note, self.area, self.area.registrar_keys(now)), True
        except BadSignature:
            return verify_revocation_by(note, self.area, self.valid_keys_of(owner, now)), False
