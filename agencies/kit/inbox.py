"""What became of each delivery, durably: a message is shown once, and every receipt is sent at last.

States, the receipts' outbox and what a crash leaves behind: inbox.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from agencies.kit.database import Database
from agencies.names import CaseRef, DeliveryId, MessageId, parse_delivery_id, parse_message_id


class State(StrEnum):
    """How far one delivery has come here; only ever moves downwards in this list.

    leased     told of; nothing kept yet
    saved      payload and manifest are on disk; the receipt waits to be sent
    collected  the gateway has the receipt
    opened     all nine checks passed, the age file is on disk
    shown      handed to the reader, once
    recalled   taken back; a person has to confirm
    destroyed, retained_under_own_schedule   what the person answered
    """

    LEASED = "leased"
    SAVED = "saved"
    COLLECTED = "collected"
    OPENED = "opened"
    SHOWN = "shown"
    RECALLED = "recalled"
    DESTROYED = "destroyed"
    RETAINED = "retained_under_own_schedule"


_BEFORE_SAVED: Final = (State.LEASED,)
_BEFORE_OPENED: Final = (State.SAVED, State.COLLECTED)
_BEFORE_RECALLED: Final = (State.LEASED, State.SAVED, State.COLLECTED, State.OPENED, State.SHOWN)
_ENDED: Final = (State.DESTROYED, State.RETAINED)

_TAKEN_BACK: Final = "SELECT 1 FROM deliveries WHERE message = ? AND notice IS NOT NULL"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS deliveries (
    delivery TEXT PRIMARY KEY, message TEXT NOT NULL, state TEXT NOT NULL, notice TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS receipts (
    id INTEGER PRIMARY KEY, delivery TEXT NOT NULL REFERENCES deliveries, state TEXT NOT NULL,
    note TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0, UNIQUE (delivery, state)
) STRICT;
CREATE TABLE IF NOT EXISTS shown (message TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS cases (reference TEXT PRIMARY KEY, submission TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS closed_cases (reference TEXT PRIMARY KEY) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One delivery as the inbox holds it; `notice` is the gateway's recall note, verified when it came."""

    delivery: DeliveryId
    message: MessageId
    state: State
    notice: str | None


@dataclass(frozen=True, slots=True)
class PendingReceipt:
    """A signed receipt that the gateway has not acknowledged yet."""

    delivery: DeliveryId
    state: str
    note: str


class Inbox(Database):
    """The small database of one kit. Each method is one transaction: it happened durably, or not at all."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def leased(self, delivery: DeliveryId, message: MessageId) -> State:
        """Note a delivery; return how far it has come already (LEASED if it is new).

        A crash after this leaves an id without a file: the lease ends, it is delivered again, nothing is lost.
        """
        with self._transaction():
            self._sql.execute(
                "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, NULL)", (delivery, message, State.LEASED)
            )
            return self._item(delivery).state

    def saved(self, delivery: DeliveryId, receipt: str) -> None:
        """Note that payload and manifest are on disk; `receipt` (collected) waits to be sent.

        A crash before this leaves files that the next delivery writes again, the same bytes.
        """
        self._move(delivery, _BEFORE_SAVED, State.SAVED, receipt, "collected")

    def opened(self, delivery: DeliveryId, receipt: str) -> None:
        """Note that the checked age file is on disk; `receipt` (opened) waits to be sent.

        A crash before this: opening again asks for the header again and writes the same file.
        """
        self._move(delivery, _BEFORE_OPENED, State.OPENED, receipt, "opened")

    def opener_of(self, case: CaseRef) -> str | None:
        """Return the hash of the submission that opened `case` as new, as far as this inbox knows."""
        row = self._sql.execute("SELECT submission FROM cases WHERE reference = ?", (case,)).fetchone()
        return str(row[0]) if row else None

    def opened_with(self, submission: str) -> CaseRef | None:
        """Return the case that this submission (its hash) opened as new, as far as this inbox knows."""
        row = self._sql.execute("SELECT reference FROM cases WHERE submission = ?", (submission,)).fetchone()
        return CaseRef(str(row[0])) if row else None

    def opens(self, case: CaseRef, submission: str) -> None:
        """Remember which submission opened `case` as new; the first one stands."""
        with self._transaction():
            self._sql.execute("INSERT OR IGNORE INTO cases VALUES (?, ?)", (case, submission))

    def closes(self, case: CaseRef) -> None:
        """Remember for good that `case` is for named officers alone."""
        with self._transaction():
            self._sql.execute("INSERT OR IGNORE INTO closed_cases VALUES (?)", (case,))

    def is_closed(self, case: CaseRef) -> bool:
        """Whether something that was opened here, or done from here, has closed `case`."""
        return self._sql.execute("SELECT 1 FROM closed_cases WHERE reference = ?", (case,)).fetchone() is not None

    def claim(self, delivery: DeliveryId) -> bool:
        """Return True for the one caller who may show the message; False if it was shown before.

        A crash after this leaves it marked shown: it can be read again from the saved file, on request only.
        """
        with self._transaction():
            item = self._item(delivery)
            if item.state is not State.OPENED:
                return False
            self._set(delivery, State.SHOWN)
            first = self._sql.execute("INSERT OR IGNORE INTO shown VALUES (?)", (item.message,)).rowcount == 1
            # Taken back and given again: whoever answered that it is destroyed has nothing to read again.
            return first or self._sql.execute(_TAKEN_BACK, (item.message,)).fetchone() is not None

    def has_anew(self, delivery: DeliveryId) -> bool:
        """Whether the message of a delivery was given again, by a later one that is saved here and not taken back."""
        message = self._item(delivery).message
        another = "SELECT 1 FROM deliveries WHERE message = ? AND delivery > ? AND notice IS NULL AND state != ?"
        return self._sql.execute(another, (message, delivery, State.LEASED)).fetchone() is not None

    def shown(self) -> frozenset[MessageId]:
        """Return the messages that were handed to a reader here, also those that were taken back since."""
        return frozenset(parse_message_id(row[0]) for row in self._sql.execute("SELECT message FROM shown"))

    def noticed(self, delivery: DeliveryId, message: MessageId, notice: str) -> None:
        """Keep a verified recall notice until a person has answered it; one that was answered stays answered."""
        with self._transaction():
            self._sql.execute(
                "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, NULL)", (delivery, message, State.LEASED)
            )
            state = self._item(delivery).state
            if state in _BEFORE_RECALLED:
                self._sql.execute(
                    "UPDATE deliveries SET state = ?, notice = ? WHERE delivery = ?", (State.RECALLED, notice, delivery)
                )
            elif state in _ENDED:  # asked again, so the gateway lacks our answer
                self._sql.execute("UPDATE receipts SET sent = 0 WHERE delivery = ? AND state = ?", (delivery, state))

    def answered(self, delivery: DeliveryId, state: State, receipt: str) -> None:
        """Note a recall's answer, DESTROYED (our files are gone) or RETAINED; the receipt waits to be sent.

        A crash before this leaves the notice open: the person answers again, deleting what is gone is no error.
        """
        self._move(delivery, (State.RECALLED,), state, receipt, state.value)

    def renew(self, delivery: DeliveryId, state: str, receipt: str) -> None:
        """Put a fresh receipt in the place of one that the gateway did not take; it waits to be sent again."""
        with self._transaction():
            key = (receipt, delivery, state)
            self._sql.execute("UPDATE receipts SET note = ?, sent = 0 WHERE delivery = ? AND state = ?", key)

    def pending(self) -> list[PendingReceipt]:
        """Return the receipts to send, oldest first."""
        rows = self._sql.execute("SELECT delivery, state, note FROM receipts WHERE sent = 0 ORDER BY id")
        return [PendingReceipt(parse_delivery_id(delivery), state, note) for delivery, state, note in rows]

    def sent(self, receipt: PendingReceipt) -> None:
        """Note that the gateway has the receipt. A crash before this sends the same note again."""
        with self._transaction():
            key = (receipt.delivery, receipt.state)
            self._sql.execute("UPDATE receipts SET sent = 1 WHERE delivery = ? AND state = ?", key)
            if receipt.state == "collected" and self._item(receipt.delivery).state is State.SAVED:
                self._set(receipt.delivery, State.COLLECTED)

    def item(self, delivery: DeliveryId) -> Item | None:
        """Return one delivery, or None if the inbox never heard of it."""
        rows = self._rows("WHERE delivery = ?", delivery)
        return rows[0] if rows else None

    def items(self) -> list[Item]:
        """Return every delivery, in the order of their ids: that of time."""
        return self._rows("ORDER BY delivery")

    def _rows(self, which: str, *values: str) -> list[Item]:
        rows = self._sql.execute(f"SELECT delivery, message, state, notice FROM deliveries {which}", values)  # noqa: S608 - fixed clauses
        return [
            Item(parse_delivery_id(delivery), parse_message_id(message), State(state), notice)
            for delivery, message, state, notice in rows
        ]

    def _move(
        self, delivery: DeliveryId, before: tuple[State, ...], after: State, receipt: str, receipt_state: str
    ) -> None:
        """Move a delivery on and keep its receipt, together; one that is already further on is left alone."""
        with self._transaction():
            if self._item(delivery).state not in before:
                return
            self._set(delivery, after)
            self._sql.execute(
                "INSERT OR IGNORE INTO receipts (delivery, state, note) VALUES (?, ?, ?)",
                (delivery, receipt_state, receipt),
            )

    def _item(self, delivery: DeliveryId) -> Item:
        item = self.item(delivery)
        if item is None:
            raise NotInInbox(delivery)
        return item

    def _set(self, delivery: DeliveryId, state: State) -> None:
        self._sql.execute("UPDATE deliveries SET state = ? WHERE delivery = ?", (state, delivery))


class NotInInbox(Exception):
    """No delivery of this id was ever pulled here."""

    def __init__(self, delivery: str) -> None:
        super().__init__("no delivery of this id was pulled here")
        self.delivery = delivery
