"""`marac init`: what it makes, what it refuses, and what a failure leaves behind."""

import json
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agencies.kit import keyfile
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import load_keyring
from gateway.commands.area_env import load_settings
from gateway.commands.office import Office
from tests.commands.running import AREA, PASSPHRASE, PROGRAM, Places, init_options, marac, write_secret
from tests.gateway.test_serve import make_certificate


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_each_key_lies_in_the_folder_of_who_uses_it(founded: Places) -> None:
    keys = {folder: {path.name for path in folder.rglob("*.*key")} for folder in (founded.home, founded.office)}
    assert keys[founded.home] == {"gateway.signkey", "log.signkey", "people.indexkey"}
    assert keys[founded.office] == {"registrar.signkey", "coordinator.signkey", "coordinator.agekey", "root.vkey"}
    assert {path.name for path in founded.offline.iterdir()} == {"root.signkey", "coordinator-recovery.agekey"}


def test_nobody_else_on_the_machine_can_read_what_was_made(founded: Places) -> None:
    for folder in (founded.home, founded.office, founded.offline):
        assert folder.stat().st_mode & 0o077 == 0
        for path in folder.rglob("*"):
            assert path.is_dir() or path.stat().st_mode & 0o077 == 0, path.name


def test_the_register_verifies_from_the_root_and_lists_the_coordinator_under_the_agreement(founded: Places) -> None:
    register = Office(founded.office).register()
    coordinator = register.party(f"{AREA}/office/coordinator")
    assert register.number == 1
    assert coordinator is not None
    assert coordinator.isa is not None
    assert coordinator.isa.retention_years == 7
    assert [each.use for each in coordinator.recipients] == ["working", "recovery"]


def test_the_coordinators_kit_trusts_the_new_register_before_it_ever_met_the_gateway(founded: Places) -> None:
    held = Home.load(founded.office / "kit").trust()
    assert held is not None
    assert held.verified().register.hash == Office(founded.office).register().hash


def test_the_certificates_of_the_areas_own_authority_lie_in_the_coordinators_kit_wherever_it_is_carried(
    places: Places, tmp_path: Path
) -> None:
    make_certificate(tmp_path)
    answer = marac(*init_options(places, ca=tmp_path / "tls.crt"))
    assert answer.code == 0, answer.err
    carried = places.office.rename(tmp_path / "carried")
    home = Home.load(carried / "kit")
    assert home.settings.ca_file == "ca.pem"
    assert home.ca_file == str(carried / "kit" / "ca.pem")
    assert (carried / "kit" / "ca.pem").read_bytes() == (tmp_path / "tls.crt").read_bytes()
    with Kit(home, load_keyring(home, PASSPHRASE, datetime.now(UTC)), lambda: datetime.now(UTC)) as kit:
        assert kit.home is home, "the certificates were read: without them there is no connection, nor a kit"


def test_a_file_that_is_no_certificate_or_holds_a_key_is_refused_before_anything_is_made(
    places: Places, tmp_path: Path
) -> None:
    make_certificate(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "tls.crt").read_bytes() + (tmp_path / "tls.key").read_bytes())
    for file in (both, tmp_path / "empty.pem"):
        file.touch()
        answer = marac(*init_options(places, ca=file))
        assert (answer.code, "--ca: " in answer.err) == (2, True), answer.err
    assert not places.office.exists()


def test_every_key_opens_with_its_passphrase_and_with_no_other(founded: Places) -> None:
    keyfile.load_signing_key(founded.offline / "root.signkey", PASSPHRASE)
    with pytest.raises(keyfile.WrongPassphrase):
        keyfile.load_signing_key(founded.offline / "root.signkey", "another passphrase")


def test_the_settings_load_and_name_the_root(founded: Places) -> None:
    settings = load_settings(founded.home)
    assert settings.root_vkey == (founded.office / "root.vkey").read_text().strip()
    assert settings.coordinator_telephone == "01632 960100"


def test_a_program_is_told_the_fingerprint_as_json(places: Places) -> None:
    answer = marac(*init_options(places), "--json")
    made = json.loads(answer.out)
    assert answer.code == 0
    assert made["area"] == AREA
    assert len(made["fingerprint"].split()) == 5


def test_no_passphrase_and_no_secret_key_is_printed(places: Places) -> None:
    answer = marac(*init_options(places))
    assert PASSPHRASE not in answer.out + answer.err
    assert "SECRET" not in answer.out + answer.err


def test_an_area_is_never_overwritten(area: Places) -> None:
    before = {path: path.read_bytes() for path in area.folder.rglob("*") if path.is_file()}
    answer = marac(*init_options(area))
    assert answer.code == 2
    assert "is there already" in answer.err
    assert {path: path.read_bytes() for path in area.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("which", ["home", "office", "offline"])
def test_one_folder_that_is_there_is_enough_to_refuse(places: Places, which: str) -> None:
    folder: Path = getattr(places, which)
    folder.mkdir()
    answer = marac(*init_options(places))
    assert answer.code == 2
    assert sorted(path.name for path in places.folder.iterdir()) == sorted([folder.name, "agreement.txt", "passphrase"])


def test_a_folder_inside_another_is_refused(places: Places) -> None:
    answer = marac(*init_options(places, office=places.home / "office"))
    assert answer.code == 2
    assert not places.home.exists()


def test_a_failure_in_the_middle_leaves_nothing_and_it_can_be_run_again(places: Places) -> None:
    answer = marac(*init_options(places, database_url="postgresql+asyncpg://marac@127.0.0.1:1/none"))
    assert answer.code == 1
    assert "store-unavailable" in answer.err
    assert [path.name for path in places.folder.iterdir() if path.is_dir()] == []
    assert marac(*init_options(places)).code == 0


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+asyncpg://marac:made-up@127.0.0.1:up/x", "postgresql://marac:made-up@127.0.0.1/x"]
)
def test_an_address_that_is_no_databases_is_wrong_use_told_before_anything_is_made(places: Places, url: str) -> None:
    answer = marac(*init_options(places, database_url=url))
    assert (answer.code, "--database-url" in answer.err, "unfinished" in answer.err) == (2, True, False), answer.err
    assert len(answer.err.splitlines()) == 2
    assert "made-up" not in answer.err


def test_what_a_killed_run_leaves_is_named_and_in_the_way(places: Places) -> None:
    places.folder.joinpath("area.unfinished").mkdir()
    answer = marac(*init_options(places))
    assert answer.code == 1
    assert "did not finish" in answer.err
    assert str(places.folder / "area.unfinished") in answer.err


def test_a_database_that_holds_an_area_is_not_taken_over(places: Places, founded: Places) -> None:
    taken = f"sqlite+aiosqlite:///{founded.home / 'broker.sqlite'}"
    answer = marac(*init_options(places, database_url=taken))
    assert answer.code == 2
    assert "holds an area already" in answer.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("prefix", "Test"),
        ("telephone", "1"),
        ("telephone", "01632 'x"),
        ("retention-years", "0"),
        ("purposes", "Not A Word"),
        ("agreement-version", "two words"),
        ("agreement-until", "2020-01-01"),
    ],
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_made(places: Places, option: str, value: str) -> None:
    answer = marac(*init_options(places, **{option: value}))
    assert answer.code == 2, answer.err
    assert not places.home.exists()
    assert "Traceback" not in answer.err


def test_a_short_passphrase_is_refused(places: Places) -> None:
    arguments = init_options(places)
    write_secret(places.passphrase, "short")
    answer = marac(*arguments)
    assert answer.code == 2
    assert "shorter than 12" in answer.err


def test_a_passphrase_that_others_may_read_is_refused(places: Places) -> None:
    arguments = init_options(places)
    places.passphrase.chmod(0o644)
    answer = marac(*arguments)
    assert answer.code == 2
    assert "chmod 600" in answer.err


def test_without_a_terminal_and_without_a_file_nobody_is_asked_for_a_passphrase(places: Places) -> None:
    arguments = [each for each in init_options(places) if "passphrase" not in each]
    answer = marac(*arguments)
    assert answer.code == 2
    assert "give --passphrase-file" in answer.err
    assert not places.home.exists()


@pytest.mark.parametrize(
    "appears",
    ["area.unfinished", "area-office.unfinished/registrar.signkey", "area.unfinished/broker.sqlite", "area-offline"],
)
def test_a_killed_run_leaves_no_half_area_and_says_what_to_remove(places: Places, appears: str) -> None:
    with subprocess.Popen([PROGRAM, *init_options(places)], stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and not (places.folder / appears).exists():
            time.sleep(0.0005)
        running.kill()
    assert (places.folder / appears).exists() or places.home.exists()
    left = [path for path in places.folder.iterdir() if path.is_dir()]
    answer = marac(*init_options(places))
    if places.home.exists():  # the last to be moved: then the area is whole
        assert Office(places.office).register().number == 1
        assert load_settings(places.home).area == AREA
        return
    for path in left:
        assert str(path) in answer.err
        shutil.rmtree(path)
    assert marac(*init_options(places)).code == 0


def test_an_area_can_begin_on_postgresql_once(places: Places, postgres_url: str, tmp_path: Path) -> None:
    answer = marac(*init_options(places, database_url=postgres_url))
    assert answer.code == 0, answer.err
    assert not (places.home / "broker.sqlite").exists()
    assert load_settings(places.home).database == postgres_url
    second = marac(*init_options(places, home=tmp_path / "second", database_url=postgres_url))
    assert second.code == 2
    assert "holds an area already" in second.err
