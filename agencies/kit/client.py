"""The kit: what an agency does with one area's broker. Each step is durable before the next is promised; README.md."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from agencies.directory import Directory
from agencies.kit import answers, wire
from agencies.kit.home import Home, NotSaved
from agencies.kit.inbox import Item, NotInInbox, PendingReceipt, State
from agencies.kit.keyring import Keyring
from agencies.kit.opening import CheckFailed, Delivered, Opened, check_delivery, check_manifest, check_payload
from agencies.kit.recalls import check_recall, taken_back
from agencies.kit.safe_contacts import Folder, received
from agencies.kit.sending import Sender
from agencies.kit.signing import Clock
from agencies.kit.wire import BadAnswer, Pause, Problem, Unreachable, parse_answer
from agencies.names import CaseRef, DeliveryId, MessageId, parse_delivery_id, parse_message_id
from agencies.notes.recall import Recall, parse_recall
from agencies.notes.receipt import Receipt, parse_receipt
from crypto import age, b64
from crypto import note as signed_note
from crypto.errors import Malformed

PURPOSE = "referral"
_SETTLED = frozenset({"receipt-out-of-order", "not-available", "note-mismatch"})
_NOT_SIGNED = "note-invalid"
_READABLE = (State.SAVED, State.COLLECTED, State.OPENED)


class AlreadyShown(Exception):
    """The message was shown before; its saved copy can be read again, on request."""


class NoOfficer(Exception):
    """A message is opened by a named officer, never by an agency at large."""


class OfficerNotEntered(Exception):
    """Who works with this folder is not, or no longer, an active officer of the register."""


class PurposeNotAgreed(Exception):
    """The agreement of this agency names no such purpose; `purposes` are those that it names."""

    def __init__(self, purposes: Sequence[str]) -> None:
        super().__init__("the agreement does not name this purpose")
        self.purposes = tuple(purposes)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull brought: newly saved deliveries, recall notices, and deliveries that failed a check."""

    saved: tuple[DeliveryId, ...]
    notices: tuple[Recall, ...]
    failed: tuple[tuple[DeliveryId, CheckFailed], ...]


@dataclass(frozen=True, slots=True)
class Lease:
    """What the gateway gave, parsed and not believed yet."""

    deliveries: tuple[tuple[DeliveryId, Delivered], ...]
    notices: tuple[tuple[DeliveryId, Delivered, str], ...]


class Kit(Sender):
    """One agency in one area, with its inbox. Two processes on one folder do not harm each other.

    given_up  receipts that the gateway did not take though they were signed anew: a person has to be told
    """

    def __init__(self, home: Home, keyring: Keyring, clock: Clock, pause: Pause = time.sleep) -> None:
        super().__init__(home, keyring, clock, pause)
        self.inbox = home.inbox()
        self.given_up: list[PendingReceipt] = []

    def close(self) -> None:
        """Let go of the connection and of the inbox."""
        self.inbox.close()
        super().close()

    def lease(self, limit: int, wait_s: int) -> Lease:
        """Return up to `limit` deliveries and notices, waiting up to `wait_s` seconds for the first.

        Raises Problem, Unreachable, BadAnswer.
        """
        body = self.post("/v1/inbox/lease", {"limit": limit, "wait_s": wait_s}, wire.TIMEOUT_S + wait_s)
        answer = parse_answer(body, answers.LeaseAnswer)
        try:
            return Lease(
                tuple((parse_delivery_id(one.delivery), _delivered(one)) for one in answer.deliveries),
                tuple((parse_delivery_id(one.delivery), _taken_back(one), one.notice) for one in answer.notices),
            )
        except Malformed:
            raise BadAnswer("the gateway's answer holds an id or a payload that is none") from None

    def pull_all(self) -> tuple[tuple[DeliveryId, CheckFailed], ...]:
        """Collect all that waits, and return what failed a check. Raises as `pull` does."""
        failed: list[tuple[DeliveryId, CheckFailed]] = []
        while True:
            pulled = self.pull(limit=100)
            failed += pulled.failed
            if not pulled.saved and not pulled.notices:
                return tuple(failed)

    def pull(self, limit: int = 20, wait_s: int = 0) -> Pulled:
        """Collect what waits: each is checked (2, 3), saved, and only then receipted as collected.

        What a run before left unsent goes first. Raises Problem, Unreachable, BadAnswer, CheckFailed (1).
        """
        self.refresh()
        self.send_receipts()
        lease = self.lease(limit, wait_s)
        saved: list[DeliveryId] = []
        failed: list[tuple[DeliveryId, CheckFailed]] = []
        for delivery, delivered in lease.deliveries:
            try:
                if self._save(delivery, delivered):
                    saved.append(delivery)
            except CheckFailed as error:  # one bad delivery does not keep the others from being collected
                failed.append((delivery, error))
        notices: list[Recall] = []
        for delivery, delivered, note in lease.notices:
            try:
                notices.append(self._notice(delivery, delivered, note))
            except CheckFailed as error:
                failed.append((delivery, error))
        self.send_receipts()
        return Pulled(tuple(saved), tuple(notices), tuple(failed))

    def open(self, delivery: DeliveryId, purpose: str = PURPOSE) -> Opened:
        """Return the message, once: its header asked for, all nine checks passed, the age file saved.

        The receipt goes out last; if the network is down it waits for the next pull, and the reader does not.
        Raises AlreadyShown, TakenBack, NoOfficer, OfficerNotEntered, PurposeNotAgreed, NotInInbox, CheckFailed,
        Problem, Unreachable.
        """
        opened = self._open(self._readable(delivery), purpose)
        if not self.inbox.claim(delivery):
            raise AlreadyShown("another process has just shown this message")
        with suppress(Unreachable, Problem):  # kept in the inbox; who reads must not wait for it
            self.send_receipts()
        return opened

    def unseal(self, delivery: DeliveryId, purpose: str = PURPOSE) -> age.Opened:
        """Return what another header for a message is made from; one not opened yet is opened, and shown to nobody.

        Raises as `open` does, but for AlreadyShown; NotForYou if the keys here do not open what is saved.
        """
        item = self._item(delivery)
        if item.notice is not None:
            raise taken_back(item)
        if item.state not in (State.OPENED, State.SHOWN):
            self._open(self._readable(delivery), purpose)
        return age.unwrap(age.split(self.home.age_file(item.message))[0], self.keyring.identities)

    def keep_header(self, message: MessageId, header: bytes) -> None:
        """Put `header` before the saved payload of an opened message: it was made for the keys of now."""
        self.home.save_opened(message, header, age.split(self.home.age_file(message))[1])

    def keep(self, delivered: Delivered, opened: Opened) -> bool:
        """Keep a message of a pack as if it was opened and shown from the inbox; False if it was taken back here.

        What the inbox has not heard of yet is not kept: its delivery is still to come, and with it the receipt.
        """
        there = [one for one in self.inbox.items() if one.message == delivered.message]
        standing = [one for one in there if one.notice is None]
        for item in standing:
            if item.state is not State.LEASED:
                self._keep_opened(item, delivered.header, delivered.payload, opened)
                self.inbox.claim(item.delivery)
        return bool(standing) or not there

    def check(self, delivered: Delivered) -> Opened:
        """Return the message, if it passes all nine checks; nothing is kept or shown. Raises CheckFailed."""
        directory = self.directory()
        stated = check_manifest(delivered.manifest, delivered.message, directory)
        opener, opens = self.inbox.opener_of(stated.case), self.inbox.opened_with(stated.submission)
        return check_delivery(delivered, directory, self.keyring.identities, opener, opens)

    def check_reader(self, purpose: str) -> None:
        """Return only if an officer of the register works here, and the agreement names `purpose`.

        Raises NoOfficer, OfficerNotEntered, PurposeNotAgreed; as `refresh` does.
        """
        if self.home.settings.officer is None:
            raise NoOfficer("this folder names no officer")
        directory = self.refresh()
        self._check_entered(directory)
        self._check_purpose(directory, purpose)

    def read_again(self, delivery: DeliveryId) -> Opened:
        """Return a message that was shown before, from its saved file and checked again; the log hears nothing of it.

        One that was taken back and is retained under the agency's own schedule too, if it was opened.

        Raises NotInInbox, NotSaved, TakenBack, CheckFailed.
        """
        item = self._item(delivery)
        if item.state not in (State.OPENED, State.SHOWN, State.RETAINED):
            raise taken_back(item) if item.notice else NotSaved("this message was not opened yet")
        return self._saved_copy(item.message)

    def close_case(self, case: CaseRef) -> None:
        """Close a case, for good (coordinator); this folder remembers it. Raises Problem, Unreachable."""
        super().close_case(case)
        self.inbox.closes(case)  # a crash before this: the gateway knows, and it may be asked again

    def answer_recall(self, delivery: DeliveryId, answer: State = State.DESTROYED) -> None:
        """Answer a recall: DESTROYED deletes our copy first; RETAINED keeps it under this agency's own schedule.

        Call it when a person has confirmed. Raises NotInInbox, NotSaved, Unreachable.
        """
        item = self._item(delivery)
        if item.state is not State.RECALLED:
            raise NotInInbox(delivery)
        if answer is State.RETAINED and not self.home.holds(item.message):
            raise NotSaved("there is no copy of this message here that could be retained")
        receipt = self._receipt(delivery, item.message, answer.value)
        if answer is State.DESTROYED and not self.inbox.has_anew(delivery):
            self.home.destroy(item.message)
        self.inbox.answered(delivery, answer, receipt)
        self.send_receipts()

    def send_receipts(self) -> None:
        """Send every receipt that waits, oldest first. Raises Unreachable: the rest waits on.

        One whose key has ended while it waited is signed anew; what is refused even so is in `given_up`.
        """
        for receipt in self.inbox.pending():
            if not self._takes(receipt) and not self._takes(self._signed_anew(receipt)):
                self.given_up.append(receipt)
            if receipt.state == State.DESTROYED and not self.inbox.has_anew(receipt.delivery):
                # Before it is noted as sent: a crash here sends it once more, and forgets then.
                self.home.forget(self._item(receipt.delivery).message)
            self.inbox.sent(receipt)

    def pending(self) -> Sequence[PendingReceipt]:
        """Return the receipts that the gateway does not have yet."""
        return self.inbox.pending()

    def _saved_copy(self, message: MessageId) -> Opened:
        header, payload = age.split(self.home.age_file(message))
        return self.check(Delivered(message, self.home.manifest(message), header, payload))

    def safe_contacts(self) -> Folder:
        """Return where the safe contacts are that are known here: those that were sent, or came."""
        known = received(self.home, self.inbox.items())
        return Folder(self.home, known, self.outbox, self.keyring.identities, self._saved_copy)

    def _takes(self, receipt: PendingReceipt) -> bool:
        """Send one receipt; return False if the gateway does not find our signature on it."""
        try:
            self.post(f"/v1/deliveries/{receipt.delivery}/receipt", {"note": receipt.note})
        except Problem as problem:
            # Recorded already, or not wanted as it is: if it is missed there, the delivery comes again.
            if problem.code not in {*_SETTLED, _NOT_SIGNED}:
                raise
            return problem.code != _NOT_SIGNED
        return True

    def _signed_anew(self, receipt: PendingReceipt) -> PendingReceipt:
        """Return the receipt, kept and signed by the keys of now: it says the same, and is proved if it can be."""
        stated = parse_receipt(signed_note.text_of(receipt.note))
        author = self.author()
        proved = stated.proved and stated.officer == author.officer and author.officer_key is not None
        text = replace(stated, proved=proved).encode()
        note = signed_note.sign(text, author.keys if proved else [author.key])
        self.inbox.renew(receipt.delivery, receipt.state, note)
        return replace(receipt, note=note)

    def _open(self, item: Item, purpose: str) -> Opened:
        """Return a message once all nine checks passed and its age file is saved; the receipt waits."""
        self.check_reader(purpose)
        self.send_receipts()  # `opened` may not arrive before `collected`
        header, payload = self._header(item.delivery, purpose), self._payload(item.message)
        opened = self.check(Delivered(item.message, self.home.manifest(item.message), header, payload))
        self._keep_opened(item, header, payload, opened)
        return opened

    def _keep_opened(self, item: Item, header: bytes, payload: bytes, opened: Opened) -> None:
        self.home.save_opened(item.message, header, payload)
        if opened.submission.case is None:
            self.inbox.opens(opened.manifest.case, opened.manifest.submission)
        if opened.closes_case:
            self.inbox.closes(opened.manifest.case)
        self.inbox.opened(item.delivery, self._receipt(item.delivery, item.message, "opened"))
        self.home.drop_payload(item.message)

    def _save(self, delivery: DeliveryId, delivered: Delivered) -> bool:
        if self.inbox.leased(delivery, delivered.message) is not State.LEASED:
            # Given again, so the gateway lacks our receipt: a fresh one goes out, nothing is shown or saved twice.
            with suppress(NotSaved):
                self.inbox.renew(delivery, "collected", self._receipt(delivery, delivered.message, "collected"))
            return False
        manifest = check_manifest(delivered.manifest, delivered.message, self.directory())
        check_payload(delivered.payload, manifest)
        self.home.save_pulled(delivered.message, delivered.manifest, delivered.payload)
        self.inbox.saved(delivery, self._receipt(delivery, delivered.message, "collected"))
        return True

    def _notice(self, delivery: DeliveryId, delivered: Delivered, note: str) -> Recall:
        recall = check_recall(note, delivery, delivered.message, self.directory())
        check_manifest(delivered.manifest, delivered.message, self.directory())
        # The answer is made from it, and this folder may never have had the message.
        self.home.save_manifest(delivered.message, delivered.manifest)
        self.inbox.noticed(delivery, delivered.message, note)
        return recall

    def _readable(self, delivery: DeliveryId) -> Item:
        if self.home.settings.officer is None:
            raise NoOfficer("this folder names no officer")
        item = self._item(delivery)
        if item.state is State.SHOWN:
            raise AlreadyShown("this message was shown before")
        if item.notice is not None:
            raise taken_back(item)
        if item.state not in _READABLE:
            raise NotInInbox(delivery)
        return item

    def _check_entered(self, directory: Directory) -> None:
        if self.officer() is None:
            known = directory.register.officer(self.home.settings.officer or "")
            raise OfficerNotEntered(
                "the register no longer lists the officer of this folder as active"
                if known
                else "the coordinator has not entered this officer yet"
            )

    def _item(self, delivery: DeliveryId) -> Item:
        item = self.inbox.item(delivery)
        if item is None:
            raise NotInInbox(delivery)
        return item

    def _check_purpose(self, directory: Directory, purpose: str) -> None:
        own = directory.register.party(self.home.settings.party)
        # Without an agreement of our own the gateway's refusal is the better answer: it says whom to ask.
        if own is not None and own.isa is not None and purpose not in own.isa.purposes:
            raise PurposeNotAgreed(own.isa.purposes)

    def _header(self, delivery: DeliveryId, purpose: str) -> bytes:
        fields = self.fields(**{"marac-purpose": purpose})
        body = self.gateway.post(f"/v1/deliveries/{delivery}/header", None, fields)
        try:
            return b64.parse_padded(parse_answer(body, answers.HeaderAnswer).header)
        except Malformed:
            raise BadAnswer("the header is not base64") from None

    def _payload(self, message: MessageId) -> bytes:
        try:
            return self.home.payload(message)
        except NotSaved:  # a crash after `opened`: the payload is in the age file already
            return age.split(self.home.age_file(message))[1]

    def _receipt(self, delivery: DeliveryId, message: MessageId, state: str) -> str:
        author = self.author()
        manifest = signed_note.hash_text(signed_note.text_of(self.home.manifest(message)))
        reader = None if state == "collected" else author.officer
        proved = reader is not None and author.officer_key is not None
        text = Receipt(author.area, delivery, message, manifest, state, reader, proved, self.clock()).encode()
        return signed_note.sign(text, author.keys if proved else [author.key])


def recall_of(item: Item) -> Recall | None:
    """Return the verified recall that an inbox item holds, or None."""
    return None if item.notice is None else parse_recall(signed_note.text_of(item.notice))


def _taken_back(one: answers.LeasedNotice) -> Delivered:
    return Delivered(parse_message_id(one.message), one.manifest, b"", b"")


def _delivered(one: answers.LeasedDelivery) -> Delivered:
    return Delivered(parse_message_id(one.message), one.manifest, b"", b64.parse_padded(one.payload))
