"""Where prepared cases are played: the sandbox's gateway with everybody's keys, and copies of it to break."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from agencies.documents.document import Document
from agencies.documents.exclusions import Exclusions
from agencies.kit import forms
from agencies.kit.compose import REFERRAL, Composed, Subject, compose
from agencies.names import DeliveryId, MessageId
from agencies.notes.manifest import Manifest, parse_manifest
from broker.settings import Settings
from crypto import note as signed_note
from gateway.inprocess import made_up_settings, serving
from gateway.made_up import MadeUpArea, Member
from gateway.sandbox.exchange import Answer, Draft, Exchange, get, post, send

ARRIVES_WITHIN_S: Final = 20
_LOOK_AGAIN_S: Final = 0.05
_STALE_AFTER: Final = timedelta(days=5 * 365)  # before retention destroys what a prepared case rests on


class NotAsPrepared(Exception):
    """A step that leads up to a prepared case was answered otherwise than it must be; the text is the code."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery as one recipient was given it."""

    delivery: DeliveryId
    message: MessageId
    manifest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A referral that prepared cases rest on: taken back before anybody collected it, its sender excluded since.

    leased  the coordinator's delivery of its body
    """

    made_at: datetime
    composed: Composed
    leased: Leased


@dataclass
class Stage:
    """A gateway of the made-up area, and what is needed to ask it anything as anybody.

    welcome  the body of the referral that waits for its recipients when the sandbox opens
    _lock    guards _kept, which several requests may want at once
    """

    area: MadeUpArea
    clock: Callable[[], datetime]
    settings: Settings
    url: str
    welcome: MessageId | None = None
    _lock: Lock = field(default_factory=Lock)
    _kept: Kept | None = None

    def member(self, short: str) -> Member:
        """Return a member of the area."""
        return self.area.members[short]

    def sign(self, draft: Draft, short: str, *, officer: bool = True) -> Draft:
        """Return the request signed by a member; `officer` names who works there, proved where they have a key."""
        member, now = self.member(short), self.clock()
        signers = [("agency", member.keyring.agency)]
        if officer:
            draft = draft.adding("marac-officer", str(member.home.settings.officer))
            signers += [("officer", key) for key in (member.keyring.officer,) if key]
        return draft.signed(signers, now)

    def send(self, what: str, request: Draft | bytes) -> Exchange:
        """Send a request as it is."""
        return Exchange(what, request, send(self.url, request))

    def get(self, what: str, short: str, path: str) -> Exchange:
        """Send a GET signed by a member."""
        return self.send(what, self.sign(get(path), short))

    def post(self, what: str, short: str, path: str, body: bytes | Mapping[str, object]) -> Exchange:
        """Send a POST signed by a member."""
        return self.send(what, self.sign(post(path, body, self.clock()), short))

    def submit(self, what: str, short: str, composed: Composed) -> Exchange:
        """Hand in a submission, signed by a member."""
        draft = post("/v1/referrals", composed.body(), self.clock(), composed.idempotency)
        return self.send(what, self.sign(draft, short))

    def compose(self, short: str, **documents: Document) -> Composed:
        """Return the example referral composed by a member; `documents` replace its own (with _ for -)."""
        given = {name.replace("_", "-"): document for name, document in documents.items()}
        return self._compose(short, REFERRAL, {**_example(), **given})

    def compose_correction(self, short: str, body: Manifest) -> Composed:
        """Return the example referral composed by a member as the correction of the one with this body."""
        reason = {"correction": "A date was wrong. (made up)"}
        documents = {name: document.model_copy(update=reason) for name, document in _example().items()}
        return self._compose(short, replace(REFERRAL, case=body.case, supersedes=body.message), documents)

    def _compose(self, short: str, subject: Subject, documents: Mapping[str, Document]) -> Composed:
        member = self.member(short)
        return compose(subject, documents, member.keyring.author(member.home.settings), self.clock())

    def lease(self, short: str, wanted: Callable[[Leased], bool]) -> Leased:
        """Return the first delivery for a member that is `wanted`, once it has arrived.

        Raises NotAsPrepared if it does not come.
        """
        found: list[Leased] = []

        def arrived() -> bool:
            exchange = self.post("lease", short, "/v1/inbox/lease", {"limit": 100, "wait_s": 1})
            found.extend(one for one in _leased(done(exchange)) if wanted(one))
            return bool(found)

        self.until(arrived)
        return found[0]

    def until(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds. Raises NotAsPrepared if it does not come to."""
        ends = time.monotonic() + ARRIVES_WITHIN_S
        while not condition():
            if time.monotonic() > ends:
                raise NotAsPrepared("nothing arrived")
            time.sleep(_LOOK_AGAIN_S)

    def kept(self) -> Kept:
        """Return the referral that prepared cases rest on, made anew before retention destroys it."""
        with self._lock:
            if self._kept is None or self.clock() > self._kept.made_at + _STALE_AFTER:
                self._kept = self._keep()
            return self._kept

    @contextmanager
    def beside(self, **changes: str | int) -> Iterator["Stage"]:
        """Yield a second gateway, on a copy of the database, that a prepared case may break; then it is gone.

        changes  settings in which it differs
        """
        with tempfile.TemporaryDirectory(prefix="marac-sandbox-copy-") as folder:
            settings = made_up_settings(self.area, Path(folder), 0, **changes)
            with closing(open_sqlite(self.settings)) as original, closing(open_sqlite(settings)) as copy:
                original.backup(copy)
            with serving(settings, self.area, self.clock) as gateway:
                yield replace(self, settings=settings, url=gateway.url)

    def _keep(self) -> Kept:
        composed = self.compose("rivermead")
        manifests = done(self.submit("submit", "rivermead", composed)).members["manifests"]
        messages = _messages(manifests)
        leased = self.lease("coordinator", lambda one: one.message == messages[0])
        for message in messages:
            recall = {"recipients": None, "reason": "safety"}
            done(self.post("recall", "rivermead", f"/v1/messages/{message}/recall", recall))
        case = parse_manifest(signed_note.text_of(leased.manifest)).case
        excluded = {"parties": [self.area.party("rivermead")], "settled": []}
        done(self.post("exclude", "coordinator", f"/v1/cases/{case}/exclusions", excluded))
        return Kept(self.clock(), composed, leased)


def done(exchange: Exchange) -> Answer:
    """Return the answer, if the request was granted. Raises NotAsPrepared."""
    if exchange.received.status >= 300:
        raise NotAsPrepared(f"{exchange.what}: {exchange.received.code}")
    return exchange.received


def open_sqlite(settings: Settings) -> sqlite3.Connection:
    """Return a connection to the embedded database of a gateway here; the caller closes it."""
    return sqlite3.connect(settings.home / "broker.sqlite", timeout=5)


def first_manifest(answer: Answer) -> Manifest:
    """Return the first manifest that a submission was answered with."""
    notes = answer.members["manifests"]
    return parse_manifest(signed_note.text_of(notes[0] if isinstance(notes, list) else ""))


def _example() -> dict[str, Document]:
    form = forms.parse_form(forms.example())
    return {**form.documents, "exclusions": Exclusions()}


def _messages(manifests: object) -> Sequence[MessageId]:
    notes = manifests if isinstance(manifests, list) else []
    return [parse_manifest(signed_note.text_of(note)).message for note in notes]


def _leased(answer: Answer) -> Sequence[Leased]:
    given = answer.members["deliveries"]
    return [
        Leased(DeliveryId(one["delivery"]), MessageId(one["message"]), one["manifest"])
        for one in (given if isinstance(given, list) else [])
    ]
