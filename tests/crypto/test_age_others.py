"""pyrage and Debian's age and crypto/age open each other's files, at every edge of a chunk, and read each other's keys.

Hybrid recipients are unknown to both: test_age_npm.py.
"""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest

from crypto import age
from crypto.errors import NotForYou, Tampered

CHUNK = 65_536
SIZES = [0, 1, *(n * CHUNK + more for n in range(1, 6) for more in (-1, 0, 1))]
IDENTITY = age.generate_identity("classical")
OTHER = age.generate_identity("classical")
PASSPHRASE = "made up, not secret: perché no?"
# age asks for a passphrase on a terminal alone, and so gets one; what it prints there is nobody's business.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def plaintext_of(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Return IDENTITY's file, as our kit writes one."""
    path = tmp_path / "ours.agekey"
    path.write_text(f"# made up\n{IDENTITY.encode()}\n")
    return path


def run(program: Path, *arguments: str | Path, stdin: bytes = b"") -> bytes:
    return subprocess.run([program, *arguments], input=stdin, check=True, capture_output=True, timeout=60).stdout


def ask(program: Path, *arguments: str | Path, typed: list[str]) -> int:
    """Return the exit code of `program`, after `typed` was typed at its terminal."""
    lines = "".join(line + "\n" for line in typed).encode()
    command = [sys.executable, "-c", ON_A_TERMINAL, program, *arguments]
    return subprocess.run(command, input=lines, check=False, capture_output=True, timeout=120).returncode


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_ours_and_we_open_pyrage_s(size: int) -> None:
    theirs = pyrage.x25519.Identity.from_str(IDENTITY.encode())
    file = age.encrypt(plaintext_of(size), [IDENTITY.recipient()])
    assert pyrage.decrypt(file, [theirs]) == plaintext_of(size)
    sealed = pyrage.encrypt(plaintext_of(size), [theirs.to_public()])
    assert age.decrypt(sealed, [IDENTITY]) == plaintext_of(size)
    header, payload = age.split(sealed)
    moved = age.unwrap(header, [IDENTITY]).header_for([OTHER.recipient()]) + payload
    assert pyrage.decrypt(moved, [pyrage.x25519.Identity.from_str(OTHER.encode())]) == plaintext_of(size)
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(moved, [theirs])


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_our_passphrase_files(size: int) -> None:
    file = age.encrypt(plaintext_of(size), [age.Passphrase(PASSPHRASE, work_factor=2)])
    assert pyrage.passphrase.decrypt(file, PASSPHRASE) == plaintext_of(size)


def test_we_open_a_passphrase_file_of_pyrage_s() -> None:
    """Kept in vectors/, not made here: how long one takes depends on the machine."""
    made = json.loads((Path(__file__).parent / "vectors/pyrage.json").read_text())
    assert age.decrypt(base64.b64decode(made["file"]), [age.Passphrase(made["passphrase"])]) == plaintext_of(
        made["length"]
    )


def test_a_key_of_either_side_has_the_same_recipient_in_pyrage() -> None:
    theirs = pyrage.x25519.Identity.generate()
    assert str(age.parse_identity(str(theirs)).recipient()) == str(theirs.to_public())
    assert str(pyrage.x25519.Identity.from_str(IDENTITY.encode()).to_public()) == str(IDENTITY.recipient())


@pytest.mark.parametrize("size", SIZES)
def test_age_opens_ours_and_we_open_age_s(age_program: Path, key_file: Path, size: int) -> None:
    ours = age.encrypt(plaintext_of(size), [OTHER.recipient(), IDENTITY.recipient()])
    assert run(age_program, "-d", "-i", key_file, stdin=ours) == plaintext_of(size)
    recipients = ["-r", str(OTHER.recipient()), "-r", str(IDENTITY.recipient())]
    theirs = run(age_program, *recipients, stdin=plaintext_of(size))
    assert age.decrypt(theirs, [IDENTITY]) == age.decrypt(theirs, [OTHER]) == plaintext_of(size)


def test_age_opens_a_payload_behind_another_header_and_its_own_header_no_more(
    age_program: Path, key_file: Path
) -> None:
    theirs = run(age_program, "-r", str(OTHER.recipient()), stdin=plaintext_of(CHUNK + 1))
    header, payload = age.split(theirs)
    moved = age.unwrap(header, [OTHER]).header_for([IDENTITY.recipient()]) + payload
    assert run(age_program, "-d", "-i", key_file, stdin=moved) == plaintext_of(CHUNK + 1)
    for file in (theirs, moved[:-1], moved + b"\0"):
        with pytest.raises(subprocess.CalledProcessError):
            run(age_program, "-d", "-i", key_file, stdin=file)
    with pytest.raises(NotForYou):
        age.decrypt(theirs, [IDENTITY])
    with pytest.raises(Tampered):
        age.decrypt(moved[:-1], [IDENTITY])


@pytest.mark.parametrize("size", [0, 1, CHUNK, 5 * CHUNK + 1])
def test_armor_of_either_side_is_read_by_the_other(age_program: Path, key_file: Path, size: int) -> None:
    ours = age.armor(age.encrypt(plaintext_of(size), [IDENTITY.recipient()]))
    assert run(age_program, "-d", "-i", key_file, stdin=ours.encode()) == plaintext_of(size)
    theirs = run(age_program, "-a", "-r", str(IDENTITY.recipient()), stdin=plaintext_of(size)).decode()
    assert age.decrypt(age.dearmor(theirs), [IDENTITY]) == plaintext_of(size)
    assert age.armor(age.dearmor(theirs)) == theirs


def test_age_keygen_s_identity_file_is_read_here_and_ours_there(age_program: Path, key_file: Path) -> None:
    keygen = age_program.with_name("age-keygen")
    made = run(keygen).decode()
    (identity,) = age.parse_identity_file(made)
    assert re.findall("^# public key: (.*)$", made, re.MULTILINE) == [str(identity.recipient())]
    assert made.splitlines()[-1] == identity.encode()
    assert run(keygen, "-y", key_file).decode() == f"{IDENTITY.recipient()}\n"
    assert run(keygen, "-y", stdin=made.encode()).decode() == f"{identity.recipient()}\n"


@pytest.mark.parametrize("size", [1, CHUNK + 1])
def test_a_passphrase_typed_to_age_opens_ours(age_program: Path, tmp_path: Path, size: int) -> None:
    sealed, opened = tmp_path / "ours.age", tmp_path / "opened"
    sealed.write_bytes(age.encrypt(plaintext_of(size), [age.Passphrase(PASSPHRASE, work_factor=4)]))
    assert ask(age_program, "-d", "-o", opened, sealed, typed=["another"]) != 0
    assert not opened.exists()
    assert ask(age_program, "-d", "-o", opened, sealed, typed=[PASSPHRASE]) == 0
    assert opened.read_bytes() == plaintext_of(size)


def test_a_passphrase_typed_to_age_seals_for_us(age_program: Path, tmp_path: Path) -> None:
    """Its work factor is 18, and a second here as there."""
    plain, sealed = tmp_path / "plain", tmp_path / "theirs.age"
    plain.write_bytes(plaintext_of(CHUNK + 1))
    assert ask(age_program, "-p", "-o", sealed, plain, typed=[PASSPHRASE, PASSPHRASE]) == 0
    assert age.decrypt(sealed.read_bytes(), [age.Passphrase(PASSPHRASE)]) == plaintext_of(CHUNK + 1)
