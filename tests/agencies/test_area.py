"""The root delegates, year by year; whoever joins compares its fingerprint aloud."""

import base64
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agencies.area import Area, delegate, fingerprint, gateway_name, log_name, registrar_name, root_name, verify_area
from agencies.names import CROCKFORD, AreaName
from agencies.notes.delegation import parse_delegation
from crypto import note
from crypto.errors import BadSignature, Malformed
from crypto.keys import VerifyKey
from tests.agencies.made_area import AREA, DAY, NOW, YEAR, fixed_key, made_area

START = NOW - DAY
SECOND = timedelta(seconds=1)


def second(turn: int = 2, at=START + 300 * DAY) -> str:
    made = made_area()
    keys = (fixed_key(f"{AREA}/{role}", turn).verify_key for role in ("gateway", "log", "registrar"))
    return delegate(made.root, made.delegation, *keys, at)


def test_an_area_is_what_its_root_delegated():
    made = made_area()
    area = made.area
    assert area.name == AREA
    assert area.latest.number == 1
    assert area.gateway_keys(NOW) == (made.gateway.verify_key,)
    assert area.log_keys(NOW) == (made.log.verify_key,)
    assert area.registrar_keys(NOW) == (made.registrar.verify_key,)


def test_role_names_are_those_of_formats_md():
    names = [root_name(AREA), gateway_name(AREA), log_name(AREA), registrar_name(AREA)]
    assert names == [f"{AREA}/{role}" for role in ("root", "gateway", "log", "registrar")]


def keys_at(area: Area, at: datetime) -> tuple[tuple[VerifyKey, ...], ...]:
    return area.gateway_keys(at), area.log_keys(at), area.registrar_keys(at)


def test_nothing_dated_before_the_first_delegation_is_believed():
    assert keys_at(made_area().area, START - SECOND) == ((), (), ())


def test_the_latest_delegation_s_keys_are_believed_past_its_year_which_is_told_two_months_before():
    area = made_area().area
    assert keys_at(area, START + 10 * YEAR) == keys_at(area, START)
    assert not area.is_expiring(START + YEAR - 61 * DAY)
    assert area.is_expiring(START + YEAR - 60 * DAY)
    assert not area.is_expired(START + YEAR - SECOND)
    assert area.is_expired(START + YEAR)


def test_what_was_signed_while_the_delegation_was_late_is_believed_once_it_is_renewed_for_the_same_keys():
    made = made_area()
    late = delegate(
        made.root,
        made.delegation,
        *(key.verify_key for key in (made.gateway, made.log, made.registrar)),
        START + 400 * DAY,
    )
    area = verify_area(made.root.verify_key, [made.delegation, late])
    assert keys_at(area, START + 380 * DAY) == keys_at(made.area, START)
    assert keys_at(area, START + 401 * DAY) == keys_at(made.area, START)
    assert not area.is_expiring(START + 401 * DAY)


def test_a_replaced_key_of_gateway_or_log_is_believed_for_a_day_more_and_never_again():
    made = made_area()
    area, replaced = verify_area(made.root.verify_key, [made.delegation, second()]), START + 300 * DAY
    for role, old, believed in (("gateway", made.gateway, area.gateway_keys), ("log", made.log, area.log_keys)):
        new = fixed_key(f"{AREA}/{role}", 2).verify_key
        assert believed(replaced - SECOND) == (old.verify_key,)
        assert believed(replaced) == (new, old.verify_key)
        assert believed(replaced + DAY - SECOND) == (new, old.verify_key)
        assert believed(replaced + DAY) == (new,)
    assert area.every_log_key() == (new, old.verify_key), "for what the log itself kept, whenever it starts"


def test_a_replaced_registrar_s_key_signs_nothing_from_the_same_second_on():
    made = made_area()
    area, replaced = verify_area(made.root.verify_key, [made.delegation, second()]), START + 300 * DAY
    assert area.latest.number == 2
    assert area.registrar_keys(replaced - SECOND) == (made.registrar.verify_key,)
    assert area.registrar_keys(replaced) == (fixed_key(f"{AREA}/registrar", 2).verify_key,)


def test_a_key_replaced_after_its_delegation_was_over_is_not_believed_again_either():
    made = made_area()
    area = verify_area(made.root.verify_key, [made.delegation, second(at=START + 400 * DAY)])
    assert area.gateway_keys(START + 380 * DAY) == (made.gateway.verify_key,)
    assert area.gateway_keys(START + 402 * DAY) == (fixed_key(f"{AREA}/gateway", 2).verify_key,)


def test_a_chain_with_a_gap_another_order_or_nothing_in_it_is_refused():
    made = made_area()
    for notes in ([], [second()], [second(), made.delegation], [made.delegation, made.delegation]):
        with pytest.raises(Malformed):
            verify_area(made.root.verify_key, notes)


def test_a_chain_with_a_link_exchanged_is_refused():
    made = made_area()
    other = delegate(
        made.root, None, *(key.verify_key for key in (made.gateway, made.log, made.registrar)), START - DAY
    )
    with pytest.raises(Malformed):
        verify_area(made.root.verify_key, [other, second()])


def test_a_delegation_older_than_the_one_before_is_refused():
    made = made_area()
    with pytest.raises(Malformed):
        verify_area(made.root.verify_key, [made.delegation, second(at=START - DAY)])


def test_a_delegation_signed_by_another_root_is_refused():
    made = made_area()
    impostor = fixed_key(f"{AREA}/root", 2)
    with pytest.raises(BadSignature):
        verify_area(impostor.verify_key, [made.delegation])
    with pytest.raises(BadSignature):
        delegate(
            impostor, made.delegation, made.gateway.verify_key, made.log.verify_key, made.registrar.verify_key, NOW
        )


def test_a_delegation_of_another_area_is_refused_though_the_root_signed_it():
    made = made_area()
    other = "marac.peterborough.example"
    stated = parse_delegation(note.text_of(made_area(other).delegation))
    signed = note.sign(replace(stated, area=AreaName(other)).encode(), [made.root])
    with pytest.raises(Malformed):
        verify_area(made.root.verify_key, [signed])


def test_a_key_of_another_name_is_no_root():
    made = made_area()
    with pytest.raises(Malformed):
        verify_area(made.gateway.verify_key, [made.delegation])


def test_a_key_is_delegated_for_the_role_it_is_named_after_alone():
    made = made_area()
    with pytest.raises(Malformed):
        delegate(made.root, None, made.log.verify_key, made.gateway.verify_key, made.registrar.verify_key, NOW)


def test_a_fingerprint_is_five_groups_of_crockford_s_base_32_and_differs_for_another_key():
    root = made_area().root.verify_key
    rfc_4648 = base64.b32encode(hashlib.sha256(root.vkey.encode()).digest()).decode()
    symbols = rfc_4648[:25].translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CROCKFORD))
    assert fingerprint(root) == " ".join(symbols[start : start + 5] for start in range(0, 25, 5))
    assert fingerprint(root) == "NAE2Z 7REAM 8V2AD XNT4P 9HDFH"
    assert fingerprint(fixed_key(f"{AREA}/root", 2).verify_key) != fingerprint(root)
