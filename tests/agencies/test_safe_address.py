"""The kit looks for the safe contact in every other document before it sends, and stops."""

import pytest

from agencies.documents.safe_contact import SafeContact
from agencies.kit.safe_address import SafeContactElsewhere, check_kept_apart, places
from tests.factories import a_referral, the_documents

SAFE = SafeContact(
    safe_address="Flat 3, 27 Willow Court\nExampleton EX4 7QZ",
    safe_telephone="+44 1632 960077",
    safe_email="safe.place@example.org",
)


LEAKS = [
    "She is at 27 Willow Court now.",
    "27, willow  court",
    "27WILLOWCOURT",
    "27 EX4 7QZ",
    "at no. 27, ex47qz",
    "EX4-7QZ, number 27",
    "Her postcode is ＥＸ４ ７ＱＺ.\nThe house: 27a",
    "27EX47QZ",
    "Flat 3 in EX4 7QZ",
    "27 Wilow Crt, Exampleton EX4 7QZ",
    "call 01632 960077",
    "call 0044-1632-960 077",
    "Safe.Place@Example.org",
    "２７ Ｗｉｌｌｏｗ Ｃｏｕｒｔ",
]
HARMLESS = [
    "She will move to Exampleton next month.",
    "Flat 3 of another house",
    "Willow Road",
    "call 01632 960078",
    "EX4 7QY",
    "GP surgery, EX4 7QZ",
    "GP surgery, 14 High Street, Exampleton ex47qz",
    "Exampleton, EX4 7QZ, telephone 01632 270003",
    "27 EX4 7QY",
    f"EX4 7QZ is the surgery's. {'She is seen there. ' * 3}He is 27.",
    "unknown",
]


@pytest.mark.parametrize("words", LEAKS)
def test_a_text_that_gives_the_safe_contact_away_stops_the_sending(words: str) -> None:
    documents = the_documents(a_referral().model_copy(update={"circumstances": words}), SAFE)
    with pytest.raises(SafeContactElsewhere) as caught:
        check_kept_apart(documents)
    assert caught.value.pointers == ("/referral/circumstances",)
    assert not any(part in str(caught.value) for part in ("Willow", "EX4", "960077", "example.org"))


@pytest.mark.parametrize("words", HARMLESS)
def test_what_only_looks_a_little_like_it_does_not(words: str) -> None:
    check_kept_apart(the_documents(a_referral().model_copy(update={"circumstances": words}), SAFE))


def test_each_place_is_named() -> None:
    referral = a_referral()
    victim = referral.victim.model_copy(update={"address": "27 Willow Court", "other_identifiers": ("01632 960077",)})
    documents = the_documents(referral.model_copy(update={"victim": victim, "wishes": "27, EX4 7QZ"}), SAFE)
    with pytest.raises(SafeContactElsewhere) as caught:
        check_kept_apart(documents)
    assert set(caught.value.pointers) == {
        "/referral/victim/address", "/referral/victim/other_identifiers/0", "/referral/wishes",
    }  # fmt: skip


def test_where_nothing_safe_is_known_nothing_is_looked_for() -> None:
    check_kept_apart(the_documents(a_referral(), SafeContact()))
    check_kept_apart({"referral": a_referral()})


def tells(address: str, words: str) -> bool:
    """Whether these words, in a referral, tell this safe address."""
    safe = SafeContact(safe_address=address)
    return bool(places({"referral": a_referral().model_copy(update={"circumstances": words})}, [safe]))


def test_the_digits_of_a_postcode_are_no_house_number() -> None:
    address = "4 Willow Court, EX4 7QZ"
    assert not tells(address, "The school in EX4 7QZ, and the surgery in EX4 1AB")
    assert tells(address, "She is at 4, EX4 7QZ")


def test_a_house_without_a_number_is_told_by_its_name_with_the_postcode() -> None:
    address = "Willow Cottage\nMade-up Lane\nExampleton EX4 7QZ"
    assert tells(address, "At willow-cottage, the postcode is EX47QZ")
    assert not tells(address, "The surgery in Exampleton, EX4 7QY")
    assert not tells(address, "GP surgery, EX4 7QZ")


def test_where_the_postcode_is_all_that_an_address_says_it_is_the_address() -> None:
    assert tells("EX4 7QZ", "She is in ex4 7qz")
