"""Bad input over a real connection: one row for each refusal, with the code and the status that it must have."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from crypto.draw import draw_uuid7
from gateway.errors import CATALOGUE
from tests.agencies.made_area import COORDINATOR, HOUSING, IDVA, NOW, OFFICER, fixed_key
from tests.gateway.house import HOUSING_KEY, TELEPHONE, Answer, House, a_submission, as_post, chunked, revoke
from tests.gateway.signing import ALWAYS, WITH_BODY, Draft, Signer, post, signed_by

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEASE = b'{"limit":1,"wait_s":0}'
EXAMPLE = post("/v1/inbox/lease", LEASE)
WITH_A_BODY = Signer(HOUSING_KEY, covered=(*ALWAYS, *WITH_BODY))


async def signed(house: House, draft: Draft, **how: object) -> Answer:
    return await house.send(signed_by(draft, replace(Signer(HOUSING_KEY), **how)))  # type: ignore[arg-type]


async def body(house: House, path: str, raw: bytes) -> Answer:
    return await house.ask(post(path, raw))


async def a_replay(house: House) -> Answer:
    draft = signed_by(Draft(), Signer(HOUSING_KEY))
    assert (await house.send(draft)).status == 200
    return await house.send(draft)


async def an_officers_replay(house: House) -> Answer:
    draft, officer = Draft().adding(("marac-officer", OFFICER)), Signer(fixed_key(OFFICER), "officer")
    assert (await house.send(signed_by(draft, Signer(HOUSING_KEY), officer))).status == 200
    return await house.send(signed_by(draft, Signer(HOUSING_KEY), officer))


async def another_body(house: House) -> Answer:
    draft = signed_by(EXAMPLE, Signer(HOUSING_KEY))
    return await house.send(replace(draft, body=LEASE.replace(b"1", b"2")))


async def a_length_too_large(house: House) -> Answer:
    """Only the head is sent: an answer at all shows that the body was not waited for."""
    draft = EXAMPLE.saying("content-length", "65537")
    return await house.send_raw(replace(signed_by(draft, Signer(HOUSING_KEY)), body=b"").raw())


async def chunks_too_large(house: House) -> Answer:
    """The chunk promises 16 MiB and only a little more than the limit is sent: it was cut off on the way."""
    draft = signed_by(chunked(EXAMPLE), Signer(HOUSING_KEY))
    return await house.send_raw(replace(draft, body=b"").raw(), then=b"1000000\r\n" + b" " * 65_537)


async def a_register_of_which_only_the_head_came(house: House) -> Answer:
    """An answer at all shows that the body was not waited for; the same head again is a replay, and logs nothing."""
    draft = signed_by(post("/v1/register", b"").saying("content-length", str(8 * 1024 * 1024)), WITH_A_BODY)
    before = await refusals(house)
    answer = await house.send(draft)
    assert (await house.send(draft)).json["code"] == "nonce-replayed"
    assert await refusals(house) == before + 1
    return answer


async def refusals(house: House) -> int:
    """How often somebody was refused what is the coordinator's, by the log."""
    async with house.broker.store.reader() as uow:
        entries = await uow.log.unsequenced(9_999)
    said = [json.loads(entry.encoded) for entry in entries if entry.encoded is not None]
    return len([one for one in said if (one["event"], one["rule"], one["agency"]) == ("steward", "N3", HOUSING)])


async def an_agency_that_was_refused_the_kind(house: House) -> Answer:
    draft = post("/v1/delegations", json.dumps({"note": "made up"}).encode())
    return await house.ask(draft)


ROWS: dict[str, tuple[str, int, Callable[[House], Awaitable[Answer]]]] = {
    "not signed": ("signature-missing", 401, lambda h: h.send(Draft())),
    "signed by another's key": ("signature-invalid", 401, lambda h: signed(h, Draft(), key=fixed_key(IDVA),
                                                                           keyid=HOUSING_KEY.verify_key.keyid)),
    "hostile signature bytes": ("field-invalid", 400, lambda h: h.send(Draft().adding(
        ("signature-input", "agency=\xff\xfe"), ("signature", "agency=::")))),
    "path not covered": ("signature-coverage", 401, lambda h: signed(h, Draft(), covered=ALWAYS[:2])),
    "officer's field not covered": ("signature-coverage", 401, lambda h: signed(
        h, Draft().adding(("marac-officer", OFFICER)), covered=ALWAYS)),
    "stale": ("signature-stale", 401, lambda h: h.send(
        signed_by(Draft(), Signer(HOUSING_KEY).at(NOW - timedelta(hours=1))))),
    "replayed": ("nonce-replayed", 401, a_replay),
    "the officer's nonce replayed": ("nonce-replayed", 401, an_officers_replay),
    "a field of ours twice": ("field-repeated", 400, lambda h: h.ask(
        Draft().adding(("marac-officer", OFFICER), ("marac-officer", OFFICER)))),
    "an unknown field of ours": ("field-invalid", 400, lambda h: h.ask(Draft().adding(("marac-rule", "off")))),
    "two hosts": ("field-repeated", 400, lambda h: h.ask(Draft().adding(("host", "other.example")))),
    "another host": ("authority-wrong", 421, lambda h: h.ask(Draft(lines=(("host", "127.0.0.1"),)))),
    "no digest": ("digest-missing", 400, lambda h: h.ask(EXAMPLE.without("content-digest"))),
    "another digest": ("digest-missing", 400, lambda h: h.ask(EXAMPLE.saying("content-digest", "md5=:AAAA:"))),
    "another body": ("digest-mismatch", 400, another_body),
    "an unknown key": ("key-unknown", 401, lambda h: h.ask(Draft(), fixed_key(HOUSING, 2))),
    "another agency's officer": ("officer-unknown", 403, lambda h: h.ask(
        Draft().adding(("marac-officer", OFFICER)), fixed_key(IDVA))),
    "another content type": ("content-type-wrong", 415, lambda h: h.ask(
        EXAMPLE.saying("content-type", "application/xml"))),
    "a length too large": ("too-large", 413, a_length_too_large),
    "chunks too large": ("too-large", 413, chunks_too_large),
    "no JSON": ("json-broken", 400, lambda h: body(h, "/v1/inbox/lease", b"{")),
    "JSON that is no UTF-8": ("json-broken", 400, lambda h: body(h, "/v1/inbox/lease", b'"\xff"')),
    "JSON with a byte order mark": ("json-broken", 400, lambda h: body(h, "/v1/inbox/lease", b"\xef\xbb\xbf" + LEASE)),
    "half a surrogate": ("json-broken", 400, lambda h: body(h, "/v1/revocations", b'{"note":"\\ud800"}')),
    "JSON without end": ("json-broken", 400, lambda h: body(h, "/v1/inbox/lease", b"[" * 60_000)),
    "a number without end": ("json-broken", 400, lambda h: body(h, "/v1/inbox/lease", b"9" * 60_000)),
    "not a number": ("json-broken", 400, lambda h: body(h, "/v1/inbox/lease", b'{"limit":NaN,"wait_s":0}')),
    "a name twice": ("json-broken", 400, lambda h: body(
        h, "/v1/inbox/lease", b'{"limit":1,"limit":2,"wait_s":0}')),
    "no body": ("json-broken", 400, lambda h: h.ask(Draft("POST", "/v1/inbox/lease"))),
    "an unknown member": ("json-invalid", 422, lambda h: body(
        h, "/v1/inbox/lease", b'{"limit":1,"wait_s":0,"Alex":1}')),
    "a member missing": ("json-invalid", 422, lambda h: body(h, "/v1/inbox/lease", b'{"limit":1}')),
    "a fraction": ("json-invalid", 422, lambda h: body(h, "/v1/inbox/lease", b'{"limit":1.0,"wait_s":0}')),
    "a number out of range": ("json-invalid", 422, lambda h: body(h, "/v1/inbox/lease", b'{"limit":101,"wait_s":0}')),
    "a list in place of an object": ("json-invalid", 422, lambda h: body(h, "/v1/referrals", b"[]")),
    "a recall in free words": ("json-invalid", 422, lambda h: body(
        h, f"/v1/messages/{draw_uuid7(NOW)}/recall", b'{"recipients":null,"reason":"He found out"}')),
    "a note that is none": ("note-invalid", 422, lambda h: body(
        h, "/v1/referrals", b'{"note":"made up","documents":{}}')),
    "no purpose": ("purpose-not-allowed", 403, lambda h: h.ask(
        Draft("POST", f"/v1/deliveries/{draw_uuid7(NOW)}/header").adding(("marac-officer", OFFICER)))),
    "no reader": ("officer-required", 403, lambda h: h.ask(
        Draft("POST", f"/v1/deliveries/{draw_uuid7(NOW)}/header").adding(("marac-purpose", "referral")))),
    "not the coordinator, with 8 MiB to come": ("act-not-allowed", 403, a_register_of_which_only_the_head_came),
    "not the coordinator": ("act-not-allowed", 403, an_agency_that_was_refused_the_kind),
    "no such message": ("not-available", 404, lambda h: h.ask(Draft(path=f"/v1/messages/{draw_uuid7(NOW)}"))),
    "no message's id": ("not-available", 404, lambda h: h.ask(Draft(path="/v1/messages/Alex%20Invented"))),
    "an unknown path": ("route-unknown", 404, lambda h: h.ask(Draft(path="/v2/register"))),
    "a path with a slash too many": ("route-unknown", 404, lambda h: h.ask(Draft(path="/v1/register/"))),
    "another method": ("method-not-allowed", 405, lambda h: h.ask(Draft("DELETE"))),
    "no HTTP": ("request-malformed", 400, lambda h: h.send_raw(b"\x16\x03\x01 made up\r\n\r\n")),
    "a head without end": ("request-malformed", 400, lambda h: h.send_raw(
        b"GET /v1/area HTTP/1.1\r\nx: " + b"a" * 40_000)),
    "a head of too many fields": ("request-malformed", 400, lambda h: h.send_raw(
        b"GET /v1/area HTTP/1.1\r\n" + b"x: a\r\n" * 9_000 + b"\r\n")),
    "a target that is no path": ("route-unknown", 404, lambda h: h.send_raw(b"OPTIONS * HTTP/1.1\r\n\r\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
async def test_each_refusal_has_its_code_and_its_status(house: House, name: str) -> None:
    code, status, act = ROWS[name]
    answer = await act(house)
    assert (answer.json["code"], answer.status, answer.json["status"]) == (code, status, status)
    assert answer.field("content-type") == "application/problem+json"
    assert answer.field("cache-control") == "no-store"
    row = CATALOGUE[code]
    assert (answer.json["title"], answer.json["retry"]) == (row.title, row.retry)
    assert str(answer.json["help"]).startswith(row.help)
    assert answer.json["type"] == f"https://{house.broker.settings.area}/errors/{code}"
    assert "Alex" not in answer.body.decode()


async def test_a_revoked_key_is_refused_from_the_next_request_on(own_house: House) -> None:
    assert (await own_house.ask(Draft())).status == 200
    await revoke(own_house.broker, HOUSING_KEY.verify_key.keyid)
    answer = await own_house.ask(Draft())
    assert (answer.status, answer.json["code"]) == (401, "key-revoked")


async def test_a_stale_signature_is_told_the_servers_time(own_house: House) -> None:
    own_house.clock.advance(timedelta(hours=1))
    answer = await own_house.send(signed_by(Draft(), Signer(HOUSING_KEY)))
    assert answer.json["server_time"] == "2026-11-22T10:30:00Z"


async def test_the_pointer_names_the_place_by_our_own_names_alone(house: House) -> None:
    for raw, pointer in (
        (b'{"limit":"1","wait_s":0}', "/limit"),
        (b'{"limit":1}', "/wait_s"),
        (b'{"limit":1,"wait_s":0,"Alex Invented":1}', ""),
    ):
        assert (await body(house, "/v1/inbox/lease", raw)).json["pointer"] == pointer
    answer = await body(house, "/v1/referrals", b'{"note":"","documents":{"Alex Invented":1}}')
    assert answer.json["pointer"] == "/documents"


async def test_a_body_in_chunks_is_as_good_as_one_with_a_length(house: House) -> None:
    whole = signed_by(EXAMPLE.without("content-length").adding(("transfer-encoding", "chunked")), Signer(HOUSING_KEY))
    answer = await house.send(replace(whole, body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(LEASE), LEASE)))
    assert (answer.status, answer.json) == (200, {"deliveries": [], "notices": []})


async def test_what_trails_a_chunked_body_is_not_among_the_fields(house: House) -> None:
    whole = signed_by(EXAMPLE.without("content-length").adding(("transfer-encoding", "chunked")), Signer(HOUSING_KEY))
    trailed = b"%x\r\n%s\r\n0\r\nmarac-officer: %s\r\n\r\n" % (len(LEASE), LEASE, OFFICER.encode())
    assert (await house.send(replace(whole, body=trailed))).status == 200


async def test_a_refused_nonce_is_not_spent(house: House) -> None:
    signer = Signer(HOUSING_KEY)
    assert (await house.send(signed_by(Draft(path="/v1/register"), replace(signer, covered=ALWAYS[:2])))).status == 401
    assert (await house.send(signed_by(Draft(path="/v1/register"), signer))).status == 200


async def test_one_nonce_of_two_keys_is_two_nonces(house: House) -> None:
    for party in (HOUSING, IDVA, COORDINATOR):
        signer = Signer(fixed_key(party), nonce="A" * 22)
        assert (await house.send(signed_by(Draft(), signer))).status == 200


@pytest.mark.parametrize("act", [
    lambda h: h.send(as_post(a_submission())),
    lambda h: body(h, "/v1/referrals", b"{}"),
    lambda h: h.ask(replace(as_post(a_submission()), method="PUT")),
    lambda h: h.ask(as_post(a_submission(fixed_key(IDVA)))),
])  # fmt: skip
async def test_every_refusal_of_a_submission_says_whom_to_call(
    house: House, act: Callable[[House], Awaitable[Answer]]
) -> None:
    answer = await act(house)
    assert answer.status >= 400
    assert str(answer.json["help"]).endswith(f" Coordinator: {TELEPHONE}. If life is in danger, call 999.")


async def test_other_refusals_do_not(house: House) -> None:
    assert TELEPHONE not in str((await house.send(Draft())).json["help"])


async def test_what_depends_on_a_case_is_one_answer_whatever_the_route(house: House) -> None:
    opening = (("marac-officer", OFFICER), ("marac-purpose", "referral"))
    coordinator = fixed_key(COORDINATOR)
    asked = [
        await house.ask(Draft(path=f"/v1/messages/{draw_uuid7(NOW)}")),
        await house.ask(Draft(path="/v1/messages/made-up")),
        await house.ask(Draft("POST", f"/v1/deliveries/{draw_uuid7(NOW)}/header").adding(*opening)),
        await house.ask(Draft("POST", "/v1/deliveries/made-up/header").adding(*opening)),
        await house.ask(post(f"/v1/deliveries/{draw_uuid7(NOW)}/receipt", b'{"note":"made up"}')),
        await house.ask(
            post(f"/v1/messages/{draw_uuid7(NOW)}/recall", b'{"recipients":null,"reason":"safety"}'), coordinator
        ),
        await house.ask(post("/v1/cases/CAM-00000-00000-0/exclusions", b'{"parties":[],"settled":[]}'), coordinator),
        await house.ask(post("/v1/cases/Alex/exclusions", b'{"parties":[],"settled":[]}'), coordinator),
    ]
    assert len({answer.apart_from_the_request_id() for answer in asked}) == 1
    assert asked[0].json["code"] == "not-available"
    assert len({answer.field("x-request-id") for answer in asked}) == len(asked)
