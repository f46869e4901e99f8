"""`marac keys` says what is wrong before it makes anything: a key that nobody asked for is a key to look after."""

from pathlib import Path

import pytest

from agencies.enrolment import sign_isa
from agencies.kit import keyfile
from agencies.kit.home import Home, KitSettings
from tests.agencies.made_area import AREA, HOUSING, ISA, fixed_key, made_area
from tests.commands.running import QUICK, Answer, marac, write_secret

WORDS = "made-up words"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.create(
        tmp_path / "kit", KitSettings(AREA, "http://127.0.0.1:1", made_area().root.verify_key.vkey, HOUSING)
    )
    write_secret(tmp_path / "passphrase", WORDS)
    return home


@pytest.fixture
def keyed(home: Home) -> Home:
    keyfile.save_signing_key(home.keys / "housing.signkey", fixed_key(HOUSING), WORDS, 4)
    return home


def keys(home: Home, *arguments: object) -> Answer:
    own = ("--kit", home.path, "--passphrase-file", home.path.parent / "passphrase", QUICK)
    return marac("keys", *arguments, *own)


def names(home: Home) -> list[str]:
    return sorted(path.name for path in home.keys.iterdir())


def generate(home: Home, **changes: object) -> Answer:
    agreement = home.path.parent / "area.agreement"
    agreement.write_text(sign_isa(ISA, fixed_key(HOUSING)))
    recovery = home.path.parent / "recovery.agekey"
    options = {"kind": "housing", "name": "Exampleton Housing", "recovery": recovery, "agreement": agreement}
    return keys(home, "generate", *(f"--{name}={value}" for name, value in {**options, **changes}.items()))


def test_no_key_is_made_for_an_officer_whose_note_cannot_be_written(keyed: Home, tmp_path: Path) -> None:
    there = tmp_path / "officer.party"
    there.write_text("another officer's note")
    for out in (there, tmp_path / "nowhere" / "officer.party"):
        answer = keys(keyed, "officer", "--with-key", "--out", out)
        assert (answer.code, "nothing was made" in answer.err, "--out" in answer.err) == (2, True, True), answer.err
    assert there.read_text() == "another officer's note"
    assert names(keyed) == ["housing.signkey"]
    assert Home.load(keyed.path).settings.officer is None


def test_no_key_is_made_for_an_officer_with_roles_that_are_no_words(keyed: Home, tmp_path: Path) -> None:
    answer = keys(keyed, "officer", "--with-key", "--roles", "Duty Officer", "--out", tmp_path / "officer.party")
    assert (answer.code, "--roles" in answer.err) == (2, True), answer.err
    assert names(keyed) == ["housing.signkey"]


def test_no_key_is_rotated_when_its_note_cannot_be_written(keyed: Home, tmp_path: Path) -> None:
    there = tmp_path / "rotated.party"
    there.touch()
    assert "nothing was made" in keys(keyed, "rotate", "signing", "--out", there).err
    assert names(keyed) == ["housing.signkey"]


@pytest.mark.parametrize("taken", ["kit/housing.party", "recovery.agekey"])
def test_no_key_is_generated_where_a_file_is_in_the_way(home: Home, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).touch()
    answer = generate(home)
    assert (answer.code, "nothing was made" in answer.err) == (2, True), answer.err
    assert names(home) == []


def test_a_kind_that_there_is_not_is_told_with_those_that_there_are(home: Home, tmp_path: Path) -> None:
    for kind in ("refuge", "coordinator"):
        answer = generate(home, kind=kind)
        assert answer.code == 2
        assert answer.err.startswith("marac: --kind: ")
        assert "give one of: police, idva-service, " in answer.err
    assert not (tmp_path / "recovery.agekey").exists()


def test_a_name_that_cannot_be_entered_is_told_as_the_option(home: Home) -> None:
    assert generate(home, name="-").err.startswith("marac: --name: ")
    assert names(home) == []
