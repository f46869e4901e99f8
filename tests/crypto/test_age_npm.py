"""age-encryption (npm) and crypto/age open each other's files: the one peer that knows hybrid recipients."""

import json
from dataclasses import dataclass

import pytest

from crypto import age
from crypto.errors import CryptoError, NotForYou
from tests.crypto.age_encryption import FOLDER, AgeEncryption, Refused

pytestmark = pytest.mark.servers

CHUNK = 65_536
SIZES = [0, 1, *(n * CHUNK + more for n in range(1, 6) for more in (-1, 0, 1))]
PASSPHRASE = "made up, not secret: perché no?"


@dataclass(frozen=True)
class Keys:
    """A key that each side made, as text; of one kind, so that they share a header."""

    ours: str
    theirs: str
    stranger: str

    @property
    def both(self) -> list[age.Recipient]:
        return [age.parse_identity(text).recipient() for text in (self.ours, self.theirs)]


@pytest.fixture(scope="module", params=["hybrid", "classical"])
def keys(request: pytest.FixtureRequest, age_encryption: AgeEncryption) -> Keys:
    """Return fresh keys of one kind."""
    ours, stranger = (age.generate_identity(request.param).encode() for _ in range(2))
    return Keys(ours, age_encryption.generate(hybrid=request.param == "hybrid"), stranger)


def plaintext_of(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def test_both_sides_find_the_same_recipient_of_each_other_s_keys(age_encryption: AgeEncryption, keys: Keys) -> None:
    for text in (keys.ours, keys.theirs):
        identity = age.parse_identity(text)
        assert identity.encode() == text
        assert str(identity.recipient()) == age_encryption.recipient(text)
        assert age.parse_recipient(age_encryption.recipient(text)) == identity.recipient()


@pytest.mark.parametrize("size", SIZES)
def test_each_key_opens_there_what_was_sealed_here(age_encryption: AgeEncryption, keys: Keys, size: int) -> None:
    file = age.encrypt(plaintext_of(size), keys.both)
    for text in (keys.ours, keys.theirs):
        assert age_encryption.decrypt(file, [text]) == plaintext_of(size)


@pytest.mark.parametrize("size", SIZES)
def test_each_key_opens_here_what_was_sealed_there(age_encryption: AgeEncryption, keys: Keys, size: int) -> None:
    file = age_encryption.encrypt(plaintext_of(size), [str(recipient) for recipient in keys.both])
    assert age.stanza_count(age.split(file)[0]) == 2
    for text in (keys.ours, keys.theirs):
        assert age.decrypt(file, [age.parse_identity(text)]) == plaintext_of(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_payload_behind_another_header_opens_there_for_its_new_reader_alone(
    age_encryption: AgeEncryption, keys: Keys, size: int
) -> None:
    """What the broker does with every message: the header is made from an opened one, the payload stays."""
    ours, theirs = age.parse_identity(keys.ours), age.parse_identity(keys.theirs)
    for file in (
        age.encrypt(plaintext_of(size), [ours.recipient()]),
        age_encryption.encrypt(plaintext_of(size), [str(ours.recipient())]),
    ):
        header, payload = age.split(file)
        moved = age.unwrap(header, [ours]).header_for([theirs.recipient()]) + payload
        assert age_encryption.decrypt(moved, [keys.theirs]) == plaintext_of(size)
        with pytest.raises(Refused, match="no identity matched"):
            age_encryption.decrypt(moved, [keys.ours])


def test_neither_side_opens_for_a_stranger_or_after_a_change(age_encryption: AgeEncryption, keys: Keys) -> None:
    for file in (
        age.encrypt(plaintext_of(CHUNK + 1), keys.both),
        age_encryption.encrypt(plaintext_of(CHUNK + 1), [str(recipient) for recipient in keys.both]),
    ):
        with pytest.raises(Refused, match="no identity matched"):
            age_encryption.decrypt(file, [keys.stranger])
        with pytest.raises(NotForYou):
            age.decrypt(file, [age.parse_identity(keys.stranger)])
        for changed in (file[:-1], file + b"\0", file[:-1] + bytes([file[-1] ^ 1])):
            with pytest.raises(Refused):
                age_encryption.decrypt(changed, [keys.ours])
            with pytest.raises(CryptoError):
                age.decrypt(changed, [age.parse_identity(keys.ours)])


@pytest.mark.parametrize("size", [0, 1, 47, 48, 49, CHUNK])  # 48 bytes are one line of armor
def test_armor_is_the_same_on_both_sides(age_encryption: AgeEncryption, size: int) -> None:
    file = age.encrypt(plaintext_of(size), [age.generate_identity("classical").recipient()])
    for raw in (file, file[:-1], file[:-2]):
        assert age.armor(raw) == age_encryption.armor(raw)
        assert age.dearmor(age_encryption.armor(raw)) == age_encryption.dearmor(age.armor(raw)) == raw


@pytest.mark.parametrize("size", [0, CHUNK + 1])
def test_a_passphrase_opens_on_both_sides(age_encryption: AgeEncryption, size: int) -> None:
    ours = age.encrypt(plaintext_of(size), [age.Passphrase(PASSPHRASE, work_factor=4)])
    assert age_encryption.decrypt(ours, passphrase=PASSPHRASE) == plaintext_of(size)
    theirs = age_encryption.encrypt(plaintext_of(size), passphrase=PASSPHRASE)
    assert age.decrypt(theirs, [age.Passphrase(PASSPHRASE)]) == plaintext_of(size)


def test_the_lock_file_has_every_hash_and_no_registry() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages["node_modules/age-encryption"]["version"] == "0.3.1"
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
