"""Every route as a partner's program meets it, over a real connection."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from agencies.area import verify_area
from agencies.notes.manifest import parse_manifest
from crypto import note
from crypto.keys import parse_vkey
from gateway.errors import CATALOGUE
from tests.agencies.made_area import AREA, COORDINATOR, HOUSING, IDVA, fixed_key, made_area
from tests.gateway.house import House, a_submission, as_post
from tests.gateway.signing import Draft, Signer, post, signed_by

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_area_is_public_and_leads_from_the_root(house: House) -> None:
    answer = await house.send(Draft(path="/v1/area"))
    root, delegations = answer.json["root"], answer.json["delegations"]
    assert isinstance(root, str)
    assert isinstance(delegations, list)
    assert verify_area(parse_vkey(root), delegations).name == answer.json["area"] == AREA
    assert answer.json["time"] == "2026-11-22T09:30:00Z"


async def test_the_area_is_told_without_a_look_at_the_register(own_house: House) -> None:
    async with own_house.broker.store.unit() as uow:
        await uow.trust.add_register(2, "x" * 8_000_000, own_house.clock())
        await uow.commit()
    with closing(sqlite3.connect(own_house.broker.settings.home / "broker.sqlite", timeout=10)) as sqlite:
        sqlite.execute("ALTER TABLE registers RENAME TO out_of_reach")
    assert (await own_house.send(Draft(path="/v1/area"))).status == 200
    assert (await own_house.send(Draft(path="/readyz"))).status == 503


async def test_the_catalogue_is_public_and_is_the_table(house: House) -> None:
    listed = (await house.send(Draft(path="/v1/errors"))).json["errors"]
    assert isinstance(listed, list)
    assert {row["code"]: row["status"] for row in listed} == {code: row.status for code, row in CATALOGUE.items()}


async def test_health_is_public(house: House) -> None:
    assert (await house.send(Draft(path="/livez"))).json == {"status": "live"}
    assert (await house.send(Draft(path="/readyz"))).json == {"status": "ready"}


async def test_the_register_is_for_who_takes_part(house: House) -> None:
    answer = await house.ask(Draft())
    assert str(answer.json["register"]).startswith("marac/register/v1\n")
    assert answer.json["revocations"] == []


async def test_a_referral_is_answered_with_manifests_and_with_the_same_ones_again(house: House) -> None:
    draft = as_post(a_submission())
    first, again = await house.ask(draft), await house.ask(draft)
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    notes = first.json["manifests"]
    assert isinstance(notes, list)
    keys = [made_area().gateway.verify_key]
    manifests = [parse_manifest(note.verify(each, keys, "marac/manifest/v1").text) for each in notes]
    assert [manifest.document for manifest in manifests] == ["referral", "safe-contact", "exclusions"]


async def test_a_message_is_leased_by_its_recipient_and_its_state_told_to_its_sender(working: House) -> None:
    assert (await working.ask(as_post(a_submission()))).status == 201
    leased = await working.ask(post("/v1/inbox/lease", b'{"limit":10,"wait_s":20}'), fixed_key(IDVA))
    deliveries = leased.json["deliveries"]
    assert isinstance(deliveries, list)
    assert deliveries[0].keys() == {"delivery", "message", "manifest", "payload", "leased_until"}
    message = deliveries[0]["message"]
    state = await working.ask(Draft(path=f"/v1/messages/{message}"))
    assert state.json["message"] == message
    assert state.json["state"] in {"accepted", "waiting"}


async def test_a_recall_is_answered_with_the_state_after_it(house: House) -> None:
    manifests = (await house.ask(as_post(a_submission()))).json["manifests"]
    assert isinstance(manifests, list)
    message = parse_manifest(note.text_of(manifests[0])).message
    answer = await house.ask(post(f"/v1/messages/{message}/recall", b'{"recipients":null,"reason":"safety"}'))
    assert answer.json == {"message": message, "state": "recalled"}


async def test_the_log_is_exported_line_by_line_to_the_coordinator(working: House) -> None:
    await working.ask(as_post(a_submission()))
    answer = await working.ask(Draft(path="/v1/audit/export"), fixed_key(COORDINATOR))
    assert (answer.status, answer.field("content-type")) == (200, "application/jsonl")
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert lines[0]["origin"] == f"{AREA}/log"
    assert len(lines) == lines[0]["size"] + 1


async def test_the_log_is_refused_to_others_before_its_first_line(house: House) -> None:
    answer = await house.ask(Draft(path="/v1/audit/export"))
    assert (answer.status, answer.json["code"]) == (403, "act-not-allowed")


async def test_tombstones_are_for_the_coordinator(house: House) -> None:
    answer = await house.ask(Draft(path="/v1/tombstones"), fixed_key(COORDINATOR))
    assert answer.json == {"tombstones": []}


async def test_every_answer_carries_the_safe_fields_and_an_id(house: House) -> None:
    for draft in (Draft(path="/livez"), Draft(path="/nowhere"), Draft(), Draft(path="/openapi.json")):
        answer = await house.send(draft)
        assert answer.field("cache-control") == "no-store"
        assert answer.field("x-content-type-options") == "nosniff"
        assert "default-src 'none'" in answer.field("content-security-policy")
        assert len(answer.field("x-request-id")) == 36
        assert answer.field("server") == ""


async def test_openapi_lists_every_route_with_its_problems_and_no_page_loads_from_elsewhere(house: House) -> None:
    paths = (await house.send(Draft(path="/openapi.json"))).json["paths"]
    assert isinstance(paths, dict)
    assert {"/v1/referrals", "/v1/inbox/lease", "/v1/deliveries/{delivery}/header"} <= paths.keys()
    for operations in paths.values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "422" not in operation["responses"]
    for path in ("/docs", "/redoc"):
        assert (await house.send(Draft(path=path))).json["code"] == "route-unknown"


async def test_a_database_that_is_gone_is_503_and_says_when_to_come_back(own_house: House) -> None:
    for file in own_house.broker.settings.home.glob("broker.sqlite*"):
        file.unlink()
    answer = await own_house.send(Draft(path="/readyz"))
    assert (answer.status, answer.json["code"], answer.field("retry-after")) == (503, "store-unavailable", "30")


async def test_what_could_not_be_signed_as_it_must_be_is_refused_without_a_look_into_the_database(
    own_house: House,
) -> None:
    with closing(sqlite3.connect(own_house.broker.settings.home / "broker.sqlite", timeout=10)) as sqlite:
        sqlite.execute("ALTER TABLE revocations RENAME TO out_of_reach")
    key, now = fixed_key(HOUSING), own_house.clock()
    refused = {
        "signature-missing": Draft(),
        "signature-invalid": Draft().adding(("signature-input", "agency=()"), ("signature", "agency=1")),
        "signature-stale": signed_by(Draft(), Signer(key).at(now - timedelta(hours=1))),
        "signature-coverage": signed_by(Draft(), Signer(key, covered=("@method",)).at(now)),
    }
    for code, draft in refused.items():
        assert (await own_house.send(draft)).json["code"] == code
    assert (await own_house.ask(Draft())).json["code"] == "store-unavailable"
