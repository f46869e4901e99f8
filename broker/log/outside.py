"""What is kept outside the database: the newest checkpoint and the tombstones, by which a restored backup is measured.

<outside>/checkpoint   the newest signed checkpoint, never replaced by a shorter one
<outside>/tombstones   one a line, each a JSON string that holds the signed note; only ever appended to. JSON escapes
                       control characters: a NUL byte in a line is what a power cut left of it
"""

import errno
import fcntl
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from broker.errors import BrokerError, StoreUnavailable
from broker.ports import Store, UnitOfWork
from crypto.keys import VerifyKey
from crypto.tlog import parse_checkpoint

_FILE_MODE, _FOLDER_MODE = 0o600, 0o700
_LOCK_TRIES, _LOCK_PAUSE_S = 20, 0.01
LogKeys = Callable[[UnitOfWork], Awaitable[Sequence[VerifyKey]]]
"""Reads every key that the root ever delegated to the log, as one unit sees the delegations."""


class Outside:
    """The folder outside the database; kept apart from every backup.

    Every method raises StoreUnavailable, with what to do, where the folder does not take or give what it must.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self) -> str | None:
        """Return the newest checkpoint kept, or None before the first."""
        with _answering():
            return _text_of(self._folder / "checkpoint")

    def keep_checkpoint(self, signed: str, log_keys: Sequence[VerifyKey]) -> None:
        """`signed` is kept, on the disk, unless one at least as long is kept already.

            log_keys   every key that the root ever delegated to the log: what is kept may be an earlier one's

        Raises Malformed or BadSignature for what our log did not sign; StoreUnavailable too while another process
        holds the folder and says nothing, as everything here that writes.
        """
        size = parse_checkpoint(signed, log_keys).size
        with _alone(self._folder):
            held = self.checkpoint()
            if held is None or parse_checkpoint(held, log_keys).size < size:
                _replace(self._folder / "checkpoint", signed)

    def tombstones(self) -> Sequence[str]:
        """Return the tombstone notes, oldest first. What a crash or a power cut tore never counted as written.

        Raises BrokerError if another line cannot be read.
        """
        with _answering():
            whole = (_text_of(self._folder / "tombstones") or "").rpartition("\n")[0]
        # Pages of one write reach the disk in any order: until it is synced, NUL bytes may stand before whole lines.
        return [_note_of(line) for line in whole.split("\n") if line and "\0" not in line]

    def add_tombstones(self, notes: Sequence[str]) -> None:
        """`notes` are among the tombstones, on the disk, in their order; one that is there already changes nothing."""
        with _alone(self._folder):
            held = set(self.tombstones())
            lines = [json.dumps(note, ensure_ascii=False) + "\n" for note in dict.fromkeys(notes) if note not in held]
            if lines:
                # A crash here leaves whole lines and perhaps torn ones, without an end or with NUL bytes: they do not
                # count, their cases are unsettled in the database, and the next call writes them again.
                _append(self._folder / "tombstones", "".join(lines))


async def copy_out(store: Store, outside: Outside, log_keys: LogKeys) -> None:
    """The database's newest checkpoint is kept outside it.

    A crash between the sequencer's commit and this leaves an older checkpoint outside: the log is longer than it
    and consistent with it, which the start-up check accepts, and the next call puts right.
    Raises StoreUnavailable.
    """
    async with store.reader() as unit:
        newest = (await unit.log.state()).checkpoint
        # After the state: another process may sign with a key that was delegated since this one started.
        keys = await log_keys(unit)
    if newest is not None and newest != outside.checkpoint():
        outside.keep_checkpoint(newest, keys)


@contextmanager
def _answering() -> Iterator[None]:
    # A full or read-only disk must not end the worker: it tries again, and goes on once there is room.
    try:
        yield
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise StoreUnavailable(
            f"the folder outside the database does not take or give what it must ({reason}): "
            "make room there, and let the service's user read and write it"
        ) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # Two workers write here: without the lock the shorter of two checkpoints could be renamed last.
    # Never waited for long: a frozen worker that holds it must not freeze this one too.
    with _answering():
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, _FILE_MODE)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
    raise StoreUnavailable("another process holds the folder outside the database")


def _replace(path: Path, text: str) -> None:
    # A crash before the rename leaves the old file, after it the new one; never half of one.
    temporary = path.with_suffix(".new")
    _write(temporary, text, os.O_TRUNC)
    temporary.rename(path)
    _sync_folder(path.parent)


def _append(path: Path, text: str) -> None:
    if path.exists():
        # What a crash tore off is cut away: it must not become the beginning of the new line.
        os.truncate(path, path.read_bytes().rfind(b"\n") + 1)
    _write(path, text, os.O_APPEND)
    _sync_folder(path.parent)


def _write(path: Path, text: str, how: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | how, _FILE_MODE)
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _text_of(path: Path) -> str | None:
    try:
        # A crash may tear an append inside a character.
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _note_of(line: str) -> str:
    try:
        note = json.loads(line)
    except ValueError:
        note = None
    if not isinstance(note, str):
        raise BrokerError("a tombstone outside the database cannot be read")
    return note
