"""Secret keys at rest: under a passphrase, for their owner's eyes alone, never overwritten."""

import os
import stat
from pathlib import Path

import pyrage
import pytest

from agencies.kit import keyfile
from crypto import age
from crypto.errors import Malformed
from tests.agencies.made_area import HOUSING, fixed_identity, fixed_key

PASSPHRASE = "made up for a test"
QUICK = 10
IDENTITY = fixed_identity(HOUSING, "working")
KEY = fixed_key(HOUSING)


@pytest.fixture
def agekey(tmp_path: Path) -> Path:
    path = tmp_path / "housing.agekey"
    keyfile.save_identity(path, IDENTITY, PASSPHRASE, QUICK)
    return path


@pytest.fixture
def signkey(tmp_path: Path) -> Path:
    path = tmp_path / "housing.signkey"
    keyfile.save_signing_key(path, KEY, PASSPHRASE, QUICK)
    return path


def test_what_was_saved_is_loaded(agekey: Path, signkey: Path):
    assert keyfile.load_identities(agekey, PASSPHRASE) == (IDENTITY,)
    assert keyfile.load_signing_key(signkey, PASSPHRASE).verify_key == KEY.verify_key


def test_another_age_opens_an_identity_file_and_finds_an_identity_file(agekey: Path):
    opened = pyrage.passphrase.decrypt(agekey.read_bytes(), PASSPHRASE).decode()
    assert opened == f"# public key: {IDENTITY.recipient()}\n{IDENTITY.encode()}\n"


def test_a_signing_key_file_is_one_line(signkey: Path):
    opened = pyrage.passphrase.decrypt(signkey.read_bytes(), PASSPHRASE).decode()
    assert opened == KEY.encode() + "\n"


def test_a_key_file_is_its_owner_s_alone_and_nothing_else_remains(agekey: Path, signkey: Path):
    for path in (agekey, signkey):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_nlink == 1
    assert sorted(os.listdir(agekey.parent)) == ["housing.agekey", "housing.signkey"]


def test_no_secret_is_written_in_the_clear(agekey: Path, signkey: Path):
    assert IDENTITY.encode().encode() not in agekey.read_bytes()
    assert KEY.encode().split()[-1].encode() not in signkey.read_bytes()


def test_a_wrong_passphrase_is_one_clear_error(agekey: Path, signkey: Path):
    for wrong in ("wrong", ""):
        with pytest.raises(keyfile.WrongPassphrase) as identities:
            keyfile.load_identities(agekey, wrong)
        with pytest.raises(keyfile.WrongPassphrase):
            keyfile.load_signing_key(signkey, wrong)
        assert PASSPHRASE not in str(identities.value)


def test_a_key_is_never_saved_under_an_empty_passphrase(tmp_path: Path):
    with pytest.raises(Malformed):
        keyfile.save_identity(tmp_path / "x.agekey", IDENTITY, "", QUICK)
    assert os.listdir(tmp_path) == []


def test_a_key_file_is_never_overwritten(agekey: Path, signkey: Path):
    before = agekey.read_bytes()
    with pytest.raises(keyfile.AlreadyThere):
        keyfile.save_identity(agekey, IDENTITY, PASSPHRASE, QUICK)
    with pytest.raises(keyfile.AlreadyThere):
        keyfile.save_signing_key(signkey, KEY, PASSPHRASE, QUICK)
    assert agekey.read_bytes() == before


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path):
    path = tmp_path / "x.agekey"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(keyfile.AlreadyThere):
        keyfile.save_identity(path, IDENTITY, PASSPHRASE, QUICK)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777, 0o610])
def test_a_file_open_to_group_or_others_is_refused(agekey: Path, signkey: Path, mode: int):
    for path, load in ((agekey, keyfile.load_identities), (signkey, keyfile.load_signing_key)):
        path.chmod(mode)
        with pytest.raises(keyfile.OpenToOthers):
            load(path, PASSPHRASE)


def test_a_pipe_is_refused_at_once(tmp_path: Path):
    path = tmp_path / "pipe.agekey"
    os.mkfifo(path, 0o600)
    with pytest.raises(keyfile.OpenToOthers):
        keyfile.load_identities(path, PASSPHRASE)


def test_one_kind_of_key_file_is_not_the_other(agekey: Path, signkey: Path):
    with pytest.raises(keyfile.NotAKeyFile):
        keyfile.load_signing_key(agekey, PASSPHRASE)
    with pytest.raises(keyfile.NotAKeyFile):
        keyfile.load_identities(signkey, PASSPHRASE)


def test_a_damaged_file_is_refused(agekey: Path):
    agekey.write_bytes(agekey.read_bytes()[:-1])
    with pytest.raises(keyfile.NotAKeyFile):
        keyfile.load_identities(agekey, PASSPHRASE)
    agekey.write_bytes(age.encrypt(b"\xff\xfe", [age.Passphrase(PASSPHRASE, QUICK)]))
    with pytest.raises(keyfile.NotAKeyFile):
        keyfile.load_identities(agekey, PASSPHRASE)
    agekey.write_bytes(b"")
    with pytest.raises(keyfile.NotAKeyFile):
        keyfile.load_identities(agekey, PASSPHRASE)


def test_a_missing_file_is_the_system_s_own_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        keyfile.load_identities(tmp_path / "none.agekey", PASSPHRASE)


def test_a_folder_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        keyfile.save_signing_key(tmp_path / "none" / "x.signkey", KEY, PASSPHRASE, QUICK)
