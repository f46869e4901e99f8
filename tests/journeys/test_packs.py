"""The pack: all that an agency may hold of a case, one stream, one document; and nothing of what it may not."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agencies.kit.client import Kit, NoOfficer
from agencies.kit.home import Home
from agencies.kit.inbox import State
from agencies.kit.opening import Check, CheckFailed
from agencies.kit.pack import Pack, fetch_pack
from agencies.kit.pack_page import page_of
from agencies.kit.wire import BadAnswer
from agencies.names import CaseRef, draw_case_ref
from agencies.notes.manifest import parse_manifest
from agencies.notes.pack import MAX_BYTES, MAX_PACKED_BYTES, TYPE, PackItem, parse_pack
from agencies.tar import END, encode_member, read_members
from broker.errors import Refused
from broker.need_to_know import Asker as BrokerAsker
from broker.wiring import ServiceKeys, build_broker
from crypto import age
from crypto import note as signed_note
from gateway.made_up import PREFIX
from tests.journeys.colleagues import session
from tests.journeys.forger import Forger
from tests.journeys.stranger import STRANGER, Asker
from tests.journeys.test_case_messages import HEALTH, a_case, a_note, send
from tests.journeys.test_shares import joined, message_of, share
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal


def a_joined_case(world: World, *documents: str) -> CaseRef:
    """Return a case that health joined, with these documents of it shared."""
    case = a_case(world)
    joined(world, case)
    share(world, case, HEALTH, *documents)
    return case


def pack(world: World, short: str, case: CaseRef) -> Pack:
    return fetch_pack(world.kit(short), case)


def documents(packed: Pack) -> list[str]:
    return [one.manifest.document for one in packed.messages]


def streamed(world: World, short: str, case: CaseRef) -> dict[str, bytes]:
    """Return the files of a pack, as they came."""
    kit = world.kit(short)
    fields = kit.fields(**{"marac-purpose": "referral"})
    return dict(read_members(kit.gateway.parts(f"/v1/cases/{case}/pack", fields)))


def test_a_newcomer_gets_the_pack_and_each_release_is_in_the_log(world: World) -> None:
    case = a_joined_case(world, "referral")
    assert documents(pack(world, HEALTH, case)) == ["referral"]
    assert world.logged(event="open", outcome="permit")["agency"] == world.party(HEALTH)
    (item,) = world.kit(HEALTH).inbox.items()
    assert item.state is State.SHOWN
    theirs = [row for row in world.kit(COORDINATOR).holdings(case) if row.recipient == world.party(HEALTH)]
    assert [row.state for row in theirs] == ["collected"]
    held = world.peek(lambda uow: uow.messages.glance(item.delivery))
    assert held is not None
    assert held.receipts == ("collected", "opened")
    assert world.kit(HEALTH).read_again(item.delivery).manifest.document == "referral"


def test_every_file_of_a_pack_is_a_plain_age_file_beside_its_manifest_under_a_signed_index(world: World) -> None:
    case = a_joined_case(world, "referral", "safe-contact")
    files = streamed(world, HEALTH, case)
    index = files.pop("index.note").decode()
    gateway = world.area.gateway.verify_key
    stated = parse_pack(signed_note.verify(index, [gateway], TYPE, MAX_BYTES).text)
    assert (stated.case, stated.for_, stated.officer) == (case, world.party(HEALTH), world.officer(HEALTH))
    assert list(files) == [f"{item.message}.{end}" for item in stated.items for end in ("age", "manifest")]
    for item in stated.items:
        file = files[f"{item.message}.age"]
        assert signed_note.hash_bytes(file) == item.file
        assert signed_note.hash_text(files[f"{item.message}.manifest"].decode()) == item.manifest
        assert age.decrypt(file, world.kit(HEALTH).keyring.identities).startswith(b'{"document":')


def test_who_is_excluded_gets_the_same_bytes_as_for_no_such_case(world: World) -> None:
    assert STRANGER == HEALTH
    case = a_joined_case(world, "referral")
    world.kit(COORDINATOR).exclude(case, [world.party(HEALTH)])
    asker = Asker(world)
    with asker.client:
        answers = {asker.ask(asker.get(f"/v1/cases/{one}/pack"))[1] for one in (case, draw_case_ref(PREFIX), "none")}
    assert len(answers) == 1
    assert b'"not-available"' in answers.pop()[2]
    assert world.logged(event="open", outcome="deny", case=case)["rule"] == "N8"


def test_an_excluded_officer_gets_nothing_and_a_colleague_does(embedded: World) -> None:
    case = a_joined_case(embedded, "referral")
    embedded.kit(COORDINATOR).exclude(case, [embedded.officer(HEALTH)])
    assert refusal(lambda: pack(embedded, HEALTH, case)).code == "not-available"
    embedded.kit(COORDINATOR).exclude(case, [], lift=[embedded.officer(HEALTH)])
    assert documents(pack(embedded, HEALTH, case)) == ["referral"]


def test_after_its_part_ended_nothing_is_left_to_pack(world: World) -> None:
    case = a_joined_case(world, "referral")
    assert documents(pack(world, HEALTH, case)) == ["referral"]
    world.kit(COORDINATOR).relate(case, world.party(HEALTH), "ended", "no-longer-involved")
    assert refusal(lambda: pack(world, HEALTH, case)).code == "not-available"


def test_what_is_refused_is_absent_and_the_rest_comes(embedded: World) -> None:
    case = a_case(embedded)
    joined(embedded, case)
    share(embedded, case, HEALTH, "referral")
    accepted = send(embedded, SERVICE, "case-note", a_note(embedded, HEALTH), case)
    embedded.kit(SERVICE).recall(accepted.manifest.message, None, "inaccurate")
    assert documents(pack(embedded, HEALTH, case)) == ["referral"]
    assert embedded.logged(event="open", outcome="deny")["rule"] == "N14"


def test_a_case_of_which_one_holds_nothing_has_no_pack(embedded: World) -> None:
    case = a_case(embedded)
    assert refusal(lambda: pack(embedded, HEALTH, case)).code == "not-available"
    joined(embedded, case)
    assert refusal(lambda: pack(embedded, HEALTH, case)).code == "not-available"
    with session(embedded, SERVICE, None) as unnamed, pytest.raises(NoOfficer):
        fetch_pack(unnamed, case)
    fields = {"marac-purpose": "referral"}
    problem = refusal(lambda: list(world_parts(embedded, case, fields)))
    assert problem.code == "officer-required"


def world_parts(world: World, case: CaseRef, fields: dict[str, str]) -> list[bytes]:
    return list(world.kit(SERVICE).gateway.parts(f"/v1/cases/{case}/pack", fields))


def test_two_kits_of_one_agency_both_get_the_pack(embedded: World, tmp_path: Path) -> None:
    case = a_joined_case(embedded, "referral")
    member = embedded.area.members[HEALTH]
    copy = shutil.copytree(member.home.path, tmp_path / "second")
    assert documents(pack(embedded, HEALTH, case)) == ["referral"]
    with Kit(Home.load(copy), member.keyring, embedded.clock, pause=lambda _seconds: None) as second:
        assert [one.manifest.document for one in fetch_pack(second, case).messages] == ["referral"]
        assert second.inbox.opener_of(case) is not None, "another referral that says it opened the case is refused"
        assert second.inbox.items() == [], "it was collected by the other: there is no delivery to receipt"


def test_a_message_read_before_is_in_the_pack_too_and_stays_shown_once(embedded: World) -> None:
    case = a_joined_case(embedded, "referral", "safe-contact")
    first, _ = embedded.collect(HEALTH, 2).saved
    embedded.kit(HEALTH).open(first)
    assert sorted(documents(pack(embedded, HEALTH, case))) == ["referral", "safe-contact"]
    assert {item.state for item in embedded.kit(HEALTH).inbox.items()} == {State.SHOWN}
    assert embedded.gets_nothing(HEALTH)


def test_a_stream_that_broke_off_after_the_commit_heals_when_it_is_asked_again(world: World) -> None:
    case = a_joined_case(world, "referral")
    kit = world.kit(HEALTH)
    parts = kit.gateway.parts(f"/v1/cases/{case}/pack", kit.fields(**{"marac-purpose": "referral"}))
    next(iter(parts))
    del parts  # the connection is gone, and the kit has nothing
    world.until(lambda: len(world.entries(event="open", outcome="permit", agency=world.party(HEALTH))) == 1)
    assert documents(pack(world, HEALTH, case)) == ["referral"]
    assert len(world.entries(event="open", outcome="permit", agency=world.party(HEALTH))) == 2


def test_an_exclusion_breaks_off_a_pack_that_is_under_way(embedded: World) -> None:
    case = a_joined_case(embedded, "referral", "safe-contact")
    health = embedded.party(HEALTH)

    async def read_while_excluded() -> list[bytes]:
        keys = ServiceKeys(embedded.area.gateway, embedded.area.log, embedded.area.index)
        broker = await build_broker(embedded.settings, embedded.clock, keys, clock_is_injected=True)
        try:
            party = (await broker.directory()).register.party(health)
            assert party is not None
            asker = BrokerAsker(party, embedded.officer(HEALTH), False, "referral", embedded.clock())
            got = []
            async for part in await broker.pack(case, asker):
                got.append(part)
                if len(got) == 1:  # the index: the files are still to come
                    async with broker.store.unit() as uow:
                        await uow.cases.exclude(case, [health])
                        await uow.commit()
            return got
        finally:
            await broker.close()

    with pytest.raises(Refused):
        asyncio.run(read_while_excluded())
    assert embedded.logged(event="open", outcome="deny")["rule"] == "N8"


def _swapped(files: dict[str, bytes], end: str) -> dict[str, bytes]:
    names = [name for name in files if name.endswith(end)]
    return {**files, names[0]: files[names[1]]}


def test_a_pack_that_was_changed_on_its_way_is_not_believed_and_nothing_of_it_is_kept(embedded: World) -> None:
    case = a_joined_case(embedded, "referral", "safe-contact")
    files = streamed(embedded, HEALTH, case)
    kit = embedded.kit(HEALTH)
    other = {**files, "index.note": streamed(embedded, COORDINATOR, case)["index.note"]}
    for changed, check in (
        (_swapped(files, ".age"), Check.PAYLOAD),
        (_swapped(files, ".manifest"), Check.PAYLOAD),
        ({**files, "index.note": files["index.note"].replace(b"\nat 2026", b"\nat 2027")}, Check.MANIFEST_SIGNATURE),
        (other, Check.MANIFEST_SIGNATURE),
    ):
        with pytest.raises(CheckFailed) as failed:
            fetch_pack(_given(kit, changed), case)
        assert failed.value.check is check
    for broken in (dict(list(files.items())[:-1]), {**files, "more": b""}):
        with pytest.raises((BadAnswer, CheckFailed)):
            fetch_pack(_given(kit, broken), case)
    assert {item.state for item in kit.inbox.items()} <= {State.SAVED, State.COLLECTED}


class _Given:
    """A gateway that answers a pack with these files, and all else as the real one."""

    def __init__(self, gateway: object, files: dict[str, bytes]) -> None:
        self._gateway = gateway
        self._files = files

    def parts(self, _path: str, _fields: object) -> list[bytes]:
        return [*(encode_member(*file) for file in self._files.items()), END]

    def __getattr__(self, name: str) -> object:
        return getattr(self._gateway, name)


def _given(kit: Kit, files: dict[str, bytes]) -> Kit:
    inner = kit.gateway._gateway if isinstance(kit.gateway, _Given) else kit.gateway
    kit.gateway = _Given(inner, files)  # type: ignore[assignment]
    return kit


def test_a_pack_in_which_two_submissions_open_the_case_is_not_believed(embedded: World) -> None:
    case, other = (a_joined_case(embedded, "referral") for _ in range(2))
    kit, files = embedded.kit(HEALTH), streamed(embedded, HEALTH, case)
    theirs = streamed(embedded, HEALTH, other)
    gateway = embedded.area.gateway
    (name,) = (name for name in theirs if name.endswith(".manifest"))
    moved = replace(parse_manifest(signed_note.text_of(theirs[name].decode())), case=case)
    manifest = signed_note.sign(moved.encode(), [gateway])
    file = theirs[name.replace(".manifest", ".age")]
    stated = parse_pack(signed_note.text_of(files["index.note"].decode(), MAX_BYTES))
    item = PackItem(moved.message, signed_note.hash_bytes(file), signed_note.hash_text(manifest))
    index = signed_note.sign(replace(stated, items=(*stated.items, item)).encode(), [gateway], MAX_BYTES)
    added = {f"{moved.message}.age": file, f"{moved.message}.manifest": manifest.encode()}
    with pytest.raises(CheckFailed) as failed:
        fetch_pack(_given(kit, {**files, **added, "index.note": index.encode()}), case)
    assert failed.value.check is Check.NOTES_AGREE
    assert {item.state for item in kit.inbox.items()} <= {State.SAVED, State.COLLECTED}
    assert kit.inbox.opener_of(case) is None


def test_what_failed_a_check_before_the_pack_is_told_with_it(embedded: World) -> None:
    case, other = (a_joined_case(embedded, "referral") for _ in range(2))
    forger = Forger(embedded)
    forger.serves(message_of(embedded, other, "referral"), b"another payload")
    packed = pack(embedded, HEALTH, case)
    assert [error.check for _, error in packed.failed] == [Check.PAYLOAD]
    assert documents(packed) == ["referral"]


def test_a_pack_that_would_be_too_large_is_refused_before_anything_of_it_is_released(embedded: World) -> None:
    case = a_joined_case(embedded, "referral")
    forger = Forger(embedded)
    forger.execute("UPDATE messages SET payload_length = ?", MAX_PACKED_BYTES)
    assert refusal(lambda: pack(embedded, HEALTH, case)).code == "pack-too-large"
    assert embedded.logged(event="open", outcome="deny")["rule"] == "pack-too-large"
    assert embedded.entries(event="open", outcome="permit", agency=embedded.party(HEALTH)) == []


def test_the_page_says_everything_once_escaped_and_who_opened_it_when(embedded: World) -> None:
    case = a_joined_case(embedded, "referral", "safe-contact")
    packed = pack(embedded, HEALTH, case)
    page = page_of(packed)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en-GB">')
    assert page.count("<h1>") == 1
    assert page.count("<h2>") == len(packed.messages) == 2
    for proved, word in ((False, "asserted"), (True, "proved")):
        shown = page_of(replace(packed, proved=proved))
        assert shown.count(f"opened by {embedded.officer(HEALTH)} ({word})") == 2
        assert f"({word}: " in shown.partition("<section>")[0]
    assert "SAFE CONTACT" in page
    assert "http://" not in page.replace(packed.index.area, "")
    assert "<script" not in page
    referral = next(one for one in packed.messages if one.manifest.document == "referral")
    nasty = replace(referral, text=referral.text.replace("Alex Invented", "<b>Alex</b> & Co"))
    shown = page_of(replace(packed, messages=(nasty,)))
    assert "&lt;b&gt;Alex&lt;/b&gt; &amp; Co" in shown
    assert "<b>" not in shown


def test_a_pack_is_proved_where_the_log_says_so(embedded: World) -> None:
    case = a_joined_case(embedded, "referral")
    for short in (HEALTH, SERVICE):
        packed = pack(embedded, short, case)
        assert packed.proved is embedded.logged(event="open", outcome="permit", agency=embedded.party(short))["proved"]
        assert packed.proved is (short == SERVICE), "health's officer has no key of their own"


def test_a_sender_who_holds_nothing_has_no_pack_of_its_own_referral(embedded: World) -> None:
    case = a_case(embedded)
    assert refusal(lambda: pack(embedded, SENDER, case)).code == "not-available"
