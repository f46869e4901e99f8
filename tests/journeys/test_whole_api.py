"""The whole API, route by route from its own OpenAPI document: whatever is sent, no fault of ours, no other answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from agencies.kit.signing import RequestSigner
from crypto.draw import draw_uuid7
from gateway.errors import CATALOGUE
from gateway.problems import DOCUMENTED, MEDIA_TYPE
from gateway.routes import ROUTERS
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, Founded, Stack, World

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
ACTORS = (SENDER, SERVICE, COORDINATOR, "governance")
EXAMPLES = max(10, settings().max_examples // 10)


def _document() -> dict[str, object]:
    app = FastAPI(title="MARAC broker", version="-", responses=DOCUMENTED)
    for router in ROUTERS:
        app.include_router(router)
    return app.openapi()


SCHEMA = schemathesis.openapi.from_dict(_document())
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@dataclass(frozen=True)
class Asked:
    """A gateway, and what there is in it to ask about, by the name of the path's parameter."""

    world: World
    known: dict[str, str]
    client: httpx2.Client

    def send(self, case: schemathesis.Case, actor: str, known: dict[str, bool]) -> httpx2.Response:
        """Return the answer to `case`, signed by the agency and, as asserted, by its officer."""
        path = {name: self.known[name] if known.get(name) and name in self.known else value
                for name, value in (case.path_parameters or {}).items()}  # fmt: skip
        target = case.operation.path
        for name, value in path.items():
            target = target.replace(f"{{{name}}}", str(value))
        body = None if case.method == "GET" or not isinstance(case.body, dict | list) else self._body(case)
        request = self.client.build_request(case.method, httpx2.URL(target), content=body)
        if body is not None:
            request.headers["content-type"] = "application/json"
            request.headers["idempotency-key"] = draw_uuid7(self.world.clock())
        request.headers["marac-officer"] = self.world.officer(actor)
        request.headers["marac-purpose"] = "referral"
        kit = self.world.kit(actor)
        signer = RequestSigner(kit.home.settings.area, kit.keyring.agency, None, self.world.clock)
        return self.client.send(next(signer.auth_flow(request)))

    @staticmethod
    def _body(case: schemathesis.Case) -> bytes:
        body = case.body
        if isinstance(body, dict) and isinstance(body.get("wait_s"), int):
            body = body | {"wait_s": 0}  # nobody waits here for a mailbox that stays empty
        return json.dumps(body).encode()


@pytest.fixture(scope="module")
def asked(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    world = World(founded, tmp_path_factory.mktemp("whole-api"), Stack())
    try:
        world.start()
        body, *_ = world.refer()
        (first, *_) = world.kit(SERVICE).pull(wait_s=20).saved
        known = {"case": body.manifest.case, "message": body.manifest.message, "delivery": first}
        with httpx2.Client(base_url=world.kit(SENDER).home.settings.url, timeout=30) as client:
            yield Asked(world, known, client)
    finally:
        world.close()


def test_the_document_that_is_served_has_the_routes_that_are_asked_here(asked: Asked) -> None:
    served = asked.client.get("/openapi.json").json()["paths"]
    assert served == json.loads(json.dumps(_document()["paths"]))


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_a_route_answers_as_documented_whatever_is_sent(label: str, asked: Asked) -> None:
    operation = OPERATIONS[label]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(
        case=operation.as_strategy(),
        actor=st.sampled_from(ACTORS),
        known=st.fixed_dictionaries(dict.fromkeys(("case", "message", "delivery"), st.booleans())),
    )
    def answers(case: schemathesis.Case, actor: str, known: dict[str, bool]) -> None:
        response = asked.send(case, actor, known)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as failures:
            raise AssertionError([failure.message for failure in failures.exceptions]) from None
        if response.status_code >= 400:
            assert response.headers["content-type"] == MEDIA_TYPE
            problem = response.json()
            assert CATALOGUE[problem["code"]].status == response.status_code

    answers()
