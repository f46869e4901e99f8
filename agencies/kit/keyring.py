"""The secret keys in a kit's folder, opened with their passphrase. File names: README.md, "The folder"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from agencies.directory import Directory
from agencies.kit import keyfile
from agencies.kit.compose import Author
from agencies.kit.home import Home, KitSettings
from crypto import age
from crypto.keys import SigningKey
from crypto.selftest import check_primitives

_NUMBER: Final = re.compile(r".*-([0-9]+)")


class NoKeys(Exception):
    """The folder holds no key to sign with, or none to open with."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys that one sitting works with; `officer` is there where an officer's acts are proved."""

    agency: SigningKey
    officer: SigningKey | None
    identities: tuple[age.Identity, ...] = field(repr=False)

    def author(self, settings: KitSettings) -> Author:
        """Return who signs submissions and receipts."""
        return Author(settings.area, settings.party, self.agency, settings.officer, self.officer)


def load_keyring(home: Home, passphrase: str, now: datetime) -> Keyring:
    """Return the keys of the folder, the newest signing key that the register lists.

    A key just made is not in the register yet: until it is, the one before goes on signing.
    Raises NoKeys, KeyFileError, SelfTestFailed.
    """
    check_primitives()
    held = home.trust()
    directory = held.verified() if held else None
    party, officer = short_name(home.settings.party), home.settings.officer
    agency = _signing_key(_files(home.keys, party, ".signkey"), passphrase, directory, now)
    if agency is None:
        raise NoKeys("there is no signing key in the kit's folder")
    personal = None
    paths = _files(home.keys, party, ".agekey")
    if officer is not None:
        personal = _signing_key(_files(home.keys, short_name(officer), ".signkey"), passphrase, directory, now)
        paths = [*paths, *_files(home.keys, short_name(officer), ".agekey")]
    identities = [identity for path in paths for identity in keyfile.load_identities(path, passphrase)]
    return Keyring(agency, personal, tuple(identities))


def shelve(home: Home, key: SigningKey, passphrase: str) -> None:
    """Take a revoked signing key's file out of use: it stays beside the others, as `.signkey.revoked`."""
    for path in _files(home.keys, short_name(home.settings.party), ".signkey"):
        if keyfile.load_signing_key(path, passphrase).verify_key == key.verify_key:
            path.rename(path.with_name(f"{path.name}.revoked"))


def short_name(participant: str) -> str:
    """Return the last part of an id, which its key files are named by."""
    return participant.rpartition("/")[2]


def next_file(keys: Path, short: str, ending: str) -> Path:
    """Return the path for one more key: `housing.signkey`, then `housing-2.signkey`, and so on."""
    there = _files(keys, short, ending)
    return keys / (f"{short}-{_number(there[0]) + 1}{ending}" if there else f"{short}{ending}")


def _signing_key(
    paths: Sequence[Path], passphrase: str, directory: Directory | None, now: datetime
) -> SigningKey | None:
    newest: SigningKey | None = None
    for path in paths:
        key = keyfile.load_signing_key(path, passphrase)
        newest = newest or key
        if directory is None or directory.valid_key(key.verify_key.keyid, now) is not None:
            return key
    return newest


def _files(keys: Path, short: str, ending: str) -> list[Path]:
    """Return the key files of one participant, the newest first."""
    own = re.compile(rf"{re.escape(short)}(-[2-9]|-[1-9][0-9]+)?{re.escape(ending)}")
    return sorted((path for path in keys.iterdir() if own.fullmatch(path.name)), key=_number, reverse=True)


def _number(path: Path) -> int:
    found = _NUMBER.fullmatch(path.stem)
    return int(found.group(1)) if found else 1
