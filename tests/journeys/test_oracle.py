"""Whether a case exists is told to nobody who may not know: equal answers, and equal work behind them."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import httpx2
import pytest

from agencies.kit.compose import REFERRAL, Subject, compose
from agencies.kit.signing import RequestSigner
from agencies.names import CaseRef, DeliveryId, MessageId, draw_case_ref
from crypto.draw import draw_uuid7
from gateway.made_up import PREFIX
from tests.factories import the_documents
from tests.journeys.conftest import MakeWorld
from tests.journeys.receipts import receipt_note
from tests.journeys.world import COORDINATOR, SERVICE, Stack, World, refusal

STRANGER = "health"
PAIRS, FEW_PAIRS, CAMPAIGN_PAIRS = 20, 10, 2000
MOST_APART = 0.05
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


# POST /v1/cases/{case}/exclusions is not here: it is refused by office, before any case is looked for (see below).
ROUTES: dict[str, Callable[[Asker, Known], httpx2.Request]] = {
    "status": _status,
    "recall": _recall,
    "header": _header,
    "receipt": _receipt,
    "referral": _referral,
}


def test_a_stranger_gets_the_same_bytes_for_a_case_that_exists_and_for_one_that_does_not(embedded: World) -> None:
    _all_alike(embedded, PAIRS)


@pytest.mark.servers
def test_a_stranger_gets_the_same_bytes_from_a_gateway_on_postgresql_and_rabbitmq(
    production: Stack, make_world: MakeWorld
) -> None:
    _all_alike(make_world(production), FEW_PAIRS)


@pytest.mark.campaign
@pytest.mark.parametrize("route", ROUTES)
def test_a_stranger_waits_as_long_for_a_case_that_exists_as_for_one_that_does_not(
    embedded: World, route: str, record_property: Callable[[str, object], None]
) -> None:
    times, answers = _pairs(embedded, _known(embedded), route, CAMPAIGN_PAIRS)
    known, unknown = (statistics.median(one) * 1000 for one in times)
    print(f"{route}: known {known:.3f} ms, unknown {unknown:.3f} ms, {(known / unknown - 1) * 100:+.1f} %")
    record_property("known_ms", known)
    record_property("unknown_ms", unknown)
    assert len(answers) == 1
    assert abs(known / unknown - 1) <= MOST_APART


def test_exclusions_are_refused_by_office_whether_or_not_there_is_such_a_case(embedded: World) -> None:
    known = _known(embedded).case
    for case in (known, draw_case_ref(PREFIX)):
        act = refusal(lambda case=case: embedded.kit(STRANGER).exclude(case, [], settled=True))
        assert act.code == "act-not-allowed"
    coordinator = embedded.kit(COORDINATOR)
    assert refusal(lambda: coordinator.exclude(draw_case_ref(PREFIX), [], settled=True)).code == "not-available"


def _all_alike(world: World, pairs: int) -> None:
    known = _known(world)
    answers = {answer for route in ROUTES for answer in _pairs(world, known, route, pairs)[1]}
    assert len(answers) == 1, "one answer for all, whatever the route"
    status, _, body = answers.pop()
    assert (status, json.loads(body)["code"]) == (404, "not-available")


def _pairs(world: World, known: Known, route: str, many: int) -> tuple[tuple[list[float], list[float]], set[Answer]]:
    """Return how long the answers took, for what exists and for what does not, and the different answers there were."""
    asker = Asker(world)
    times: tuple[list[float], list[float]] = ([], [])
    answers: set[Answer] = set()
    with asker.client:
        for number in range(many):
            nothing = Known(draw_case_ref(PREFIX), MessageId(_id(world)), DeliveryId(_id(world)), known.manifest)
            # Which of the two is asked first takes turns: whatever the first one warms up serves both as often.
            order = (known, nothing) if number % 2 else (nothing, known)
            for one in order:
                took, answer = asker.ask(ROUTES[route](asker, one))
                times[one is nothing].append(took)
                answers.add(answer)
    return times, answers


def _known(world: World) -> Known:
    accepted = world.refer()
    world.arrived(accepted)
    message = accepted[0].manifest.message
    world.collect(SERVICE, 2)
    (item,) = (item for item in world.kit(SERVICE).inbox.items() if item.message == message)
    return Known(accepted[0].manifest.case, message, item.delivery, accepted[0].note)


def _id(world: World) -> str:
    return draw_uuid7(world.clock())
