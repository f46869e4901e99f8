"""The register: verified down to each party's own signature, numbered, never rolled back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.agency import DatedKey, DatedRecipient, Party
from agencies.area import verify_area
from agencies.enrolment import rotate_key, sign_isa
from agencies.entry import check_successor
from agencies.names import AreaName, PartyId, agency_id, office_id
from agencies.notes.party import PartyNote
from agencies.notes.register import Entry, parse_register
from agencies.register import Register, draft_register, follows, verify_register
from crypto import note
from crypto.errors import BadSignature, CryptoError, Malformed
from tests.agencies.made_area import (
    AREA,
    COORDINATOR,
    DAY,
    HOUSING,
    IDVA,
    ISA,
    KEYLESS,
    NOW,
    OFFICER,
    YEAR,
    entry_of,
    fixed_identity,
    fixed_key,
    made_area,
    register_of,
    said_by,
    signed_register,
    usual_entries,
    usual_register,
)


def with_entry(said: PartyNote, **changes: str) -> list[Entry]:
    others = [entry for entry in usual_entries() if entry.id != said.id]
    return [*others, entry_of(said, **changes)]


def signed_anyway(entries: list[Entry]) -> str:
    """A register that `draft_register` would refuse, signed by a registrar who did not look."""
    stated = parse_register(note.text_of(usual_register().note))
    ordered = tuple(sorted(entries, key=lambda entry: entry.id))
    return note.sign(replace(stated, entries=ordered).encode(), [made_area().registrar])


def verify_anyway(entries: list[Entry], *, allow_classical: bool = False) -> Register:
    return verify_register(signed_anyway(entries), made_area().area, allow_classical=allow_classical)


def classical(said: PartyNote) -> PartyNote:
    return replace(
        said,
        recipients=tuple(
            replace(each, recipient=str(fixed_identity(said.id, each.use, "AGE-SECRET-KEY-").recipient()))
            for each in said.recipients
        ),
    )


def test_a_register_says_who_takes_part():
    register = usual_register()
    assert register.number == 1
    assert register.previous is None
    assert register.hash == note.hash_text(note.text_of(register.note))
    assert [one.id for one in register.participants()] == [HOUSING, IDVA, COORDINATOR, KEYLESS, OFFICER]
    housing, officer = register.party(HOUSING), register.officer(OFFICER)
    assert housing
    assert officer
    assert (housing.kind, housing.isa, housing.is_active(NOW)) == ("housing", ISA, True)
    assert (officer.agency, officer.roles) == (HOUSING, ("referrer",))


def test_an_officer_is_no_party_and_a_party_no_officer():
    register = usual_register()
    assert register.party(OFFICER) is None
    assert register.officer(HOUSING) is None
    assert register.party("nobody") is None
    keyid = fixed_key(OFFICER).verify_key.keyid
    assert register.party_of_key(keyid) is None
    found = register.officer_of_key(keyid)
    assert found
    assert found[0].id == OFFICER


def test_a_key_leads_to_its_party():
    key = fixed_key(HOUSING).verify_key
    found = usual_register().party_of_key(key.keyid)
    assert found
    assert found[0].id == HOUSING
    assert found[1].verify_key == key
    assert usual_register().party_of_key("unknown+00000000") is None


def test_parties_of_a_kind_are_the_active_ones():
    register = usual_register()
    assert [one.id for one in register.parties_of_kind("idva-service", NOW)] == [IDVA]
    assert register.parties_of_kind("idva-service", NOW - 2 * DAY) == ()
    assert register.parties_of_kind("officer", NOW) == ()
    suspended = register_of(with_entry(said_by(IDVA), status="suspended"))
    assert suspended.parties_of_kind("idva-service", NOW) == ()


def test_the_area_s_agreement_is_the_coordinator_s_while_it_is_in_force():
    assert usual_register().agreement(NOW) == ISA
    assert usual_register().agreement(NOW - 2 * DAY) is None
    without = register_of([entry for entry in usual_entries() if entry.id != COORDINATOR])
    assert without.agreement(NOW) is None
    unsigned = register_of(with_entry(said_by(COORDINATOR, signs_isa=False)))
    assert unsigned.agreement(NOW) is None


def test_a_register_expires_after_its_year():
    assert not usual_register().is_expired(NOW + YEAR - DAY)
    assert usual_register().is_expired(NOW + YEAR)


def test_only_the_registrar_of_that_day_may_sign():
    text = note.text_of(usual_register().note)
    for key in (made_area().gateway, made_area().root, fixed_key(COORDINATOR), fixed_key(f"{AREA}/registrar", 2)):
        with pytest.raises(BadSignature):
            verify_register(note.sign(text, [key]), made_area().area)
    early = draft_register(None, AREA, usual_entries(), NOW - YEAR)
    with pytest.raises(BadSignature):
        verify_register(note.sign(early, [made_area().registrar]), made_area().area)


def test_the_registrar_delegated_last_is_believed_though_the_delegation_is_late():
    late = draft_register(None, AREA, usual_entries(), NOW + 2 * YEAR)
    assert verify_register(note.sign(late, [made_area().registrar]), made_area().area).number == 1


def test_a_register_of_another_area_is_refused_though_the_registrar_signed_it():
    stated = parse_register(note.text_of(usual_register().note))
    signed = note.sign(
        replace(stated, area=AreaName("marac.peterborough.example"), entries=()).encode(), [made_area().registrar]
    )
    with pytest.raises(Malformed):
        verify_register(signed, made_area().area)


def test_any_changed_byte_of_a_register_is_refused():
    signed = usual_register().note
    for place in range(0, len(signed) - 1, 613):
        changed = signed[:place] + ("A" if signed[place] != "A" else "B") + signed[place + 1 :]
        with pytest.raises(CryptoError):
            verify_register(changed, made_area().area)


@given(st.text())
def test_random_text_is_no_register(text: str):
    for candidate in (text, f"marac/register/v1\n{text}\n\n\u2014 {text}\n"):
        with pytest.raises(CryptoError):
            verify_register(candidate, made_area().area)


def test_a_note_signed_by_another_party_is_refused():
    said = said_by(HOUSING)
    forged = Entry(HOUSING, "active", NOW, None, note.sign(said.encode(), [fixed_key(IDVA)]))
    with pytest.raises(BadSignature):
        verify_anyway([*usual_entries()[:1], forged])


def test_a_note_listed_under_another_id_is_refused():
    moved = replace(entry_of(said_by(HOUSING)), id=agency_id(AREA, "health"))
    with pytest.raises(Malformed):
        verify_anyway([moved])


def test_an_agreement_signed_by_another_party_is_refused():
    with pytest.raises(BadSignature):
        verify_anyway(with_entry(replace(said_by(HOUSING), isa=sign_isa(ISA, fixed_key(IDVA)))))


def test_an_agreement_of_another_area_is_refused():
    foreign = note.sign(
        note.text_of(sign_isa(ISA, fixed_key(HOUSING))).replace(AREA, "marac.peterborough.example"),
        [fixed_key(HOUSING)],
    )
    with pytest.raises(Malformed):
        verify_anyway(with_entry(replace(said_by(HOUSING), isa=foreign)))


def test_classical_recipients_need_the_area_s_setting_and_are_never_mixed():
    entries = with_entry(classical(said_by(HOUSING)))
    with pytest.raises(Malformed):
        verify_anyway(entries)
    assert verify_anyway(entries, allow_classical=True).party(HOUSING)
    said, hybrid = classical(said_by(HOUSING)), said_by(HOUSING)
    mixed = replace(said, recipients=(said.recipients[0], hybrid.recipients[1]))
    with pytest.raises(Malformed):
        verify_anyway(with_entry(mixed), allow_classical=True)


def test_a_party_without_a_recovery_recipient_is_refused():
    said = said_by(HOUSING)
    with pytest.raises(Malformed):
        verify_anyway(with_entry(replace(said, recipients=said.recipients[:1])))


def test_nobody_can_list_the_recipient_of_another():
    thief = replace(said_by(IDVA), recipients=said_by(HOUSING).recipients)
    with pytest.raises(Malformed):
        verify_anyway(with_entry(thief))


def test_a_party_without_a_key_cannot_speak():
    said = replace(said_by(HOUSING), keys=())
    forged = Entry(HOUSING, "active", NOW, None, note.sign(said.encode(), [fixed_key(HOUSING)]))
    with pytest.raises(BadSignature):
        verify_anyway([forged])


def test_an_officer_without_a_key_is_spoken_for_by_its_own_agency_alone():
    keyless = usual_register().officer(KEYLESS)
    assert keyless
    assert keyless.keys == ()
    other = Entry(KEYLESS, "active", NOW, None, note.sign(said_by(KEYLESS).encode(), [fixed_key(IDVA)]))
    with pytest.raises(BadSignature):
        verify_anyway([*usual_entries()[:4], other])


def test_an_officer_with_a_key_is_not_spoken_for_by_its_agency():
    forged = Entry(OFFICER, "active", NOW, None, note.sign(said_by(OFFICER).encode(), [fixed_key(HOUSING)]))
    with pytest.raises(BadSignature):
        verify_anyway([*usual_entries()[:3], forged])


def test_an_officer_of_an_agency_that_is_not_listed_is_refused():
    with pytest.raises(Malformed):
        verify_anyway([entry_of(said_by(OFFICER))])


def test_the_next_register_has_the_next_number_and_names_the_one_before():
    following = register_of(usual_entries(), usual_register(), NOW + DAY)
    assert following.number == 2
    assert following.previous == usual_register().hash
    follows(usual_register(), following)
    follows(following, following)


def test_a_register_is_never_rolled_back():
    first = usual_register()
    following = register_of(usual_entries(), first, NOW + DAY)
    with pytest.raises(Malformed):
        follows(following, first)


def test_two_registers_of_one_number_or_with_another_predecessor_are_refused():
    first = usual_register()
    other = register_of(with_entry(said_by(IDVA), status="suspended"))
    with pytest.raises(Malformed):
        follows(first, other)
    with pytest.raises(Malformed):
        follows(first, register_of(usual_entries(), other, NOW + DAY))


def test_a_kit_that_was_away_may_skip_numbers_but_not_go_back_in_time():
    first = usual_register()
    second = register_of(usual_entries(), first, NOW + DAY)
    follows(first, register_of(usual_entries(), second, NOW + 2 * DAY))
    with pytest.raises(Malformed):
        follows(second, register_of(usual_entries(), second, NOW))


def test_a_register_that_forgets_somebody_or_a_key_follows_nothing():
    first = usual_register()
    stated = parse_register(note.text_of(register_of(usual_entries(), first, NOW + DAY).note))
    new = fixed_key(IDVA, 2)
    forgetful = replace(said_by(IDVA), keys=(DatedKey(new.verify_key, NOW, None),), isa=sign_isa(ISA, new))
    changed = [entry_of(forgetful, signer=new) if entry.id == IDVA else entry for entry in stated.entries]
    for entries in (stated.entries[:-1], changed):
        signed = note.sign(replace(stated, entries=tuple(entries)).encode(), [made_area().registrar])
        with pytest.raises(Malformed):
            follows(first, verify_register(signed, made_area().area))


def test_a_register_of_another_area_follows_nothing():
    with pytest.raises(Malformed):
        follows(usual_register(), replace(usual_register(), area=AreaName("marac.peterborough.example")))


def test_who_leaves_stays_listed():
    with pytest.raises(Malformed):
        draft_register(usual_register(), AREA, usual_entries()[:-1], NOW + DAY)
    removed = register_of(with_entry(said_by(IDVA), status="removed"), usual_register(), NOW + DAY)
    idva = removed.party(IDVA)
    assert idva
    assert not idva.is_active(NOW)


def test_a_rotated_key_stays_listed_and_a_lost_one_is_refused():
    new = fixed_key(IDVA, 2)
    rotated = rotate_key(said_by(IDVA), new, NOW)
    following = register_of(with_entry(rotated, signer=new), usual_register(), NOW)
    assert following.party_of_key(fixed_key(IDVA).verify_key.keyid)
    forgetful = replace(rotated, keys=rotated.keys[1:], isa=sign_isa(ISA, new))
    with pytest.raises(Malformed):
        draft_register(usual_register(), AREA, with_entry(forgetful, signer=new), NOW)


def test_a_retired_key_cannot_be_revived_or_given_an_earlier_start():
    old = usual_register().party(HOUSING)
    assert old
    key = old.keys[0]
    ended = replace(old, keys=(replace(key, until=NOW),))
    check_successor(old, ended)
    for keys in ((key,), (replace(key, until=NOW + DAY),), ()):
        with pytest.raises(Malformed):
            check_successor(ended, replace(old, keys=keys))
    with pytest.raises(Malformed):
        check_successor(old, replace(old, keys=(replace(key, since=NOW - YEAR),)))
    with pytest.raises(Malformed):
        check_successor(old, replace(old, id=IDVA))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param(replace(said_by(OFFICER), agency=IDVA), "new officer id", id="an officer of another agency"),
        # Else its own key alone would make it an IDVA service, to which the next referral is sealed.
        pytest.param(replace(said_by(HOUSING), kind="idva-service"), "new id", id="a party of another kind"),
    ],
)
def test_nobody_becomes_somebody_else_under_the_same_id(changed: PartyNote, told: str):
    with pytest.raises(Malformed, match=told):
        draft_register(usual_register(), AREA, with_entry(changed), NOW)
    stated = parse_register(note.text_of(register_of(usual_entries(), usual_register(), NOW).note))
    entries = tuple(entry_of(changed) if entry.id == changed.id else entry for entry in stated.entries)
    signed = note.sign(replace(stated, entries=entries).encode(), [made_area().registrar])
    with pytest.raises(Malformed, match=told):
        follows(usual_register(), verify_register(signed, made_area().area))


def test_recipients_come_in_the_order_working_next_recovery():
    old = usual_register().party(HOUSING)
    assert old
    parts = [DatedRecipient(use, use, NOW, None) for use in ("recovery", "next", "working")]
    gone = DatedRecipient("working", "gone", NOW - DAY, NOW)
    one = replace(old, recipients=(*parts, gone))
    assert one.recipients_at(NOW) == ("working", "next", "recovery")
    assert one.recipients_at(NOW - DAY) == ("gone",)


def test_keys_are_those_whose_dates_hold():
    one = usual_register().party(HOUSING)
    assert one
    old, new = fixed_key(HOUSING).verify_key, fixed_key(HOUSING, 2).verify_key
    dated = replace(one, keys=(DatedKey(old, NOW - DAY, NOW), DatedKey(new, NOW, None)))
    assert dated.keys_at(NOW - DAY) == (old,)
    assert dated.keys_at(NOW) == (new,)


def test_a_large_register_verifies():
    more = [entry_of(said_by(agency_id(AREA, f"health-{number}"))) for number in range(40)]
    register = verify_register(signed_register([*usual_entries(), *more]), made_area().area)
    assert len(register.participants()) == 45
    assert len(register.note) > 65_536


def test_a_chair_s_office_is_numbered():
    chair = office_id(AREA, "chair-1")
    said = replace(said_by(PartyId(chair)), kind="chair")
    register = register_of([*usual_entries(), entry_of(said)])
    found = register.party(chair)
    assert isinstance(found, Party)
    assert found.kind == "chair"


def test_a_register_does_not_outlive_a_change_of_root():
    other = fixed_key(f"{AREA}/root", 2)
    with pytest.raises(BadSignature):
        verify_area(other.verify_key, [made_area().delegation])


def test_an_officer_lists_no_recovery_recipient() -> None:
    for use, is_taken in (("working", True), ("next", True), ("recovery", False)):
        recipient = DatedRecipient(use, str(fixed_identity(OFFICER, use).recipient()), NOW - DAY, None)
        entry = entry_of(replace(said_by(OFFICER), recipients=(recipient,)))
        entries = [entry if each.id == OFFICER else each for each in usual_entries()]
        if is_taken:
            assert register_of(entries).owner_of(recipient.recipient) is not None
        else:
            with pytest.raises(Malformed, match="recovery"):
                register_of(entries)
