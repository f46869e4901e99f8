"""Secret keys at rest: age files under a passphrase, mode 0600; formats.md, section 2."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from crypto import age, utf8
from crypto.blind_index import IndexKey, parse_index_key
from crypto.draw import draw_symbols
from crypto.errors import CryptoError, Malformed, NotForYou, TooCostly
from crypto.keys import SigningKey, parse_signing_key

WORK_FACTOR = 18
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)  # what FAT, exFAT and some network folders answer
_MODE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAX_BYTES = 65_536


class KeyFileError(Exception):
    """Root of what a key file is refused for; no message names a key or a passphrase."""


class AlreadyThere(KeyFileError):
    """A file of that name exists: a secret key is never overwritten."""


class OpenToOthers(KeyFileError):
    """Group or others may read the file, or it is not a plain file: the key may be known already."""


class WrongPassphrase(KeyFileError):
    """The passphrase does not open this file."""


class UnusablePassphrase(KeyFileError):
    """The passphrase is not text: what typed or read it took its bytes for another encoding."""


class NoMemory(KeyFileError):
    """This machine has not the memory that the file's passphrase takes."""


class NotAKeyFile(KeyFileError):
    """The file is not a key file of the kind asked for, or was damaged."""


def save_identity(path: Path, identity: age.Identity, passphrase: str, work_factor: int = WORK_FACTOR) -> None:
    """Write an identity file that `age -d` opens with the passphrase.

        work_factor  base-two logarithm of scrypt's N; less than 18 is for tests

    Raises AlreadyThere, UnusablePassphrase, NoMemory; Malformed for an empty passphrase.
    """
    content = f"# public key: {identity.recipient()}\n{identity.encode()}\n"
    _save(path, content, _under(passphrase, work_factor))


def load_identities(path: Path, passphrase: str) -> tuple[age.Identity, ...]:
    """Return the identities of an `.agekey` file.

    Raises OpenToOthers, WrongPassphrase, UnusablePassphrase, NoMemory, NotAKeyFile; OSError if there is none.
    """
    try:
        return tuple(age.parse_identity_file(_load(path, passphrase)))
    except CryptoError:
        raise NotAKeyFile("not an age identity file") from None


def save_signing_key(path: Path, key: SigningKey, passphrase: str, work_factor: int = WORK_FACTOR) -> None:
    """Write a signing-key file: one key, one line, under the passphrase.

    Raises AlreadyThere, UnusablePassphrase, NoMemory; Malformed for an empty passphrase.
    """
    _save(path, key.encode() + "\n", _under(passphrase, work_factor))


def load_signing_key(path: Path, passphrase: str) -> SigningKey:
    """Return the key of a `.signkey` file.

    Raises OpenToOthers, WrongPassphrase, UnusablePassphrase, NoMemory, NotAKeyFile; OSError if there is none.
    """
    try:
        return parse_signing_key(_load(path, passphrase))
    except CryptoError:
        raise NotAKeyFile("not a signing-key file") from None


def save_index_key(path: Path, key: IndexKey, passphrase: str, work_factor: int = WORK_FACTOR) -> None:
    """Write the file of an area's index key: one line, under the passphrase. Raises as save_signing_key does."""
    _save(path, key.encode() + "\n", _under(passphrase, work_factor))


def load_index_key(path: Path, passphrase: str) -> IndexKey:
    """Return the key of an `.indexkey` file. Raises as load_signing_key does."""
    try:
        return parse_index_key(_load(path, passphrase))
    except CryptoError:
        raise NotAKeyFile("not an index-key file") from None


def _under(passphrase: str, work_factor: int = WORK_FACTOR) -> age.Passphrase:
    try:
        utf8.encode(passphrase)
    except Malformed:
        raise UnusablePassphrase("the passphrase holds a symbol that is no text") from None
    return age.Passphrase(passphrase, work_factor)


def _save(path: Path, content: str, passphrase: age.Passphrase) -> None:
    if path.exists():
        raise AlreadyThere("a key file is never overwritten")
    try:
        sealed = age.encrypt(content.encode(), [passphrase])
    except TooCostly:
        raise NoMemory("there is not the memory that a key file's passphrase takes") from None
    draft = path.with_name(f".{path.name}.{draw_symbols('abcdefghjkmnpqrstvwxyz', 12)}")
    try:
        _write_durably(draft, sealed)
        # A crash before this line leaves a draft that is encrypted and unused; after it, the whole key under its name.
        # A link, and not a rename: it fails where a file of that name has appeared meanwhile.
        _name(draft, path, sealed)
    except FileExistsError:
        raise AlreadyThere("a key file is never overwritten") from None
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    _sync_folder(path.parent)


def _name(draft: Path, path: Path, content: bytes) -> None:
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No second names there: written under its own, still never over another. A crash in it leaves part of a file,
        # which opens for nobody and has to be taken away by hand.
        _write_durably(path, content)


def _write_durably(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
    except OSError:
        path.unlink()  # ours: it was not there before
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _load(path: Path, passphrase: str) -> str:
    if not passphrase:
        raise WrongPassphrase("no passphrase was given")
    sealed, words = _read(path), _under(passphrase)
    try:
        if age.stanza_types(age.split(sealed)[0]) != (words.type_,):
            raise NotAKeyFile("the file is sealed to somebody's key: a key file is under a passphrase")
        return utf8.decode(age.decrypt(sealed, [words]))
    except NotForYou:
        raise WrongPassphrase("the passphrase does not open this key file") from None
    except TooCostly:
        raise NoMemory("the key file takes more memory to open than there is") from None
    except CryptoError:
        raise NotAKeyFile("the key file is damaged, or not one") from None


def _read(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hold us up
    with open(handle, "rb") as file:
        state = os.fstat(handle)  # of the open file: what is checked is what is read
        if not stat.S_ISREG(state.st_mode) or state.st_mode & _OTHERS:
            raise OpenToOthers("group or others may read the key file: make it 0600, and think of the key as known")
        return file.read(_MAX_BYTES)
