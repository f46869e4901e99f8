"""The kit against a real gateway: the whole way of a message, and what goes wrong on it."""

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agencies.kit.acceptance import Accepted
from agencies.kit.client import AlreadyShown, Kit
from agencies.kit.export import EntryAltered, verify_export
from agencies.kit.home import NotSaved
from agencies.kit.inbox import State
from agencies.kit.recalls import TakenBack
from agencies.kit.wire import Problem, Unreachable
from agencies.names import DeliveryId
from agencies.notes.receipt import parse_receipt
from crypto import age, note
from tests.agencies.kit_world.area import RunningArea, running_area
from tests.agencies.kit_world.sealing import DOCUMENTS
from tests.agencies.made_area import AREA, COORDINATOR, HOUSING, IDVA, OFFICER, fixed_identity, made_area
from tests.factories import a_referral, a_safe_contact, exclusions


@pytest.fixture
def area(tmp_path: Path) -> Iterator[RunningArea]:
    with running_area(tmp_path) as running:
        yield running


def refer(area: RunningArea) -> list[Accepted]:
    with area.kit(HOUSING) as housing:
        return housing.submit_referral(a_referral(), a_safe_contact(), exclusions())


def pulled(kit: Kit, at_least: int) -> list[DeliveryId]:
    """Pull until so many deliveries came: the relay works beside us."""
    saved: list[DeliveryId] = []
    for _ in range(20):
        saved += kit.pull(wait_s=5).saved
        if len(saved) >= at_least:
            break
    return saved


def test_a_referral_goes_from_housing_to_the_idva_and_is_shown_once(area: RunningArea) -> None:
    sent = refer(area)
    assert [one.manifest.document for one in sent] == ["referral", "safe-contact", "exclusions"]
    with area.kit(IDVA) as idva:
        saved = pulled(idva, 2)
        opened = [idva.open(delivery) for delivery in saved]
        assert {one.manifest.document for one in opened} == {"referral", "safe-contact"}
        assert all(one.proved and one.submission.officer == OFFICER for one in opened)
        assert {type(one.document()) for one in opened} == {
            type(DOCUMENTS["referral"]),
            type(DOCUMENTS["safe-contact"]),
        }
        with pytest.raises(AlreadyShown):
            idva.open(saved[0])
        assert idva.read_again(saved[0]).text == opened[0].text
        assert idva.pending() == []
    with area.kit(HOUSING) as housing:
        assert housing.status(opened[0].manifest.message) in {"waiting", "collected"}


def test_a_saved_delivery_is_a_plain_age_file_and_nothing_is_readable_by_others(area: RunningArea) -> None:
    refer(area)
    with area.kit(IDVA) as idva:
        delivery = pulled(idva, 2)[0]
        message = idva.open(delivery).manifest.message
        content = age.decrypt(idva.home.age_file(message), [fixed_identity(IDVA, "working")])
        assert b"Invented" in content or b"safe" in content
        with pytest.raises(NotSaved):
            idva.home.payload(message)
        files = [path for path in idva.home.path.rglob("*") if path.is_file()]
        assert files
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_the_same_composed_submission_gets_the_same_manifests(area: RunningArea) -> None:
    with area.kit(HOUSING) as housing:
        composed = housing.prepare(DOCUMENTS)
        assert housing.submit(composed) == housing.submit(composed)


def test_the_same_id_with_another_note_is_a_problem_that_says_what_to_do(area: RunningArea) -> None:
    with area.kit(HOUSING) as housing:
        composed = housing.prepare(DOCUMENTS)
        housing.submit(composed)
        text = note.text_of(composed.note).replace("09:30:00Z", "09:29:59Z")
        other = replace(composed, note=note.sign(text, housing.keyring.author(housing.home.settings).keys))
        with pytest.raises(Problem) as refused:
            housing.submit(other)
        assert refused.value.code == "idempotency-conflict"
        assert "fresh id" in refused.value.help


def test_a_gateway_that_is_not_there_is_tried_again_and_then_said_to_be_unreachable(area: RunningArea) -> None:
    refused = "http://127.0.0.1:1"
    with area.kit(HOUSING) as housing:
        housing.refresh()
        composed = housing.prepare(DOCUMENTS)
    with area.kit(HOUSING, refused) as cut_off, pytest.raises(Unreachable):
        cut_off.submit(composed)
    assert area.pauses == [0.5, 2.0]
    with area.kit(HOUSING) as housing:
        assert len(housing.submit(composed)) == 3


def test_a_recalled_message_that_was_opened_is_noticed_destroyed_and_confirmed(area: RunningArea) -> None:
    sent = refer(area)
    with area.kit(IDVA) as idva, area.kit(HOUSING) as housing:
        saved = pulled(idva, 2)
        message = idva.open(saved[0]).manifest.message
        assert message in {one.manifest.message for one in sent}
        assert housing.recall(message, None, "wrong-recipient") == "recalled"
        (recall,) = idva.pull(wait_s=5).notices
        assert (recall.delivery, recall.reason) == (saved[0], "wrong-recipient")
        with pytest.raises(TakenBack):
            idva.open(saved[0])
        idva.answer_recall(saved[0])
        with pytest.raises(NotSaved):
            idva.home.age_file(message)
        assert idva.pending() == []
        item = idva.inbox.item(saved[0])
        assert item is not None
        assert item.state is State.DESTROYED
        assert idva.pull().notices == ()


def test_a_message_recalled_before_it_was_opened_is_no_longer_to_be_had(area: RunningArea) -> None:
    refer(area)
    with area.kit(IDVA) as idva, area.kit(HOUSING) as housing:
        saved = pulled(idva, 2)
        item = idva.inbox.item(saved[0])
        assert item is not None
        housing.recall(item.message, None, "sent-in-error")
        with pytest.raises(Problem) as refused:
            idva.open(saved[0])
        assert refused.value.code == "not-available"


def test_an_opened_receipt_names_the_officer_as_proved(area: RunningArea) -> None:
    refer(area)
    with area.kit(IDVA) as idva:
        saved = pulled(idva, 2)[0]
        idva.open(saved)
        rows = idva.inbox._sql.execute("SELECT note FROM receipts WHERE state = 'opened'").fetchall()
        receipt = parse_receipt(note.text_of(rows[0][0]))
        assert receipt.proved
        assert receipt.delivery == saved


def test_the_log_is_exported_and_verified_offline_and_one_changed_byte_names_the_entry(area: RunningArea) -> None:
    refer(area)
    path = area.folder / "log.jsonl"
    with area.kit(COORDINATOR) as office:
        pulled(office, 3)
        assert office.export_log(path) > 1
        keys = office.directory().area.log_keys(area.clock())
    lines = path.read_text().splitlines(keepends=True)
    assert verify_export(lines, keys, f"{AREA}/log").size == len(lines) - 1
    lines[2] = lines[2].replace("submit", "sUbmit").replace("lease", "lEase")
    with pytest.raises(EntryAltered) as altered:
        verify_export(lines, keys, f"{AREA}/log")
    assert altered.value.index == 1
    with area.kit(HOUSING) as housing, pytest.raises(Problem, match="Not for this agency"):
        housing.export_log(area.folder / "not-ours.jsonl")
    assert not (area.folder / "not-ours.jsonl").exists()


def test_the_coordinator_settles_an_exclusion_and_housing_may_not(area: RunningArea) -> None:
    case = refer(area)[0].manifest.case
    with area.kit(COORDINATOR) as office:
        office.exclude(case, [HOUSING])
        office.exclude(case, [], lift=[HOUSING, IDVA])
        assert office.tombstones() == []
    with area.kit(HOUSING) as housing, pytest.raises(Problem):
        housing.exclude(case, [IDVA])


def test_a_key_that_revoked_itself_signs_nothing_more(area: RunningArea) -> None:
    with area.kit(HOUSING) as housing:
        housing.revoke(housing.keyring.agency.verify_key.keyid, "lost")
        with pytest.raises(Problem) as refused:
            housing.submit_referral(a_referral(), a_safe_contact(), exclusions())
        assert refused.value.code == "key-revoked"


def test_what_is_sent_goes_out_under_the_areas_own_name(area: RunningArea) -> None:
    assert made_area().area.name not in area.url
    assert refer(area)
