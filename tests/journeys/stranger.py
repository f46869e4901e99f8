"""A stranger to a case asks about it, and about what does not exist, on every route whose answer depends on a case."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import httpx2

from agencies.kit.compose import REFERRAL, Subject, compose
from agencies.kit.signing import RequestSigner
from agencies.names import CaseRef, DeliveryId, MessageId
from crypto.draw import draw_uuid7
from tests.factories import the_documents
from tests.journeys.receipts import receipt_note
from tests.journeys.world import SERVICE, World

STRANGER = "health"
Answer: TypeAlias = tuple[int, tuple[tuple[str, str], ...], bytes]


@dataclass(frozen=True)
class Known:
    """What exists and does not concern the stranger; or what does not exist at all."""

    case: CaseRef
    message: MessageId
    delivery: DeliveryId
    manifest: str


class Asker:
    """The stranger's requests, signed before the clock is started, over one connection."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kit = world.kit(STRANGER)
        settings = self.kit.home.settings
        self.client = httpx2.Client(base_url=settings.url, timeout=30)
        self._signer = RequestSigner(settings.area, self.kit.keyring.agency, None, world.clock)

    def get(self, path: str) -> httpx2.Request:
        return self._signed(self.client.build_request("GET", path))

    def post(self, path: str, body: bytes, idempotency: str | None = None) -> httpx2.Request:
        fields = {"content-type": "application/json", "idempotency-key": idempotency or draw_uuid7(self.world.clock())}
        return self._signed(self.client.build_request("POST", path, content=body, headers=fields))

    def bare_post(self, path: str) -> httpx2.Request:
        return self._signed(self.client.build_request("POST", path))

    def _signed(self, request: httpx2.Request) -> httpx2.Request:
        request.headers["marac-officer"] = self.world.officer(STRANGER)
        request.headers["marac-purpose"] = "referral"
        return next(self._signer.auth_flow(request))

    def ask(self, request: httpx2.Request) -> tuple[float, Answer]:
        """Return how many seconds the answer took, and the answer but for the request's id and the time of day."""
        began = time.perf_counter()
        response = self.client.send(request)
        took = time.perf_counter() - began
        id_ = response.headers["x-request-id"].encode()
        assert len(id_) == 36
        fields = tuple(each for each in response.headers.multi_items() if each[0] not in {"x-request-id", "date"})
        return took, (response.status_code, fields, response.content.replace(id_, b"-" * 36))


def _status(asker: Asker, known: Known) -> httpx2.Request:
    return asker.get(f"/v1/messages/{known.message}")


def _recall(asker: Asker, known: Known) -> httpx2.Request:
    return asker.post(f"/v1/messages/{known.message}/recall", b'{"recipients":null,"reason":"safety"}')


def _header(asker: Asker, known: Known) -> httpx2.Request:
    return asker.bare_post(f"/v1/deliveries/{known.delivery}/header")


def _receipt(asker: Asker, known: Known) -> httpx2.Request:
    note = receipt_note(asker.kit, known.delivery, known.message, known.manifest, "collected")
    return asker.post(f"/v1/deliveries/{known.delivery}/receipt", json.dumps({"note": note}).encode())


def _referral(asker: Asker, known: Known) -> httpx2.Request:
    subject = Subject(REFERRAL.kind, REFERRAL.version, REFERRAL.purpose, known.case)
    author = asker.kit.keyring.author(asker.kit.home.settings)
    composed = compose(subject, the_documents(), author, asker.world.clock())
    return asker.post("/v1/referrals", composed.body(), composed.idempotency)


def _pack(asker: Asker, known: Known) -> httpx2.Request:
    return asker.get(f"/v1/cases/{known.case}/pack")


# POST /v1/cases/{case}/exclusions is not here: it is refused by office, before any case is looked for (see below).
ROUTES: dict[str, Callable[[Asker, Known], httpx2.Request]] = {
    "status": _status,
    "recall": _recall,
    "header": _header,
    "receipt": _receipt,
    "referral": _referral,
    "pack": _pack,
}


def known_to_others(world: World) -> Known:
    """Return a referral that was accepted and collected, of which the stranger has no part."""
    accepted = world.refer()
    world.arrived(accepted)
    message = accepted[0].manifest.message
    world.collect(SERVICE, 2)
    (item,) = (item for item in world.kit(SERVICE).inbox.items() if item.message == message)
    return Known(accepted[0].manifest.case, message, item.delivery, accepted[0].note)
