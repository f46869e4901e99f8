"""Secret keys at rest: under a passphrase, for their owner's eyes alone, never overwritten."""

import errno
import os
import stat
from pathlib import Path

import pyrage
import pytest

from agencies.kit import keyfile
from crypto import age
from crypto.errors import Malformed
from tests.agencies.made_area import HOUSING, fixed_identity, fixed_key
from tests.little_memory import little_memory

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


def without_links(monkeypatch: pytest.MonkeyPatch, code: int = errno.EPERM) -> None:
    """A stick with FAT on it: its files have one name each."""

    def link(_draft: Path, _path: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_key_is_saved_on_a_stick_that_knows_no_links_and_not_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
):
    without_links(monkeypatch, code)
    path = tmp_path / "x.agekey"
    keyfile.save_identity(path, IDENTITY, PASSPHRASE, QUICK)
    assert keyfile.load_identities(path, PASSPHRASE) == (IDENTITY,)
    with pytest.raises(keyfile.AlreadyThere):
        keyfile.save_identity(path, IDENTITY, PASSPHRASE, QUICK)
    (tmp_path / "y.agekey").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(keyfile.AlreadyThere):
        keyfile.save_identity(tmp_path / "y.agekey", IDENTITY, PASSPHRASE, QUICK)
    assert sorted(os.listdir(tmp_path)) == ["x.agekey", "y.agekey"]


def test_a_stick_that_is_full_keeps_no_part_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    without_links(monkeypatch)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        keyfile.save_identity(tmp_path / "x.agekey", IDENTITY, PASSPHRASE, QUICK)
    assert os.listdir(tmp_path) == []


def test_another_reason_not_to_link_is_the_system_s_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    without_links(monkeypatch, errno.EMLINK)
    with pytest.raises(OSError, match=os.strerror(errno.EMLINK)):
        keyfile.save_identity(tmp_path / "x.agekey", IDENTITY, PASSPHRASE, QUICK)
    assert os.listdir(tmp_path) == []


def test_a_file_sealed_to_a_key_is_not_told_as_a_wrong_passphrase(agekey: Path):
    agekey.write_bytes(age.encrypt(IDENTITY.encode().encode(), [IDENTITY.recipient()]))
    with pytest.raises(keyfile.NotAKeyFile, match="sealed to somebody's key"):
        keyfile.load_identities(agekey, PASSPHRASE)


def test_a_passphrase_that_is_no_text_has_an_error_of_its_own(agekey: Path, tmp_path: Path):
    with pytest.raises(keyfile.UnusablePassphrase):
        keyfile.load_identities(agekey, PASSPHRASE + "\udcff")
    with pytest.raises(keyfile.UnusablePassphrase):
        keyfile.save_identity(tmp_path / "x.agekey", IDENTITY, PASSPHRASE + "\udcff", QUICK)


def test_a_key_file_that_takes_more_memory_than_there_is_says_so(agekey: Path, tmp_path: Path):
    agekey.write_bytes(age.encrypt(b"", [age.Passphrase(PASSPHRASE, 1)]).replace(b" 1\n", b" 20\n", 1))
    with little_memory():
        with pytest.raises(keyfile.NoMemory):
            keyfile.load_identities(agekey, PASSPHRASE)
        with pytest.raises(keyfile.NoMemory):
            keyfile.save_identity(tmp_path / "x.agekey", IDENTITY, PASSPHRASE, 20)
    assert os.listdir(tmp_path) == ["housing.agekey"]
