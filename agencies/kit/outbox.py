"""What this agency sends: each submission until its answer is here, and then the manifests; README.md, "The outbox"."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agencies.kit.compose import Composed, decode_composed
from agencies.kit.database import Database
from crypto import age
from crypto.errors import CryptoError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS unanswered (idempotency TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS manifests (
    idempotency TEXT NOT NULL, number INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (idempotency, number)
) STRICT;
"""


class OutboxUnavailable(Exception):
    """The outbox takes or gives nothing: a full disk, or a damaged file. It keeps nobody from sending."""


class NotReadable(Exception):
    """What is kept cannot be opened with this kit's keys, or was written by another version of the kit."""


class Outbox(Database):
    """The small database of one kit's sending. Each method is one transaction: it happened durably, or not at all.

    A submission holds content: it is here only sealed to this agency's own key, and only while it has no answer.
    Every method raises OutboxUnavailable.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def keep(self, composed: Composed, identities: Sequence[age.Identity]) -> bool:
        """Keep a submission before its first byte leaves, sealed to the first of this kit's own keys.

        Return whether it was not kept yet; a kit without a key to open with keeps nothing.
        A crash after this leaves it unanswered: sent again it is the same submission, and cannot become two.
        """
        if not identities:
            return True
        sealed = age.encrypt(composed.encode(), [identities[0].recipient()])
        with _answering(), self._transaction():
            row = (composed.idempotency, sealed)
            return self._sql.execute("INSERT OR IGNORE INTO unanswered VALUES (?, ?)", row).rowcount == 1

    def answered(self, idempotency: str, manifests: Sequence[str]) -> None:
        """Keep the notes of a submission's verified manifests, all together; the submission itself is gone.

        A crash before this leaves it unanswered: sent again it gets the same answer.
        """
        rows = [(idempotency, number, note) for number, note in enumerate(manifests)]
        with _answering(), self._transaction():
            self._sql.executemany("INSERT OR IGNORE INTO manifests VALUES (?, ?, ?)", rows)
            self._sql.execute("DELETE FROM unanswered WHERE idempotency = ?", (idempotency,))

    def discard(self, idempotency: str) -> bool:
        """Forget a submission of which the gateway took nothing, or that a person gives up; was it there?"""
        with _answering(), self._transaction():
            return self._sql.execute("DELETE FROM unanswered WHERE idempotency = ?", (idempotency,)).rowcount == 1

    def unanswered(self) -> Sequence[str]:
        """Return the ids of the submissions of which it is not known whether they arrived, oldest first."""
        with _answering():
            rows = self._sql.execute("SELECT idempotency FROM unanswered ORDER BY idempotency")
            return [str(id_) for (id_,) in rows]

    def submission(self, idempotency: str, identities: Sequence[age.Identity]) -> Composed | None:
        """Return one that has no answer yet, to be sent again; None if it has one by now. Raises NotReadable."""
        with _answering():
            row = self._sql.execute("SELECT sealed FROM unanswered WHERE idempotency = ?", (idempotency,)).fetchone()
        if row is None:
            return None
        try:
            composed = decode_composed(age.decrypt(row[0], identities))
        except (CryptoError, ValueError, KeyError, TypeError):
            composed = None
        if composed is None or composed.idempotency != idempotency:
            raise NotReadable("what is kept cannot be opened with the keys of this folder, or by this version")
        return composed

    def manifests(self) -> Sequence[str]:
        """Return the note of every manifest that the gateway gave for what was sent from this folder, oldest first."""
        with _answering():
            rows = self._sql.execute("SELECT note FROM manifests ORDER BY idempotency, number")
            return [str(note) for (note,) in rows]


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise OutboxUnavailable(f"the kit's folder keeps nothing of what is sent ({type(error).__name__})") from None
