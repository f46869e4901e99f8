"""Keys that end while the kit waits: a late delegation loses no referral, a receipt is signed anew, memory is kept."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agencies import enrolment
from agencies.area import DELEGATION_LIFE
from agencies.directory import Directory
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.inbox import State
from agencies.kit.keyring import Keyring
from agencies.kit.opening import Check, CheckFailed
from agencies.kit.wire import Unreachable
from agencies.names import DeliveryId
from agencies.notes.receipt import parse_receipt
from agencies.notes.register import Entry
from agencies.register import draft_register
from crypto import note
from crypto.keys import SigningKey
from tests.agencies.kit_world.area import OFFICERS, RunningArea, entries, running_area
from tests.agencies.made_area import AREA, COORDINATOR, HOUSING, IDVA, fixed_identity, fixed_key, made_area, said_by
from tests.factories import a_referral, a_safe_contact, exclusions

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def area(tmp_path: Path) -> Iterator[RunningArea]:
    with running_area(tmp_path) as running:
        yield running


def refer(area: RunningArea) -> None:
    with area.kit(HOUSING) as housing:
        assert len(housing.submit_referral(a_referral(), a_safe_contact(), exclusions())) == 3


def pulled(kit: Kit) -> DeliveryId:
    """Pull until something came: the relay works beside us."""
    for _ in range(20):
        found = kit.pull(wait_s=5)
        assert found.failed == ()
        if found.saved:
            return found.saved[0]
    raise AssertionError("nothing came")


def publish(area: RunningArea, entered: list[Entry], current: Directory) -> None:
    text = draft_register(current.register, AREA, entered, area.clock())
    with area.kit(COORDINATOR) as office:
        office.publish_register(note.sign(text, [made_area().registrar]))


def idva_signs_with(area: RunningArea, new: SigningKey) -> None:
    """The register lists the IDVA service's new key, and its old one is revoked."""
    said = enrolment.rotate_key(said_by(IDVA), new, area.clock())
    changed = [
        replace(entry, note=enrolment.party_note(said, fixed_key(IDVA))) if entry.id == IDVA else entry
        for entry in entries()
    ]
    with area.kit(IDVA) as idva:
        publish(area, changed, idva.refresh())
        idva.revoke(fixed_key(IDVA).verify_key.keyid, "lost")


def with_key(home: Home, key: SigningKey, area: RunningArea) -> Kit:
    keyring = Keyring(key, fixed_key(OFFICERS[IDVA]), (fixed_identity(IDVA, "working"),))
    return Kit(home, keyring, area.clock, area.pauses.append)


def answered_while_cut_off(area: RunningArea) -> DeliveryId:
    """A recall was answered where no gateway was to be reached: its receipt waits, signed by the key of then."""
    refer(area)
    with area.kit(IDVA) as idva, area.kit(HOUSING) as housing:
        delivery = pulled(idva)
        message = idva.open(delivery).manifest.message
        housing.recall(message, None, "safety")
        assert idva.pull(wait_s=5).notices
    with area.kit(IDVA, NOBODY) as cut_off, suppress(Unreachable):
        cut_off.answer_recall(delivery)
    return delivery


def test_a_receipt_that_waited_while_its_key_ended_is_signed_anew_and_arrives(area: RunningArea) -> None:
    delivery = answered_while_cut_off(area)
    new = fixed_key(IDVA, 2)
    with area.kit(IDVA) as idva:
        (waiting,) = idva.pending()
    area.clock.at += timedelta(seconds=1)
    idva_signs_with(area, new)
    with with_key(area.home(IDVA), new, area) as idva:
        idva.send_receipts()
        assert (list(idva.pending()), idva.given_up) == ([], [])
        (row,) = idva.inbox._sql.execute("SELECT note FROM receipts WHERE state = 'destroyed'").fetchall()
        resigned = str(row[0])
        assert note.text_of(resigned) == note.text_of(waiting.note)
        assert resigned != waiting.note
        assert parse_receipt(note.text_of(resigned)).delivery == delivery
        # The gateway has the answer, so it asks no more.
        assert idva.pull().notices == ()


def test_a_receipt_refused_even_when_signed_anew_is_given_up_and_named(area: RunningArea) -> None:
    delivery = answered_while_cut_off(area)
    with area.kit(IDVA) as idva:
        idva.keyring = replace(idva.keyring, agency=fixed_key(IDVA, 9))  # signs notes with what no register lists
        (waiting,) = idva.pending()
        idva.inbox.renew(delivery, "destroyed", note.sign(note.text_of(waiting.note), [fixed_key(IDVA, 9)]))
        idva.send_receipts()
        assert [(one.delivery, one.state) for one in idva.given_up] == [(delivery, "destroyed")]
        item = idva.inbox.item(delivery)
        assert item is not None
        assert item.state is State.DESTROYED


def test_a_delegation_that_is_late_keeps_no_referral_from_being_read(area: RunningArea) -> None:
    area.clock.at += DELEGATION_LIFE + timedelta(days=30)
    refer(area)
    with area.kit(IDVA) as idva:
        opened = idva.open(pulled(idva))
        assert opened.manifest.accepted == area.clock.at
        assert idva.directory().area.is_expired(area.clock())
        # A register of that time, such as one that removes somebody, is believed as well.
        publish(area, list(entries()), idva.refresh())
        assert idva.refresh().register.number == 2


def test_what_is_read_again_is_judged_by_what_is_known_of_who_opened_the_case(area: RunningArea) -> None:
    refer(area)
    with area.kit(IDVA) as idva:
        delivery = pulled(idva)
        opened = idva.open(delivery)
        assert idva.read_again(delivery) == opened
        idva.inbox._sql.execute("UPDATE cases SET submission = ?", (note.hash_text("another submission\n"),))
        with pytest.raises(CheckFailed) as failed:
            idva.read_again(delivery)
        assert failed.value.check is Check.NOTES_AGREE
