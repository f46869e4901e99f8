"""Need-to-know is asked as of each transaction, and what somebody may not have hides nothing from anybody else."""

import asyncio
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import asyncpg
import httpx2
import pytest

from agencies.kit.client import Lease
from agencies.kit.compose import Composed
from agencies.kit.signing import RequestSigner
from agencies.names import CaseRef
from agencies.notes.revocation import Revocation
from broker.errors import NoteRejected
from broker.need_to_know import Asker
from broker.ports import UnitOfWork
from broker.services.reading import Request
from broker.store import open_store
from broker.wiring import ServiceKeys, build_broker
from crypto import note as signed_note
from crypto.draw import draw_uuid7
from gateway.made_up import AREA
from tests.factories import the_documents
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.conftest import BeginOn, MakeWorld
from tests.journeys.forger import Forger
from tests.journeys.receipts import receipt_note
from tests.journeys.register import publish, with_entry
from tests.journeys.test_who_takes_part import A_SECOND
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, Stack, World
from tests.servers.postgres import PostgresServer

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SEALING_LOOKS = 5  # times at the clock, or oftener; what is asked before it looks once


def _revoked(world: World) -> None:
    world.kit(COORDINATOR).post("/v1/revocations", {"note": _revocation(world, SERVICE)})


def _removed(world: World) -> None:
    officer = world.area.members[SERVICE].entries[1]
    publish(world, with_entry(world, replace(officer, status="removed", until=START)))


@pytest.mark.parametrize("ended", [_revoked, _removed], ids=["the key is revoked", "the officer is removed"])
def test_what_ends_while_requests_are_under_way_ends_them_too_whatever_they_ask(
    embedded: World, ended: Callable[[World], None]
) -> None:
    accepted = embedded.refer(by=SERVICE)
    first, second = embedded.collect(SERVICE, 2).saved
    embedded.arrived(embedded.refer())
    kit = embedded.kit(SERVICE)
    (item,) = (item for item in kit.inbox.items() if item.delivery == second)
    composed = kit.prepare(the_documents())
    receipt = receipt_note(kit, second, item.message, kit.home.manifest(item.message), "opened")
    under_way = [
        _begun(embedded, "/v1/inbox/lease", b'{"limit":10,"wait_s":0}'),
        _begun(embedded, f"/v1/deliveries/{first}/header", b"{}"),
        _begun(embedded, f"/v1/deliveries/{second}/receipt", json.dumps({"note": receipt}).encode()),
        _begun(embedded, "/v1/referrals", composed.body(), composed.idempotency),
        _begun(
            embedded, f"/v1/messages/{accepted[0].manifest.message}/recall", b'{"recipients":null,"reason":"safety"}'
        ),
    ]
    embedded.move(A_SECOND)
    ended(embedded)
    assert [finish() for finish in under_way] == ["party-not-active"] * len(under_way)
    for event in ("lease", "open", "receipt", "submit", "recall"):
        assert embedded.logged(event=event, outcome="deny")["rule"] == "N1"


def test_a_long_poll_by_a_key_that_is_revoked_meanwhile_leases_nothing(embedded: World) -> None:
    with _polling(embedded, SERVICE, wait_s=4) as poll:
        embedded.move(A_SECOND)
        _revoked(embedded)
        embedded.arrived(embedded.refer())
        assert poll.result(30).deliveries == ()
    assert embedded.logged(event="lease", agency=embedded.party(SERVICE))["rule"] == "N1"


def test_a_key_that_is_revoked_while_its_referral_is_sealed_is_refused_at_the_commit(embedded: World) -> None:
    kit = embedded.kit(SENDER)
    composed = kit.prepare(the_documents())
    embedded.stop()
    asyncio.run(_revoked_before_the_commit(embedded, composed))
    embedded.start()
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "note-invalid"
    assert embedded.peek(_cases) == 0


def test_a_long_poll_delivers_at_once_a_referral_of_a_case_that_is_opened_while_it_waits(embedded: World) -> None:
    with _polling(embedded, SERVICE, wait_s=8) as poll:
        embedded.move(A_SECOND)
        accepted = embedded.refer()
        embedded.arrived(accepted)
        given = poll.result(5).deliveries
    assert {one.message for _, one in given} <= {one.manifest.message for one in accepted}
    assert given
    embedded.logged(event="lease", outcome="permit")
    assert embedded.entries(event="lease", outcome="deny") == []


@pytest.mark.parametrize("limit", [10, 1])
def test_an_agency_excluded_from_ten_cases_gets_the_eleventh_on_the_first_try(embedded: World, limit: int) -> None:
    excluded = [embedded.refer() for _ in range(10)]
    for accepted in excluded:
        embedded.arrived(accepted)
        embedded.kit(COORDINATOR).exclude(accepted[0].manifest.case, [embedded.party(SERVICE)])
    accepted = embedded.refer()
    embedded.arrived(accepted)
    given = {one.message for _, one in embedded.kit(SERVICE).lease(limit, 0).deliveries}
    assert len(given) == min(limit, 2)
    assert given <= {one.manifest.message for one in accepted}


def test_an_excluded_officer_hides_nothing_from_colleagues_and_who_names_no_officer_gets_nothing(
    embedded: World,
) -> None:
    colleague = with_colleague(embedded, SERVICE)
    accepted = embedded.refer()
    embedded.arrived(accepted)
    embedded.kit(COORDINATOR).exclude(accepted[0].manifest.case, [embedded.officer(SERVICE)])
    assert embedded.gets_nothing(SERVICE)
    with session(embedded, SERVICE, None) as nameless:
        assert nameless.lease(10, 0).deliveries == ()
    with session(embedded, SERVICE, colleague) as kit:
        assert len(kit.lease(10, 0).deliveries) == 2


def test_who_names_no_officer_gets_what_excludes_none_of_theirs(embedded: World) -> None:
    accepted = embedded.refer()
    embedded.arrived(accepted)
    embedded.kit(COORDINATOR).exclude(accepted[0].manifest.case, [embedded.officer("health")])
    with session(embedded, SERVICE, None) as nameless:
        assert len(nameless.lease(10, 0).deliveries) == 2


@pytest.mark.servers
def test_a_lease_waits_for_an_exclusion_under_way_and_then_gives_nothing_of_that_case(
    postgres_server: PostgresServer, begun_on: BeginOn, make_world: MakeWorld
) -> None:
    url = begun_on(postgres_server)
    world = make_world(Stack(database_url=url))
    accepted = world.refer()
    world.arrived(accepted)
    kit = world.kit(SERVICE)
    with ThreadPoolExecutor() as threads:
        given = asyncio.run(
            _excluded_under_the_lock(world, accepted[0].manifest.case, threads, lambda: kit.lease(10, 0))
        )
    assert given.deliveries == ()
    assert world.logged(event="lease", outcome="deny")["rule"] == "N8"
    world.close()
    postgres_server.drop_database(url)


def _revocation(world: World, short: str) -> str:
    """Return a revocation of a member's signing key as of now, signed by the registrar."""
    key = world.area.members[short].keyring.agency.verify_key.keyid
    text = Revocation(AREA, key, world.clock(), "stolen").encode()
    return signed_note.sign(text, [world.area.registrar])


def _begun(world: World, path: str, body: bytes, idempotency: str | None = None) -> Callable[[], str]:
    """Return how to finish a request of the service's, whose signatures the gateway has checked: it waits for the body.

    Finishing returns the problem's code, or `done`.
    """
    fields = {
        "content-type": "application/json",
        "idempotency-key": idempotency or draw_uuid7(world.clock()),
        "marac-officer": world.officer(SERVICE),
        "marac-purpose": "referral",
    }
    keyring = world.kit(SERVICE).keyring
    signer = RequestSigner(AREA, keyring.agency, keyring.officer, world.clock)
    request = next(signer.auth_flow(httpx2.Request("POST", f"http://{AREA}{path}", headers=fields, content=body)))
    connection = http.client.HTTPConnection("127.0.0.1", world.settings.port, timeout=30)
    connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.putheader("expect", "100-continue")
    connection.endheaders()
    assert connection.sock.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE
    connection.send(body[:1])

    def finish() -> str:
        try:
            connection.send(body[1:])
            answer = connection.getresponse()
            said = answer.read()
            return "done" if answer.status < http.client.BAD_REQUEST else str(json.loads(said)["code"])
        finally:
            connection.close()

    return finish


@contextmanager
def _polling(world: World, short: str, wait_s: int) -> Iterator[Future[Lease]]:
    """Yield what a member's long poll will have brought; it is under way."""
    kit, database = world.kit(short), Forger(world)
    keyid = kit.keyring.agency.verify_key.keyid

    def spent() -> object:
        return database.value("SELECT count(*) FROM nonces WHERE keyid = ?", keyid)

    before = spent()
    with ThreadPoolExecutor(max_workers=1) as thread:
        poll = thread.submit(lambda: kit.lease(10, wait_s))
        world.until(lambda: spent() != before, pause_s=0.01)
        yield poll


async def _revoked_before_the_commit(world: World, composed: Composed) -> None:
    """Submit while somebody else's unit has the turn to write; in that unit the sender's key is revoked."""
    looks: list[datetime] = []
    sealing = asyncio.Event()

    def clock() -> datetime:
        looks.append(world.clock())
        if len(looks) == SEALING_LOOKS:
            sealing.set()
        return looks[-1]

    keys = ServiceKeys(world.area.gateway, world.area.log, world.area.index)
    broker = await build_broker(world.settings, clock, keys, clock_is_injected=True)
    try:
        key = world.area.members[SENDER].keyring.agency.verify_key.keyid
        party = (await broker.directory()).register.party(world.party(SENDER))
        assert party is not None
        asker = Asker(party, world.officer(SENDER), False, None, world.clock(), (key,))
        world.move(A_SECOND)
        request = Request("referral", composed.note, composed.documents, composed.idempotency)
        async with broker.store.unit() as uow:
            looks.clear()
            submitted = asyncio.create_task(broker.submit(request, asker))
            async with asyncio.timeout(30):
                await sealing.wait()  # sealing yields to nobody: when this goes on, the turn is asked for
            await uow.trust.add_revocation(key, _revocation(world, SENDER), world.clock())
            await uow.commit()
        with pytest.raises(NoteRejected):
            await submitted
    finally:
        await broker.close()


async def _excluded_under_the_lock(
    world: World, case: CaseRef, threads: ThreadPoolExecutor, lease: Callable[[], Lease]
) -> Lease:
    """Return what `lease` gave, which was begun under the lock of an exclusion that was committed while it waited."""
    store = open_store(world.settings.database)
    watching = await asyncpg.connect(world.settings.database.replace("+asyncpg", ""), timeout=10)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    try:
        async with store.unit() as uow:
            assert await uow.cases.lock(case) is not None
            given = asyncio.get_running_loop().run_in_executor(threads, lease)
            while not await watching.fetchval(waits):
                assert not given.done(), "it did not wait"
            await uow.cases.exclude(case, [world.party(SERVICE)])
            await uow.commit()
        return await given
    finally:
        await watching.close()
        await store.close()


async def _cases(uow: UnitOfWork) -> int:
    return await uow.cases.count()
