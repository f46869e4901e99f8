"""The kit's folder: private, whole or not at all, and never rolled back."""

import multiprocessing
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from agencies.kit.home import Home, HomeExists, KitSettings, NoSuchHome, NotSaved
from agencies.kit.keyfile import save_identity, save_signing_key
from agencies.kit.keyring import NoKeys, load_keyring, next_file
from agencies.kit.opening import CheckFailed
from agencies.names import OfficerId, draw_officer_id, parse_message_id
from crypto.draw import draw_uuid7
from crypto.errors import Malformed
from tests.agencies.kit_world.sealing import revoked, trust
from tests.agencies.made_area import (
    AREA,
    HOUSING,
    NOW,
    OFFICER,
    fixed_identity,
    fixed_key,
    made_area,
    revocation_of,
    signed_register,
    usual_entries,
    usual_register,
)

SETTINGS = KitSettings(AREA, "https://marac.cambridgeshire.example", made_area().root.verify_key.vkey, HOUSING)
MESSAGE = parse_message_id(draw_uuid7(NOW))
NEWER = signed_register(usual_entries(), usual_register(), NOW)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "kit", SETTINGS)


def test_what_was_made_is_what_is_loaded(home: Home) -> None:
    assert Home.load(home.path).settings == SETTINGS
    home.appoint(OFFICER)
    assert Home.load(home.path).settings.officer == OFFICER


def test_the_number_that_the_gateway_stated_is_kept_and_another_takes_its_place_by_a_person_alone(home: Home) -> None:
    assert home.note_telephone("01632 960100") == "01632 960100"
    assert home.note_telephone("01632 960999") == "01632 960100"
    assert Home.load(home.path).settings.telephone == "01632 960100"
    home.change_telephone("01632 960555")
    assert Home.load(home.path).settings.telephone == "01632 960555"


def test_a_long_command_takes_back_nothing_that_another_changed_meanwhile(home: Home) -> None:
    long = Home.load(home.path)
    home.appoint(OFFICER)
    long.note_telephone("01632 960100")
    assert Home.load(home.path).settings == replace(SETTINGS, officer=OFFICER, telephone="01632 960100")
    another = Home.load(home.path)
    another.change_telephone("01632 960555")
    assert home.note_telephone("01632 960999") == "01632 960555"


WITHIN_S = 60  # for another Python to start, on a busy machine


def _appointing(path: Path, officers: Sequence[OfficerId], begin: Barrier) -> None:
    home = Home.load(path)
    for officer in officers:
        begin.wait()
        home.appoint(officer)
        begin.wait()


def test_two_processes_that_change_the_settings_at_once_lose_neither_change(home: Home) -> None:
    spawning = multiprocessing.get_context("spawn")
    begin, officers = spawning.Barrier(2), [draw_officer_id(AREA) for _ in range(5)]
    other = spawning.Process(target=_appointing, args=(home.path, officers, begin), daemon=True)
    other.start()
    for number, officer in enumerate(officers):
        begin.wait(WITHIN_S)
        home.change_telephone(telephone := f"01632 96010{number}")
        begin.wait(WITHIN_S)
        kept = Home.load(home.path).settings
        assert (kept.officer, kept.telephone) == (officer, telephone)
    other.join()


def test_a_folder_that_is_not_there_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(NoSuchHome) as missing:
        Home.load(tmp_path / "nowhere")
    assert "there is no kit's folder" in str(missing.value)


def test_a_folder_is_joined_once(home: Home) -> None:
    with pytest.raises(HomeExists):
        Home.create(home.path, SETTINGS)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"v": 2}', "\x00"])
def test_a_damaged_folder_is_said_to_be_none(home: Home, content: str) -> None:
    (home.path / "kit.json").write_text(content)
    with pytest.raises(NoSuchHome):
        Home.load(home.path)


def test_the_root_of_another_area_is_not_pinned(tmp_path: Path) -> None:
    other = fixed_key("marac.other.example/root").verify_key.vkey
    with pytest.raises(Malformed):
        Home.create(tmp_path / "kit", replace(SETTINGS, root=other))


def test_a_lower_register_is_refused_and_the_newer_one_stays(home: Home) -> None:
    home.keep_trust(trust())
    newer = home.keep_trust(trust(register=NEWER))
    with pytest.raises(CheckFailed, match="older than the one already known"):
        home.keep_trust(trust())
    assert home.trust() == newer


def test_another_register_of_the_same_number_is_refused(home: Home) -> None:
    home.keep_trust(trust())
    with pytest.raises(CheckFailed, match="one number"):
        home.keep_trust(trust(register=signed_register(usual_entries()[:3])))


def test_a_revocation_once_seen_is_not_forgotten_when_it_is_no_longer_served(home: Home) -> None:
    home.keep_trust(trust(revoked(fixed_key(HOUSING))))
    kept = home.keep_trust(trust()).verified()
    assert kept.is_revoked(fixed_key(HOUSING).verify_key.keyid, NOW)


def test_of_many_revocations_of_one_key_the_kit_keeps_the_first_to_begin(home: Home) -> None:
    key, registrar = fixed_key(HOUSING), made_area().registrar
    home.keep_trust(trust(revocation_of(key.verify_key.keyid, key, NOW)))
    many = [revocation_of(key.verify_key.keyid, key, NOW + timedelta(seconds=later)) for later in range(9)]
    first = revocation_of(key.verify_key.keyid, registrar, NOW - timedelta(days=1))
    assert home.keep_trust(trust(*many)).revocations == (many[0],)
    assert home.keep_trust(trust(*many, first, many[0])).revocations == (first,)
    assert home.keep_trust(trust()).revocations == (first,)


def test_a_revocation_of_a_key_that_nobody_lists_is_not_kept(home: Home) -> None:
    unlisted = fixed_key(HOUSING, 9)
    assert home.keep_trust(trust(revoked(unlisted))).revocations == ()


def test_what_does_not_verify_is_not_kept(home: Home) -> None:
    with pytest.raises(CheckFailed):
        home.keep_trust(trust(register=trust().delegations[0]))
    assert home.trust() is None


def test_files_are_private_and_named_by_ids_alone(home: Home) -> None:
    home.save_pulled(MESSAGE, "manifest", b"payload")
    home.save_opened(MESSAGE, b"header", b"payload")
    saved = sorted((home.path / "deliveries").iterdir())
    assert [path.name for path in saved] == [f"{MESSAGE}.age", f"{MESSAGE}.manifest", f"{MESSAGE}.payload"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in saved)


def test_destroying_leaves_the_manifest_until_it_is_answered_and_then_nothing(home: Home) -> None:
    home.save_pulled(MESSAGE, "manifest", b"payload")
    home.save_opened(MESSAGE, b"header", b"payload")
    home.destroy(MESSAGE)
    home.destroy(MESSAGE)
    with pytest.raises(NotSaved):
        home.age_file(MESSAGE)
    assert home.manifest(MESSAGE) == "manifest"
    home.forget(MESSAGE)
    assert list((home.path / "deliveries").iterdir()) == []


def test_the_newest_key_that_the_register_lists_signs(home: Home) -> None:
    new = fixed_key(HOUSING, turn=2)
    for key in (fixed_key(HOUSING), new):
        save_signing_key(next_file(home.keys, "housing", ".signkey"), key, "made-up words", work_factor=4)
    save_identity(
        next_file(home.keys, "housing", ".agekey"), fixed_identity(HOUSING, "working"), "made-up words", work_factor=4
    )
    assert sorted(path.name for path in home.keys.iterdir()) == [
        "housing-2.signkey",
        "housing.agekey",
        "housing.signkey",
    ]
    assert load_keyring(home, "made-up words", NOW).agency == new
    home.keep_trust(trust())
    assert load_keyring(home, "made-up words", NOW).agency == fixed_key(HOUSING)


def test_a_folder_without_keys_says_so(home: Home) -> None:
    with pytest.raises(NoKeys):
        load_keyring(home, "made-up words", NOW)
