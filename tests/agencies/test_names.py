"""Names and references: one spelling, nothing of a person, every slip of the pen caught."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies import names
from crypto.errors import Malformed

AREA = "marac.cambridgeshire.example"
REFERENCE = "CAM-7Q4X9-K2M8T-5"


def test_names_are_built_as_formats_md_writes_them():
    assert names.agency_id(AREA, "housing") == f"{AREA}/agency/housing"
    assert names.coordinator_of(AREA) == f"{AREA}/office/coordinator"
    assert names.area_of(f"{AREA}/office/chair-2") == AREA
    assert names.is_office(f"{AREA}/office/deputy")
    assert not names.is_office(f"{AREA}/agency/office")


def test_an_officer_id_is_random_and_parses():
    drawn = {names.draw_officer_id(AREA) for _ in range(50)}
    assert len(drawn) == 50
    assert all(names.is_officer(each) and names.parse_officer_id(each) == each for each in drawn)


@pytest.mark.parametrize(
    "text",
    [
        "",
        AREA,
        f"{AREA}/agency/",
        f"{AREA}/agency/Housing",
        f"{AREA}/agency/housing/x",
        f"{AREA}/agency/housing\n",
        f"{AREA}/agency/-x",
        f"{AREA}/office/mayor",
        f"{AREA}/office/chair-0",
        f"{AREA}/office/chair",
        f"{AREA}/officer/7f3k2m9q",
        f"{AREA.upper()}/agency/housing",
        "localhost/agency/housing",
        f"{'a.' * 120}example/agency/housing",
    ],
)
def test_what_is_no_party_is_malformed(text: str):
    with pytest.raises(Malformed):
        names.parse_party_id(text)


@pytest.mark.parametrize("symbols", ["7f3k2m9", "7f3k2m9qq", "7F3K2M9Q", "7f3k2mil", ""])
def test_what_is_no_officer_is_malformed(symbols: str):
    with pytest.raises(Malformed):
        names.parse_officer_id(f"{AREA}/officer/{symbols}")


def test_the_reference_in_formats_md_is_good():
    assert names.parse_case_ref(REFERENCE) == REFERENCE


def test_the_check_symbol_agrees_with_a_published_example_of_iso_7064_mod_37_2():
    # ISBT 128, donation identification number G1234 98 654321, keyboard check character H
    assert names._check_symbol("G123498654321") == "H"


def test_every_single_wrong_symbol_and_every_swap_is_caught():
    body = [place for place, symbol in enumerate(REFERENCE) if symbol != "-"]
    for place in body:
        for symbol in names.CROCKFORD:
            wrong = REFERENCE[:place] + symbol + REFERENCE[place + 1 :]
            if wrong != REFERENCE:
                with pytest.raises(Malformed):
                    names.parse_case_ref(wrong)
    for one, two in pairwise(body):
        swapped = list(REFERENCE)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        with pytest.raises(Malformed):
            names.parse_case_ref("".join(swapped))


def test_drawn_references_are_good_and_never_hold_a_letter_misread_by_eye():
    drawn = [names.draw_case_ref("CAM") for _ in range(200)]
    assert len(set(drawn)) == 200
    assert all(names.parse_case_ref(each) == each for each in drawn)
    assert not any(set("ILOU*") & set(each) for each in drawn)


@pytest.mark.parametrize("prefix", ["", "C", "cam", "CAMBS", "C1"])
def test_another_prefix_is_malformed(prefix: str):
    with pytest.raises(Malformed):
        names.draw_case_ref(prefix)


@pytest.mark.parametrize(
    "text",
    [
        "0199F2B1-6A0B-7D0E-8A3C-5F0F4C1F2B7E",
        "0199f2b1-6a0b-4d0e-8a3c-5f0f4c1f2b7e",
        "0199f2b16a0b7d0e8a3c5f0f4c1f2b7e",
    ],
)
def test_an_id_that_is_no_lower_case_uuid7_is_malformed(text: str):
    for parse in (names.parse_message_id, names.parse_delivery_id, names.parse_entry_id):
        with pytest.raises(Malformed):
            parse(text)


@given(st.text())
def test_random_text_is_a_name_or_malformed(text: str):
    for parse in (
        names.parse_area_name,
        names.parse_party_id,
        names.parse_officer_id,
        names.parse_participant_id,
        names.parse_case_ref,
        names.parse_message_id,
    ):
        with suppress(Malformed):
            assert parse(text) == text
