"""What this agency sends: each submission until its answer is here, and then the manifests; README.md, "The outbox"."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agencies.kit.compose import Composed, decode_composed
from agencies.kit.database import Database
from crypto import age

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS unanswered (idempotency TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS manifests (
    idempotency TEXT NOT NULL, number INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (idempotency, number)
) STRICT;
"""


class Outbox(Database):
    """The small database of one kit's sending. Each method is one transaction: it happened durably, or not at all.

    A submission holds content: it is here only sealed to this agency's own key, and only while it has no answer.
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
        with self._transaction():
            row = (composed.idempotency, sealed)
            return self._sql.execute("INSERT OR IGNORE INTO unanswered VALUES (?, ?)", row).rowcount == 1

    def answered(self, idempotency: str, manifests: Sequence[str]) -> None:
        """Keep the notes of a submission's verified manifests, all together; the submission itself is gone.

        A crash before this leaves it unanswered: sent again it gets the same answer.
        """
        rows = [(idempotency, number, note) for number, note in enumerate(manifests)]
        with self._transaction():
            self._sql.executemany("INSERT OR IGNORE INTO manifests VALUES (?, ?, ?)", rows)
            self._forget(idempotency)

    def refused(self, idempotency: str) -> None:
        """Forget a submission of which the gateway took nothing."""
        with self._transaction():
            self._forget(idempotency)

    def unanswered(self) -> Sequence[str]:
        """Return the ids of the submissions of which it is not known whether they arrived, oldest first."""
        return [str(id_) for (id_,) in self._sql.execute("SELECT idempotency FROM unanswered ORDER BY idempotency")]

    def submission(self, idempotency: str, identities: Sequence[age.Identity]) -> Composed:
        """Return one that has no answer yet, to be sent again. Raises NotForYou if its key is no longer here."""
        (sealed,) = self._sql.execute("SELECT sealed FROM unanswered WHERE idempotency = ?", (idempotency,)).fetchone()
        return decode_composed(age.decrypt(sealed, identities))

    def manifests(self) -> Sequence[str]:
        """Return the note of every manifest that the gateway gave for what was sent from this folder, oldest first."""
        return [
            str(note) for (note,) in self._sql.execute("SELECT note FROM manifests ORDER BY idempotency, number")
        ]  # fmt: skip

    def _forget(self, idempotency: str) -> None:
        self._sql.execute("DELETE FROM unanswered WHERE idempotency = ?", (idempotency,))
