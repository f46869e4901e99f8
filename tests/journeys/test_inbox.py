"""Leases, receipts and what is shown: nothing is lost where an agency stumbles, nothing is shown twice."""

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agencies import enrolment
from agencies.agency import DatedRecipient
from agencies.kit.client import AlreadyShown, Kit
from agencies.kit.inbox import State
from agencies.names import DeliveryId
from agencies.notes.party import parse_party
from agencies.sealed import parse_sealed
from broker.ports import UnitOfWork
from crypto import age
from crypto import note as signed_note
from tests.journeys.conftest import MakeWorld
from tests.journeys.receipts import receipt_note, send_receipt
from tests.journeys.register import publish, with_note
from tests.journeys.world import COORDINATOR, SERVICE, START, World, refusal


def test_what_is_not_receipted_comes_again_once_the_lease_has_ended_and_not_before(world: World) -> None:
    world.arrived(world.refer())
    kit = world.kit(SERVICE)
    first = kit.lease(10, 5)
    assert len(first.deliveries) == 2
    assert kit.lease(10, 0).deliveries == ()
    world.move(timedelta(seconds=world.settings.lease_s + 1))
    again = kit.lease(10, 5)
    assert {delivery for delivery, _ in again.deliveries} == {delivery for delivery, _ in first.deliveries}
    world.move(timedelta(seconds=world.settings.lease_s + 1))
    world.collect(SERVICE, 2)
    world.move(timedelta(seconds=world.settings.lease_s + 1))
    assert world.gets_nothing(SERVICE)


def test_a_message_is_shown_once_and_its_receipts_are_kept_once(world: World) -> None:
    world.refer()
    (delivery, *_) = world.collect(SERVICE, 2).saved
    world.kit(SERVICE).open(delivery)
    with pytest.raises(AlreadyShown):
        world.kit(SERVICE).open(delivery)
    member = world.area.members[SERVICE]
    with Kit(member.home, member.keyring, world.clock) as another, pytest.raises(AlreadyShown):
        another.open(delivery)
    assert world.kit(SERVICE).inbox.item(delivery).state is State.SHOWN
    assert world.kit(SERVICE).pending() == []
    assert _receipts(world, delivery) == ("collected", "opened")
    assert len(world.entries(event="open", outcome="permit")) == 1


def test_the_same_receipt_twice_changes_nothing_and_one_out_of_its_order_is_refused_and_logged(world: World) -> None:
    world.arrived(world.refer())
    kit = world.kit(SERVICE)
    (delivery, given), _ = kit.lease(10, 5).deliveries
    opened, collected = (
        receipt_note(kit, delivery, given.message, given.manifest, state) for state in ("opened", "collected")
    )
    assert refusal(lambda: send_receipt(kit, delivery, opened)).code == "receipt-out-of-order"
    for _ in range(2):
        send_receipt(kit, delivery, collected)
    assert _receipts(world, delivery) == ("collected",)
    assert world.logged(event="receipt", outcome="deny")["rule"] == "receipt-out-of-order"


def test_the_reader_is_named_in_the_log_as_proved_or_as_asserted(world: World) -> None:
    world.refer()
    world.read(SERVICE, 2)
    opened = world.logged(event="open", agency=world.party(SERVICE))
    assert (opened["officer"], opened["proved"], opened["purpose"]) == (world.officer(SERVICE), True, "referral")
    assert world.logged(event="submit")["proved"] is False


@pytest.mark.servers
def test_a_delivery_saved_to_the_disk_opens_with_debian_s_age(
    make_world: MakeWorld, age_program: Path, tmp_path: Path
) -> None:
    world = make_world(allow_classical=1)
    identity = _becomes_classical(world, SERVICE)
    world.refer()
    kit = world.kit(SERVICE)
    (delivery, *_) = world.collect(SERVICE, 2).saved
    opened = kit.open(delivery)
    assert opened.manifest.suite == "classical"
    key_file, saved = tmp_path / "identity.txt", tmp_path / "saved.age"
    key_file.write_text(f"{identity.encode()}\n")
    saved.write_bytes(kit.home.age_file(opened.manifest.message))
    command = [str(age_program), "-d", "-i", str(key_file), str(saved)]
    plaintext = subprocess.run(command, check=True, capture_output=True).stdout
    document, note = parse_sealed(plaintext)
    assert document == opened.text
    assert signed_note.hash_text(signed_note.text_of(note)) == opened.manifest.submission


def _becomes_classical(world: World, short: str) -> age.Identity:
    """Return the working identity of a member that has X25519 keys alone from now on, as the register says."""
    member = world.area.members[short]
    said = parse_party(signed_note.text_of(member.entries[0].note))
    working, recovery = age.generate_identity("classical"), age.generate_identity("classical")
    recipients = (
        DatedRecipient("working", str(working.recipient()), START, None),
        DatedRecipient("recovery", str(recovery.recipient()), START, None),
    )
    note = enrolment.party_note(replace(said, recipients=recipients), member.keyring.agency)
    publish(world, with_note(world, member.entries[0], note))
    world.area.members[short] = replace(member, keyring=replace(member.keyring, identities=(working,)))
    return working


def _receipts(world: World, delivery: DeliveryId) -> tuple[str, ...]:
    async def look(uow: UnitOfWork) -> tuple[str, ...]:
        found = await uow.messages.delivery(delivery)
        return () if found is None else found.receipts

    return world.peek(look)


def test_the_coordinator_reads_again_from_its_own_disk_and_the_log_hears_nothing_of_it(embedded: World) -> None:
    embedded.refer()
    (delivery, *_) = embedded.collect(COORDINATOR, 3).saved
    opened = embedded.kit(COORDINATOR).open(delivery)
    before = len(embedded.entries(event="open"))
    assert embedded.kit(COORDINATOR).read_again(delivery) == opened
    assert len(embedded.entries(event="open")) == before
