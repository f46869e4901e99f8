"""The kit looks for the safe contact in every other document before it sends, and stops."""

import pytest

from agencies.documents.safe_contact import SafeContact
from agencies.kit.safe_address import SafeContactElsewhere, check_kept_apart
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
    "Staying in EX4 7QZ with friends",
    "staying in ex47qz",
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
    documents = the_documents(referral.model_copy(update={"victim": victim, "wishes": "EX4 7QZ"}), SAFE)
    with pytest.raises(SafeContactElsewhere) as caught:
        check_kept_apart(documents)
    assert set(caught.value.pointers) == {
        "/referral/victim/address", "/referral/victim/other_identifiers/0", "/referral/wishes",
    }  # fmt: skip


def test_where_nothing_safe_is_known_nothing_is_looked_for() -> None:
    check_kept_apart(the_documents(a_referral(), SafeContact()))
    check_kept_apart({"referral": a_referral()})
