"""The root delegates, year by year; whoever joins compares its fingerprint aloud."""

import base64
import hashlib
from dataclasses import replace

import pytest

from agencies.area import delegate, fingerprint, gateway_name, log_name, registrar_name, root_name, verify_area
from agencies.names import CROCKFORD, AreaName
from agencies.notes.delegation import parse_delegation
from crypto import note
from crypto.errors import BadSignature, Malformed
from tests.agencies.made_area import AREA, DAY, NOW, YEAR, fixed_key, made_area

START = NOW - DAY


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


def test_a_delegation_holds_from_its_first_second_for_a_year_and_not_longer():
    area = made_area().area
    assert area.gateway_keys(START)
    assert not area.gateway_keys(START - DAY)
    assert not area.gateway_keys(START + YEAR)


def test_the_new_key_and_the_old_one_hold_side_by_side_until_the_old_delegation_expires():
    made = made_area()
    area = verify_area(made.root.verify_key, [made.delegation, second()])
    renewed = fixed_key(f"{AREA}/gateway", 2).verify_key
    assert area.latest.number == 2
    assert area.gateway_keys(START + 299 * DAY) == (made.gateway.verify_key,)
    assert area.gateway_keys(START + 301 * DAY) == (renewed, made.gateway.verify_key)
    assert area.gateway_keys(START + YEAR) == (renewed,)


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
