"""Keys, officers, agreements and registers that end: each holds from the next transaction on, and not backwards."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agencies import enrolment
from agencies.documents.exclusions import Exclusions
from agencies.isa import Isa
from agencies.kit.client import Kit, OfficerNotEntered
from agencies.kit.opening import Check, CheckFailed
from agencies.names import PartyId
from agencies.notes.party import parse_party
from agencies.notes.register import parse_register
from agencies.notes.revocation import Revocation
from crypto import note as signed_note
from crypto.keys import generate_signing_key
from tests.factories import a_referral, a_safe_contact
from tests.journeys.register import entries_of, publish, with_entry, with_note
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, World, refusal

A_SECOND = timedelta(seconds=1)  # notes tell time in whole ones: a revocation holds from the beginning of its second


def test_a_revoked_signing_key_is_refused_at_once_and_what_it_signed_before_still_verifies(world: World) -> None:
    world.refer()
    world.move(A_SECOND)
    kit = world.kit(SENDER)
    kit.revoke(kit.keyring.agency.verify_key.keyid, "lost")
    assert refusal(world.refer).code == "key-revoked"
    read = world.read(SERVICE, 2)
    assert read["referral"].submission.from_ == world.party(SENDER)


def test_a_header_made_for_a_recipient_that_is_revoked_since_is_never_released(world: World) -> None:
    world.refer()
    first, second = world.collect(SERVICE, 2).saved
    kit = world.kit(SERVICE)
    kit.open(first)
    kit.revoke(str(kit.keyring.identities[0].recipient()), "stolen")
    assert refusal(lambda: kit.open(second)).code == "recipient-revoked"
    assert world.logged(event="open", outcome="deny")["rule"] == "N14"
    world.refer()
    world.collect(SERVICE, 2)
    (third, *_) = (item.delivery for item in kit.inbox.items() if item.delivery not in {first, second})
    with pytest.raises(CheckFailed) as failed:
        kit.open(third)
    assert failed.value.check is Check.OPENS, "what comes later is sealed to the recovery key alone"


def test_the_registrar_may_revoke_for_an_agency_that_cannot(world: World) -> None:
    key = world.kit(SENDER).keyring.agency.verify_key.keyid
    coordinator = world.kit(COORDINATOR)
    by_registrar = replace(coordinator.keyring, agency=world.area.registrar)
    with Kit(coordinator.home, by_registrar, world.clock) as registrar:
        note = _revocation(registrar, key)
    coordinator.post("/v1/revocations", {"note": note})
    assert refusal(world.refer).code == "key-revoked"


def test_a_thief_cannot_make_a_stolen_key_irrevocable_with_a_revocation_of_its_own(embedded: World) -> None:
    kit = embedded.kit(SENDER)
    key = kit.keyring.agency.verify_key.keyid
    for days in (3650, -30):
        text = Revocation(kit.home.settings.area, key, START + timedelta(days=days), "lost").encode()
        note = signed_note.sign(text, [kit.keyring.agency])
        assert refusal(lambda note=note: kit.post("/v1/revocations", {"note": note})).code == "note-invalid"
    embedded.refer()
    slow = Revocation(kit.home.settings.area, key, embedded.clock() + timedelta(seconds=4), "lost").encode()
    kit.post("/v1/revocations", {"note": signed_note.sign(slow, [kit.keyring.agency])})
    coordinator = embedded.kit(COORDINATOR)
    now = Revocation(kit.home.settings.area, key, embedded.clock() - timedelta(hours=1), "stolen").encode()
    coordinator.post("/v1/revocations", {"note": signed_note.sign(now, [embedded.area.registrar])})
    assert refusal(embedded.refer).code == "key-revoked"


def test_a_thief_of_the_coordinator_s_key_cannot_stop_the_area(world: World) -> None:
    kit = world.kit(COORDINATOR)
    office = kit.refresh().register.party(world.party(COORDINATOR))
    assert office is not None
    working, recovery = (each.recipient for each in office.recipients)
    kit.revoke(working, "stolen")
    for last in (recovery, kit.keyring.agency.verify_key.keyid):
        assert refusal(lambda last=last: kit.revoke(last, "stolen")).code == "revocation-leaves-nobody"
    assert world.logged(event="revoke", outcome="deny")["rule"] == "revocation-leaves-nobody"
    world.refer()
    publish(world, entries_of(world))


def test_nobody_revokes_the_key_of_somebody_else(world: World) -> None:
    key = world.kit(SERVICE).keyring.agency.verify_key.keyid
    assert refusal(lambda: world.kit(SENDER).revoke(key, "mistake")).code == "note-invalid"
    world.refer()
    world.read(SERVICE, 2)


def test_an_officer_who_was_removed_is_refused_from_then_on(world: World) -> None:
    world.refer()
    (delivery, *_) = world.collect(SERVICE, 2).saved
    officer = world.area.members[SERVICE].entries[1]
    publish(world, with_entry(world, replace(officer, status="removed", until=START)))
    kit = world.kit(SERVICE)
    # The kit as it was, with the register that lists them still, is refused by the gateway.
    asked = {**kit.fields(), "marac-purpose": "referral"}
    assert asked["marac-officer"] == world.officer(SERVICE)
    assert refusal(lambda: kit.gateway.post(f"/v1/deliveries/{delivery}/header", None, asked)).code == "officer-unknown"
    with pytest.raises(OfficerNotEntered, match="no longer lists"):
        kit.open(delivery)


def test_a_register_in_which_an_officer_is_another_agency_s_is_refused_by_the_gateway_and_by_the_kit(
    world: World,
) -> None:
    """The registrar signed it without looking; the officer's own key signed the officer's note, as it must."""
    kit, coordinator = world.kit(SERVICE), world.kit(COORDINATOR)
    kit.refresh()
    note = _with_officer_moved(world, SERVICE, world.party(SENDER))
    assert refusal(lambda: coordinator.publish_register(note)).code == "register-conflict"
    held = kit.home.trust()
    assert held is not None
    with pytest.raises(CheckFailed, match="agency was changed") as failed:
        kit.home.keep_trust(replace(held, register=note))
    assert failed.value.check is Check.TRUST
    publish(world, entries_of(world))


def test_an_agency_that_was_removed_is_refused_and_what_it_sent_still_opens(world: World) -> None:
    world.refer()
    sender = world.area.members[SENDER].entries[0]
    publish(world, with_entry(world, replace(sender, status="removed", until=START)))
    assert refusal(world.refer).code == "party-not-active"
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}


def test_a_register_that_was_rolled_back_is_refused_by_the_gateway_and_by_the_kit(world: World) -> None:
    kit = world.kit(SENDER)
    kit.refresh()
    first = kit.home.trust()
    assert first is not None
    publish(world, with_entry(world, world.area.members["health"].entries[0]))
    kit.refresh()
    again = refusal(lambda: world.kit(COORDINATOR).publish_register(world.area.register))
    assert again.code == "register-conflict"
    with pytest.raises(CheckFailed) as failed:
        kit.home.keep_trust(first)
    assert failed.value.check is Check.TRUST
    assert kit.home.trust() != first


def test_a_register_that_the_registrar_did_not_sign_is_refused(world: World) -> None:
    forger = replace(world.area, registrar=generate_signing_key(world.area.registrar.name))
    note = forger.next_register(
        [entry for member in world.area.members.values() for entry in member.entries], world.area.register, START
    )
    assert refusal(lambda: world.kit(COORDINATOR).publish_register(note)).code == "note-invalid"


def test_an_agreement_that_lapses_stops_the_lease_and_the_opening_of_what_is_leased_already(world: World) -> None:
    ends = START + timedelta(hours=2)
    member = world.area.members[SERVICE]
    said = parse_party(signed_note.text_of(member.entries[0].note))
    isa: Isa = replace(world.area.isa, until=ends)
    lapsing = replace(said, isa=enrolment.sign_isa(isa, member.keyring.agency))
    publish(world, with_note(world, member.entries[0], enrolment.party_note(lapsing, member.keyring.agency)))
    world.refer()
    (delivery, *_) = world.collect(SERVICE, 2).saved
    world.arrived(world.refer())
    world.move(timedelta(hours=3))
    assert refusal(lambda: world.kit(SERVICE).lease(10, 0)).code == "isa-not-in-force"
    assert refusal(lambda: world.kit(SERVICE).open(delivery)).code == "isa-not-in-force"
    assert world.logged(event="lease", outcome="deny")["rule"] == "N2"
    assert len(world.read(COORDINATOR, 6)) == 3


def test_an_agency_whose_agreement_lapsed_may_still_revoke_its_stolen_key(embedded: World) -> None:
    kit = embedded.kit("harbour")
    kit.revoke(kit.keyring.agency.verify_key.keyid, "stolen")
    assert refusal(lambda: kit.lease(1, 0)).code == "key-revoked"
    assert embedded.logged(event="revoke", outcome="permit")["agency"] == embedded.party("harbour")


def test_who_has_not_signed_the_agreement_cannot_refer(embedded: World) -> None:
    submit = embedded.kit("harbour").submit_referral
    problem = refusal(lambda: submit(a_referral(), a_safe_contact(), Exclusions()))
    assert problem.code == "isa-not-in-force"
    assert "01632 960100" in problem.help
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "N2"


def _with_officer_moved(world: World, short: str, to: PartyId) -> str:
    """Return a second register in which a member's officer, who has a key, names another agency."""
    member, now = world.area.members[short], world.clock().replace(microsecond=0)
    own, entry = member.keyring.officer, member.entries[1]
    assert own is not None
    moved = replace(parse_party(signed_note.text_of(entry.note)), agency=to)
    entries = with_entry(world, replace(entry, note=enrolment.party_note(moved, own)))
    first = signed_note.text_of(world.area.register)
    text = replace(
        parse_register(first),
        number=2,
        previous=signed_note.hash_text(first),
        issued=now,
        entries=tuple(sorted(entries, key=lambda each: each.id)),
    )
    return signed_note.sign(text.encode(), [world.area.registrar])


def _revocation(kit: Kit, key: str) -> str:
    text = Revocation(kit.home.settings.area, key, kit.clock(), "lost").encode()
    return signed_note.sign(text, [kit.keyring.agency])
