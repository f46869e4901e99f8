"""Everything that can happen to a referral in one area, with canaries in all of it."""

import random
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from pydantic import JsonValue

from agencies.documents.document import Document
from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import Referral
from agencies.documents.safe_contact import SafeContact
from agencies.kit.acceptance import Accepted
from agencies.kit.inbox import State
from agencies.kit.wire import Problem
from agencies.names import DeliveryId
from crypto import age
from tests.journeys.canary import abuses
from tests.journeys.canary.abuses import Known, Pen
from tests.journeys.canary.canaries import Canaries, Filler, dash, grounds, ids
from tests.journeys.canary.encodings import needles
from tests.journeys.canary.house import House
from tests.journeys.canary.search import Finding, hits, search

SENDER, SERVICE, COORDINATOR, STRANGER = "rivermead", "lantern", "coordinator", "health"
_NO_HONOUR: JsonValue = {
    "honour_based_abuse": False, "forced_marriage": False, "female_genital_mutilation": False,
}  # fmt: skip


@dataclass
class Life:
    """One area's life, and what was seen of it from outside.

    seen      answers, exceptions and representations in which a canary was found: there must be none
    """

    house: House
    canaries: Canaries
    seen: list[Finding] = field(default_factory=list)
    needles: Mapping[bytes, str] = field(init=False)

    def __post_init__(self) -> None:
        self.needles = needles(self.canaries)

    def documents(self, *, length: int = 0, excluding_people: bool = False) -> dict[str, Document]:
        """Return a referral's documents with a canary in every free field; `length` is that of each long text."""
        house, canaries = self.house, self.canaries
        officer = house.area.members["governance"].home.settings.officer
        filler = Filler(canaries, ids(house.area.party(STRANGER), str(officer)), length)
        referrer: JsonValue = {
            "source": "housing", "agency": canaries.line(), "contact": canaries.line(), "role": canaries.line(),
            "telephone": canaries.line(), "email": canaries.line(),
        }  # fmt: skip
        referral = filler.fill(
            Referral, referrer=referrer, instruments=[dash(canaries, 18)], grounds=grounds(canaries),
            honour_based=_NO_HONOUR, information_only=False,
        )  # fmt: skip
        people: dict[str, JsonValue] = {} if excluding_people else {"people": []}
        return {
            "referral": referral,
            "safe-contact": filler.fill(SafeContact),
            "exclusions": filler.fill(Exclusions, **people),
        }

    def refer(self, *, length: int = 0, excluding_people: bool = False) -> list[Accepted]:
        """Return the manifests of an accepted referral, once it is in the mailboxes."""
        accepted = self.hand_in(length=length, excluding_people=excluding_people)
        self.house.arrived(accepted, SENDER)
        return accepted

    def hand_in(self, *, length: int = 0, excluding_people: bool = False) -> list[Accepted]:
        """Return the manifests of an accepted referral, wherever it is by now."""
        kit, documents = self.house.kit(SENDER), self.documents(length=length, excluding_people=excluding_people)
        composed = kit.prepare(documents)
        accepted = kit.submit(composed)
        for thing in (*documents.values(), composed, accepted):
            self.look("a representation", repr(thing).encode())
        return accepted

    def collect(self, short: str) -> list[DeliveryId]:
        """Return the deliveries that a member collects now."""
        pulled = self.house.kit(short).pull()
        assert pulled.failed == ()
        return list(pulled.saved)

    def look(self, place: str, raw: bytes) -> None:
        """Remember what is found in something that anybody could see."""
        self.seen += [Finding(place, encoding) for encoding in hits(self.needles, raw)]

    def refused(self, requests: Mapping[str, bytes], *, always: bool = True) -> None:
        """Send requests; each is answered, refused if `always`, and the answer repeats nothing."""
        for name, raw in requests.items():
            answer = self.house.say(raw)
            assert answer.startswith(b"HTTP/1.1 4" if always else b"HTTP/1.1 "), (name, answer[:200])
            self.look(f"the answer to: {name}", answer)

    def happen(self, mutations: int) -> None:
        """Some are told, a referral is read, others are recalled, many are refused; nobody's folder is in clear."""
        self._be_told()
        self._read_one()
        self._recall_before_anybody_reads()
        self._recall_after_it_was_read()
        self._read_a_large_one()
        self._refuse(mutations)

    def kit_folders(self) -> list[Finding]:
        """Return what is found in clear in the agencies' own folders."""
        return search(self.needles, [self.house.folder / "kits"])

    def _be_told(self) -> None:
        """What mail server and webhook receive says nothing of what waits, nor of whose case it is."""
        house, readers = self.house, (COORDINATOR, SERVICE)
        for short in readers:
            hook = f"https://127.0.0.1:{house.posted.port}/collect"
            house.kit(short).set_notices(f"duty-desk@{short}.example", hook)
        accepted = self.refer()
        house.gateway.wait_until(lambda: len(house.mail.mails) == len(house.posted.posts) == len(readers), timeout_s=60)
        received = {"a mail": b"".join(house.mail.heard), "a webhook": b"".join(one.raw for one in house.posted.posts)}
        assert b"something to collect" in received["a mail"]
        for place, raw in received.items():
            self.look(place, raw)
            for one in accepted:
                assert not any(id_.encode() in raw for id_ in (one.manifest.case, one.manifest.message))
            assert b"marac" not in raw.lower()
        for short in readers:
            self.collect(short)

    def _read_one(self) -> None:
        accepted = self.refer(excluding_people=True)
        case = accepted[0].manifest.case
        waiting = self.collect(COORDINATOR)
        assert len(waiting) == 3
        assert self.kit_folders() == []  # before anybody opened anything
        for delivery in waiting:
            self._open(COORDINATOR, delivery)
        in_words = [one.manifest.message for one in accepted if one.manifest.document == "exclusions"]
        self.house.kit(COORDINATOR).exclude(case, [self.house.area.party(STRANGER)], settled=in_words)
        (delivery, *_) = self.collect(SERVICE)
        self._strange_receipt(delivery)
        self._open(SERVICE, delivery)
        assert self.kit_folders() == []
        self.known = Known(case, accepted[0].manifest.message, delivery)

    def _open(self, short: str, delivery: DeliveryId) -> None:
        kit = self.house.kit(short)
        opened = kit.open(delivery)
        saved = kit.home.age_file(opened.manifest.message)
        # What was sealed did hold canaries: what is not found elsewhere was there to be found.
        assert hits(self.needles, age.decrypt(saved, kit.keyring.identities))
        self.look("a representation", repr(opened).encode())

    def _strange_receipt(self, delivery: DeliveryId) -> None:
        item = self.house.kit(SERVICE).inbox.item(delivery)
        assert item is not None
        pen = Pen(self.house.area, SERVICE)
        answer = self.house.say(abuses.receipt_with_a_stranger(pen, self.canaries, delivery, item.message))
        assert answer.startswith(b"HTTP/1.1 204 ")  # it is true, and kept
        self.look("the answer to a receipt", answer)

    def _recall_before_anybody_reads(self) -> None:
        for one in self.refer():
            self.house.kit(SENDER).recall(one.manifest.message, None, "wrong-case")

    def _recall_after_it_was_read(self) -> None:
        accepted = self.refer()
        readers = {short: self.collect(short) for short in (COORDINATOR, SERVICE)}
        for short, deliveries in readers.items():
            for delivery in deliveries:
                self._open(short, delivery)
        for one in accepted:
            self.house.kit(SENDER).recall(one.manifest.message, None, "safety")
        for short in readers:
            kit = self.house.kit(short)
            kit.pull()
            for item in kit.inbox.items():
                if item.state is State.RECALLED:
                    keeps = short == COORDINATOR and kit.home.holds(item.message)
                    kit.answer_recall(item.delivery, State.RETAINED if keeps else State.DESTROYED)

    def _read_a_large_one(self) -> None:
        self.refer(length=9000)
        for delivery in self.collect(COORDINATOR):
            self._open(COORDINATOR, delivery)

    def _refuse(self, mutations: int) -> None:
        pen, office = Pen(self.house.area, SENDER), Pen(self.house.area, COORDINATOR)
        good = abuses.texts_of(self.documents())
        self.refused(abuses.wrong_documents(pen, self.canaries, good))
        self.refused(abuses.wrong_submissions(pen, self.canaries, good, self.known))
        self.refused(abuses.wrong_requests(pen, self.canaries, self.known), always=False)
        self.refused(abuses.by_the_coordinator(office, self.canaries, self.known))
        self.refused(abuses.not_http(self.canaries))
        self.look("a stranger's line", self.house.say(abuses.signed_by_a_stranger_too(pen, self.canaries, good)))
        drawn = random.Random(self.canaries.seed)
        self.refused(abuses.mutations(pen, good, drawn, mutations), always=False)
        for problem in self._problems():
            self.look("what a kit raised", "".join([*traceback.format_exception(problem), repr(problem)]).encode())

    def _problems(self) -> Iterator[Problem]:
        """Yield the refusals of what kits themselves send: below the threshold, no agreement, no relation."""
        documents = self.documents()
        referral, safe_contact, exclusions = documents.values()
        assert isinstance(referral, Referral)
        assert isinstance(safe_contact, SafeContact)
        assert isinstance(exclusions, Exclusions)
        for short, body, case in (
            (SENDER, abuses.below_the_threshold(referral), None),
            ("harbour", referral, None),
            (STRANGER, referral, self.known.case),
        ):
            with pytest.raises(Problem) as refused:
                self.house.kit(short).submit_referral(body, safe_contact, exclusions, case)
            yield refused.value
