"""Revocation holds at once: the key signs nothing new, and what it signed before still verifies."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.directory import Directory, LeavesNobody
from agencies.enrolment import rotate_key
from agencies.names import AreaName
from agencies.notes.revocation import Revocation, parse_revocation
from agencies.register import Register
from agencies.revocations import Revocations, verify_revocation, verify_revocations
from crypto import note
from crypto.errors import BadSignature, Malformed
from crypto.keys import SigningKey
from tests.agencies.made_area import (
    AREA,
    COORDINATOR,
    DAY,
    HOUSING,
    IDVA,
    KEYLESS,
    NOW,
    OFFICER,
    entry_of,
    fixed_identity,
    fixed_key,
    made_area,
    register_of,
    revocation_of,
    said_by,
    usual_entries,
    usual_register,
)

KEY = fixed_key(HOUSING).verify_key
OFFICER_KEY = fixed_key(OFFICER).verify_key


def directory(*revocations: str, register: Register | None = None) -> Directory:
    register = register or usual_register()
    return Directory(made_area().area, register, verify_revocations(revocations, made_area().area, register))


def with_status(id_, status: str) -> Directory:
    others = [entry for entry in usual_entries() if entry.id != id_]
    return directory(register=register_of([*others, entry_of(said_by(id_), status=status)]))


def test_an_active_party_signs_with_its_own_key():
    party = directory().signing_party(KEY.keyid, NOW)
    assert party
    assert party.id == HOUSING


def test_an_unknown_key_an_early_one_and_an_officer_s_sign_for_no_party():
    assert directory().signing_party("unknown+00000000", NOW) is None
    assert directory().signing_party(KEY.keyid, NOW - 2 * DAY) is None
    assert directory().signing_party(OFFICER_KEY.keyid, NOW) is None


def test_an_officer_signs_with_its_own_key_while_it_and_its_agency_are_active():
    officer = directory().signing_officer(OFFICER_KEY.keyid, NOW)
    assert officer
    assert officer.id == OFFICER
    assert directory().signing_officer(KEY.keyid, NOW) is None
    assert with_status(OFFICER, "removed").signing_officer(OFFICER_KEY.keyid, NOW) is None
    assert with_status(HOUSING, "suspended").signing_officer(OFFICER_KEY.keyid, NOW) is None


@pytest.mark.parametrize("status", ["suspended", "removed"])
def test_a_party_that_is_not_active_signs_nothing_new_and_receives_nothing(status: str):
    without = with_status(HOUSING, status)
    assert without.signing_party(KEY.keyid, NOW) is None
    assert without.recipients(HOUSING, NOW) == ()
    assert without.valid_key(KEY.keyid, NOW) == KEY


def test_a_revoked_key_signs_nothing_new_and_its_old_signatures_verify():
    after = directory(revocation_of(KEY.keyid, fixed_key(HOUSING)))
    assert after.signing_party(KEY.keyid, NOW) is None
    assert after.valid_key(KEY.keyid, NOW) is None
    assert after.valid_keys_of(HOUSING, NOW) == ()
    before = NOW - DAY
    assert after.signing_party(KEY.keyid, before)
    assert after.valid_key(KEY.keyid, before) == KEY
    assert after.valid_keys_of(HOUSING, before) == (KEY,)


def test_a_revoked_officer_s_key_signs_nothing_new():
    after = directory(revocation_of(OFFICER_KEY.keyid, made_area().registrar))
    assert after.signing_officer(OFFICER_KEY.keyid, NOW) is None
    assert after.signing_officer(OFFICER_KEY.keyid, NOW - DAY)


def test_nothing_is_sealed_to_a_revoked_recipient():
    working, recovery = (str(fixed_identity(HOUSING, use).recipient()) for use in ("working", "recovery"))
    assert directory().recipients(HOUSING, NOW) == (working, recovery)
    after = directory(revocation_of(working, fixed_key(HOUSING)))
    assert after.recipients(HOUSING, NOW) == (recovery,)
    assert after.is_revoked(working, NOW)
    assert not after.is_revoked(working, NOW - DAY)
    assert not after.is_revoked(recovery, NOW)


def test_nobody_unknown_receives_anything():
    assert directory().recipients(replace_id(HOUSING), NOW) == ()
    assert directory().recipients(HOUSING, NOW - 2 * DAY) == ()
    assert directory().recipients(OFFICER, NOW) == ()


def replace_id(id_):
    return type(id_)(id_.replace("housing", "unknown"))


def test_an_officer_belongs_to_one_agency():
    assert directory().officer_of(OFFICER, HOUSING, NOW)
    assert directory().officer_of(KEYLESS, HOUSING, NOW)
    assert directory().officer_of(OFFICER, IDVA, NOW) is None
    assert directory().officer_of(OFFICER, "unknown", NOW) is None
    assert directory().officer_of("unknown", HOUSING, NOW) is None
    assert with_status(HOUSING, "removed").officer_of(OFFICER, HOUSING, NOW) is None


def test_only_the_party_itself_or_the_registrar_may_revoke():
    area, register = made_area().area, usual_register()
    for signer in (fixed_key(HOUSING), made_area().registrar):
        assert verify_revocation(revocation_of(KEY.keyid, signer), area, register).key == KEY.keyid
    for signer in (fixed_key(IDVA), fixed_key(COORDINATOR), made_area().gateway, fixed_key(HOUSING, 2)):
        with pytest.raises(BadSignature):
            verify_revocation(revocation_of(KEY.keyid, signer), area, register)
        with pytest.raises(BadSignature):
            directory().accept_revocation(revocation_of(KEY.keyid, signer), NOW)


def test_a_revocation_of_another_area_is_refused():
    stated = parse_revocation(note.text_of(revocation_of(KEY.keyid, fixed_key(HOUSING))))
    signed = note.sign(replace(stated, area=AreaName("marac.peterborough.example")).encode(), [fixed_key(HOUSING)])
    with pytest.raises(Malformed):
        verify_revocation(signed, made_area().area, usual_register())


def test_a_revocation_of_a_key_that_nobody_lists_is_refused_on_arrival_and_has_no_effect_later():
    unlisted = fixed_key(HOUSING, 9)
    signed = revocation_of(unlisted.verify_key.keyid, unlisted)
    with pytest.raises(Malformed):
        directory().accept_revocation(signed, NOW)
    with pytest.raises(BadSignature):
        verify_revocation(signed, made_area().area, usual_register())
    assert not directory(signed).is_revoked(unlisted.verify_key.keyid, NOW)


def test_a_key_already_revoked_cannot_revoke_another_on_arrival():
    recipient = str(fixed_identity(HOUSING, "working").recipient())
    arriving = revocation_of(recipient, fixed_key(HOUSING))
    assert directory().accept_revocation(arriving, NOW).key == recipient
    stolen = directory(revocation_of(KEY.keyid, made_area().registrar))
    with pytest.raises(BadSignature):
        stolen.accept_revocation(arriving, NOW)
    assert stolen.accept_revocation(revocation_of(recipient, made_area().registrar), NOW)


def test_a_revocation_that_begins_in_the_future_is_refused_whoever_signed_it():
    for signer in (fixed_key(HOUSING), made_area().registrar):
        soon = revocation_of(KEY.keyid, signer, NOW + timedelta(seconds=5))
        assert directory().accept_revocation(soon, NOW).key == KEY.keyid
        for ahead in (timedelta(seconds=6), 3650 * DAY):
            with pytest.raises(Malformed):
                directory().accept_revocation(revocation_of(KEY.keyid, signer, NOW + ahead), NOW)


def test_only_the_registrar_dates_a_revocation_back():
    for back in (timedelta(minutes=5, seconds=1), 30 * DAY):
        with pytest.raises(Malformed):
            directory().accept_revocation(revocation_of(KEY.keyid, fixed_key(HOUSING), NOW - back), NOW)
        by_registrar = revocation_of(KEY.keyid, made_area().registrar, NOW - back)
        assert directory().accept_revocation(by_registrar, NOW).since == NOW - back
    recent = revocation_of(KEY.keyid, fixed_key(HOUSING), NOW - timedelta(minutes=5))
    assert directory().accept_revocation(recent, NOW).key == KEY.keyid


def test_a_key_that_is_revoked_is_revoked_from_an_earlier_instant_by_the_registrar_alone():
    key = str(fixed_identity(HOUSING, "working").recipient())
    owner, registrar = fixed_key(HOUSING), made_area().registrar
    held, earlier = directory(revocation_of(key, owner, NOW)), NOW - timedelta(seconds=1)
    with pytest.raises(Malformed, match="revoked already"):
        held.accept_revocation(revocation_of(key, owner, earlier), NOW)
    assert held.accept_revocation(revocation_of(key, owner, NOW), NOW).since == NOW
    assert held.accept_revocation(revocation_of(key, registrar, earlier), NOW).since == earlier


def test_a_revocation_that_both_signed_may_be_dated_back():
    both = note.append_signature(revocation_of(KEY.keyid, fixed_key(HOUSING), NOW - 30 * DAY), made_area().registrar)
    assert directory().accept_revocation(both, NOW).since == NOW - 30 * DAY


OFFICE_KEY = fixed_key(COORDINATOR)
OFFICE_RECIPIENTS = tuple(str(fixed_identity(COORDINATOR, use).recipient()) for use in ("working", "recovery"))


def accepted_one_after_the_other(*keys: str, signer: SigningKey, since: datetime = NOW) -> list[str]:
    """Return which of these revocations are accepted, each kept before the next arrives."""
    kept: list[str] = []
    for key in keys:
        arriving = revocation_of(key, signer, since)
        try:
            directory(*kept).accept_revocation(arriving, NOW)
        except LeavesNobody:
            continue
        kept.append(arriving)
    return [parse_revocation(note.text_of(one)).key for one in kept]


@pytest.mark.parametrize("since", [NOW, NOW + timedelta(seconds=5)])
def test_a_thief_of_the_office_s_key_revokes_neither_it_nor_the_office_s_last_recipient(since: datetime):
    everything = (*OFFICE_RECIPIENTS, OFFICE_KEY.verify_key.keyid)
    assert accepted_one_after_the_other(*everything, signer=OFFICE_KEY, since=since) == [OFFICE_RECIPIENTS[0]]
    assert accepted_one_after_the_other(*everything, signer=made_area().registrar, since=since) == list(everything)


def test_the_office_revokes_its_key_once_the_register_lists_another():
    second = fixed_key(COORDINATOR, 2)
    said = rotate_key(said_by(COORDINATOR), second, NOW)
    others = [entry for entry in usual_entries() if entry.id != COORDINATOR]
    renewed = directory(register=register_of([*others, entry_of(said, signer=OFFICE_KEY)]))
    assert renewed.accept_revocation(revocation_of(OFFICE_KEY.verify_key.keyid, second), NOW)
    assert not renewed.is_the_offices_last(second.verify_key.keyid, NOW)
    assert renewed.is_the_offices_last(second.verify_key.keyid, NOW + 15 * DAY), "the old one has ended by then"


def test_an_agency_may_revoke_its_last_key():
    assert directory().accept_revocation(revocation_of(KEY.keyid, fixed_key(HOUSING)), NOW)
    without = register_of([entry for entry in usual_entries() if entry.id != COORDINATOR])
    assert not directory(register=without).is_the_offices_last(KEY.keyid, NOW)


@given(st.permutations([NOW, NOW + DAY, NOW - DAY]))
def test_of_several_revocations_of_one_key_the_earliest_counts_whatever_their_order(order):
    revocations = Revocations()
    for since in order:
        revocations = revocations.adding(Revocation(AREA, KEY.keyid, since, "lost"))
    assert revocations.is_revoked(KEY.keyid, NOW - DAY)
    assert not revocations.is_revoked(KEY.keyid, NOW - 2 * DAY)
    assert not revocations.is_revoked("another", NOW)
