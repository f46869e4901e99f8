"""For which keys a header is made: an agency's own, and in a closed case those of its named officers alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from agencies.agency import DatedKey, DatedRecipient
from agencies.directory import Directory
from agencies.names import OfficerId, PartyId
from agencies.notes.party import PartyNote
from agencies.notes.register import Entry
from agencies.officer import Officer
from agencies.revocations import verify_revocations
from broker.addressees import recipients_for, sound_keys
from broker.case import Case
from tests.agencies.made_area import (
    AREA,
    COORDINATOR,
    DAY,
    HOUSING,
    IDVA,
    NOW,
    OFFICER,
    entry_of,
    fixed_identity,
    fixed_key,
    made_area,
    register_of,
    revocation_of,
    said_by,
)
from tests.rules.cases import REF

COLLEAGUE = OfficerId(f"{AREA}/officer/9x9x9x9x")
LATER = NOW + timedelta(hours=1)
CLOSED = Case(REF, NOW, NOW, closed=True, named=frozenset({OFFICER}))
OPEN = replace(CLOSED, closed=False)
BOTH = replace(CLOSED, named=frozenset({OFFICER, COLLEAGUE}))


def own(id_: PartyId | OfficerId, use: str = "working") -> str:
    return str(fixed_identity(id_, use).recipient())


def an_officer(id_: OfficerId) -> PartyNote:
    """Return what an officer of housing says who has a signing key and a recipient."""
    return replace(
        said_by(OFFICER),
        id=id_,
        keys=(DatedKey(fixed_key(id_).verify_key, NOW - DAY, None),),
        recipients=(DatedRecipient("working", own(id_), NOW - DAY, None),),
    )


def directory(*officers: Entry, revoked: Sequence[str] = ()) -> Directory:
    """Return an area with its office, two agencies and two officers of housing, less what is revoked since NOW."""
    known = {entry.id: entry for entry in (entry_of(an_officer(OFFICER)), entry_of(an_officer(COLLEAGUE)), *officers)}
    register = register_of([*(entry_of(said_by(id_)) for id_ in (COORDINATOR, HOUSING, IDVA)), *known.values()])
    area = made_area().area
    notes = [revocation_of(key, made_area().registrar) for key in revoked]
    return Directory(area, register, verify_revocations(notes, area, register))


def headers(case: Case | None, party: PartyId = HOUSING, held: Directory | None = None) -> tuple[str, ...]:
    return recipients_for(party, case, held or directory(), LATER)


@pytest.mark.parametrize("case", [None, OPEN], ids=["yet to be opened", "not closed"])
def test_what_is_not_closed_is_for_the_agencys_own_keys_whoever_is_named(case: Case | None) -> None:
    assert headers(case) == (own(HOUSING), own(HOUSING, "recovery"))


def test_what_is_closed_is_for_named_officers_alone_and_an_agency_without_one_gets_nothing() -> None:
    assert headers(CLOSED) == (own(OFFICER),)
    assert headers(BOTH) == (own(OFFICER), own(COLLEAGUE))
    assert headers(CLOSED, IDVA) == ()
    assert headers(replace(CLOSED, named=frozenset())) == ()


def test_the_coordinators_office_has_its_own_keys_in_every_case() -> None:
    for case in (None, OPEN, CLOSED):
        assert headers(case, COORDINATOR) == (own(COORDINATOR), own(COORDINATOR, "recovery"))


@pytest.mark.parametrize("excluded", [OFFICER, HOUSING], ids=["the officer", "their agency"])
def test_who_is_excluded_is_named_in_vain(excluded: PartyId | OfficerId) -> None:
    case = replace(CLOSED, excluded=frozenset({excluded}))
    assert headers(case) == ()
    assert sound_keys(HOUSING, case, directory(), LATER) == frozenset()


@pytest.mark.parametrize("key", [own(OFFICER), fixed_key(OFFICER).verify_key.keyid], ids=["recipient", "signing key"])
def test_a_lost_laptop_takes_both_keys_with_it_whichever_was_revoked(key: str) -> None:
    held = directory(revoked=[key])
    assert headers(BOTH, held=held) == (own(COLLEAGUE),)
    assert sound_keys(HOUSING, BOTH, held, LATER) == {own(COLLEAGUE)}


@pytest.mark.parametrize("status", ["removed", "suspended"])
def test_who_has_left_is_sealed_to_no_more_and_what_was_is_sound_no_more(status: str) -> None:
    held = directory(replace(entry_of(an_officer(OFFICER)), status=status))
    assert headers(BOTH, held=held) == (own(COLLEAGUE),)
    assert sound_keys(HOUSING, BOTH, held, LATER) == {own(COLLEAGUE)}


def test_what_was_sealed_to_a_recipient_that_was_only_replaced_is_sound_still() -> None:
    said = an_officer(OFFICER)
    ended = replace(said.recipients[0], until=NOW)
    fresh = DatedRecipient("working", own(OFFICER, "second"), NOW, None)
    held = directory(entry_of(replace(said, recipients=(ended, fresh))))
    assert headers(CLOSED, held=held) == (own(OFFICER, "second"),)
    assert sound_keys(HOUSING, CLOSED, held, LATER) == {own(OFFICER), own(OFFICER, "second")}


def test_an_agencys_key_is_sound_until_the_case_is_closed() -> None:
    working, recovery = own(HOUSING), own(HOUSING, "recovery")
    assert sound_keys(HOUSING, OPEN, directory(), LATER) == {working, recovery}
    assert sound_keys(HOUSING, OPEN, directory(revoked=[working]), LATER) == {recovery}
    assert not {working, recovery} & sound_keys(HOUSING, CLOSED, directory(), LATER)


def test_an_officer_is_named_for_their_own_agency_alone() -> None:
    officer = directory().register.officer(OFFICER)
    assert isinstance(officer, Officer)
    assert officer.agency == HOUSING
    assert headers(CLOSED, PartyId(f"{AREA}/agency/nobody")) == ()
