"""What this agency sends: each submission until its answer is here, and then the manifests; README.md, "The outbox"."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from agencies.kit.compose import Composed, decode_composed
from agencies.kit.database import Database
from agencies.names import CaseRef, MessageId, parse_message_id
from agencies.notes.text import encode_time
from crypto import age
from crypto.errors import CryptoError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS unanswered (idempotency TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS manifests (
    idempotency TEXT NOT NULL, number INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (idempotency, number)
) STRICT;
CREATE TABLE IF NOT EXISTS safe_contacts (
    message TEXT PRIMARY KEY, reference TEXT NOT NULL, accepted TEXT NOT NULL, sealed BLOB NOT NULL
) STRICT;
"""
COPIES_KEPT: Final = timedelta(days=7 * 366)  # no case is kept longer after its last referral, as a rule
MOST_COPIES: Final = 5000  # the newest: of a kit that refers two people a day, of seven years


class OutboxUnavailable(Exception):
    """The outbox takes or gives nothing: a full disk, or a damaged file. It keeps nobody from sending."""


class NotReadable(Exception):
    """What is kept cannot be opened with this kit's keys, or was written by another version of the kit."""


@dataclass(frozen=True, slots=True)
class SafeCopy:
    """The safe contact of a referral that was sent from here, sealed to this kit's own key: to compare with, no more.

    message, case  as its manifest has them
    """

    message: MessageId
    case: CaseRef
    accepted: datetime
    sealed: bytes = field(repr=False)


class Outbox(Database):
    """The small database of one kit's sending. Each method is one transaction: it happened durably, or not at all.

    A submission holds content: it is here only sealed to this agency's own key, and only while it has no answer. Its
    safe contact stays, sealed likewise: what is sent later of the case is compared with it.
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

    def answered(self, idempotency: str, manifests: Sequence[str], copy: SafeCopy | None = None) -> None:
        """Keep the notes of a submission's verified manifests, all together; the submission itself is gone.

            copy  its safe contact, where it had one: kept with them, while copies that are too old or too many go

        A crash before this leaves it unanswered: sent again it gets the same answer.
        """
        rows = [(idempotency, number, note) for number, note in enumerate(manifests)]
        with _answering(), self._transaction():
            self._sql.executemany("INSERT OR IGNORE INTO manifests VALUES (?, ?, ?)", rows)
            if copy is not None:
                self._keep_copy(copy)
            self._sql.execute("DELETE FROM unanswered WHERE idempotency = ?", (idempotency,))

    def copies(self) -> Sequence[SafeCopy]:
        """Return the safe contacts that were sent from here and are kept, oldest first."""
        with _answering():
            rows = self._sql.execute("SELECT message, reference, accepted, sealed FROM safe_contacts ORDER BY message")
            return [
                SafeCopy(parse_message_id(message), CaseRef(case), datetime.fromisoformat(accepted), sealed)
                for message, case, accepted, sealed in rows
            ]

    def _keep_copy(self, copy: SafeCopy) -> None:
        row = (copy.message, copy.case, encode_time(copy.accepted), copy.sealed)
        self._sql.execute("INSERT OR IGNORE INTO safe_contacts VALUES (?, ?, ?, ?)", row)
        # The instants are written alike, so that their texts are in the order of time.
        old = (encode_time(copy.accepted - COPIES_KEPT),)
        self._sql.execute("DELETE FROM safe_contacts WHERE accepted < ?", old)
        newest = "SELECT message FROM safe_contacts ORDER BY accepted DESC, message DESC LIMIT ?"
        self._sql.execute(f"DELETE FROM safe_contacts WHERE message NOT IN ({newest})", (MOST_COPIES,))  # noqa: S608 - fixed words

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
