"""The published schemas: for every document that can be sent, by a stable name, and for nothing else."""

import pytest

from agencies.documents.routes import ROUTES
from agencies.documents.table import DOCUMENTS
from broker.kinds.table import KINDS
from tests.gateway.house import House
from tests.gateway.signing import Draft

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_document_has_its_schema_under_a_stable_name(house: House) -> None:
    for kind, versions in DOCUMENTS.items():
        for version, documents in versions.items():
            whole = await house.send(Draft(path=f"/schemas/{kind}/{version}"))
            assert whole.json["properties"].keys() == documents.keys()
            for name in documents:
                one = await house.send(Draft(path=f"/schemas/{kind}/{version}/{name}"))
                assert one.status == 200
                assert one.json == whole.json["properties"][name]
                assert one.json["$id"] == f"https://marac-broker.example/schemas/{kind}/{version}/{name}"
                assert one.json["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", ["gossip/1.0", "referral/9.0", "referral/1.0/gossip", "gossip/1.0/gossip"])
async def test_what_there_is_not_has_none(house: House, path: str) -> None:
    answer = await house.send(Draft(path=f"/schemas/{path}"))
    assert (answer.status, answer.json["code"]) == (404, "route-unknown")


async def test_every_kind_has_its_route_and_openapi_names_its_documents(house: House) -> None:
    assert ROUTES.keys() == KINDS.keys()
    paths = (await house.send(Draft(path="/openapi.json"))).json["paths"]
    for kind, route in ROUTES.items():
        body = paths[route]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert set(body["properties"]["documents"]["required"]) == set(KINDS[kind].parts)
