"""The coordinator's laptop is stolen with all its keys: what waited opens with the recovery key, not for its thief."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

from agencies import enrolment
from agencies.kit.client import Kit
from agencies.kit.keyring import Keyring
from agencies.kit.pack import fetch_pack
from agencies.names import CaseRef, DeliveryId
from agencies.notes.party import parse_party
from crypto import note as signed_note
from crypto.keys import generate_signing_key
from tests.journeys.colleagues import session
from tests.journeys.register import publish, with_note
from tests.journeys.test_entered_at_the_gateway import revocation
from tests.journeys.test_shares import recovery_of
from tests.journeys.world import COORDINATOR, World, refusal

A_SECOND = timedelta(seconds=1)


def collected(world: World) -> tuple[CaseRef, list[DeliveryId]]:
    """Return a case whose referral the office has collected and not opened."""
    accepted = world.refer()
    world.arrived(accepted)
    return accepted[0].manifest.case, list(world.collect(COORDINATOR, 3).saved)


def revoke(world: World) -> None:
    """The office's working key is out of use since now."""
    kit = world.kit(COORDINATOR)
    kit.revoke(str(kit.keyring.identities[0].recipient()), "stolen")


def with_new_key(world: World) -> Keyring:
    """Return the office's keys with a new signing key, listed from now on, and with the recovery key from its safe."""
    now, entry = world.clock().replace(microsecond=0), world.area.members[COORDINATOR].entries[0]
    key, held = generate_signing_key(entry.id), world.kit(COORDINATOR).keyring
    said = enrolment.rotate_key(parse_party(signed_note.text_of(entry.note)), key, now)
    publish(world, with_note(world, entry, enrolment.party_note(said, held.agency)))
    return replace(held, agency=key, identities=(*held.identities, *recovery_of(world, COORDINATOR)))


def sitting(world: World, keys: Keyring) -> AbstractContextManager[Kit]:
    """Yield the office's kit with these keys."""
    return session(world, COORDINATOR, world.officer(COORDINATOR), keys)


def test_what_waited_opens_with_a_new_signing_key_and_the_recovery_key_and_is_an_incident(world: World) -> None:
    case, (first, *_) = collected(world)
    revoke(world)
    assert refusal(lambda: world.kit(COORDINATOR).open(first)).code == "recipient-revoked"
    denied = world.logged(event="open", outcome="deny")
    assert (denied["rule"], denied["proved"]) == ("N14", True)
    assert world.entries(event="incident") == []
    world.move(A_SECOND)
    with sitting(world, with_new_key(world)) as office:
        assert office.open(first).manifest.case == case
    incident = world.logged(event="incident")
    assert (incident["case"], incident["rule"]) == (case, "released-for-revoked-key")


def test_the_thief_s_signing_key_releases_nothing_after_the_new_one_is_listed_either(embedded: World) -> None:
    case, (first, *_) = collected(embedded)
    revoke(embedded)
    embedded.move(A_SECOND)
    keys = with_new_key(embedded)
    thief = replace(keys, agency=embedded.kit(COORDINATOR).keyring.agency)
    with sitting(embedded, thief) as office:
        assert refusal(lambda: office.open(first)).code == "recipient-revoked"
        assert refusal(lambda: fetch_pack(office, case)).code == "recipient-revoked"


def test_an_officer_of_the_office_who_does_not_sign_releases_nothing(embedded: World) -> None:
    _, (first, *_) = collected(embedded)
    revoke(embedded)
    embedded.move(A_SECOND)
    keys = with_new_key(embedded)
    with sitting(embedded, replace(keys, officer=None)) as office:
        assert refusal(lambda: office.open(first)).code == "recipient-revoked"


def test_a_signing_key_from_before_the_revocation_may_be_the_thief_s_and_one_more_is_not(embedded: World) -> None:
    _, (first, *_) = collected(embedded)
    keys = with_new_key(embedded)
    embedded.move(A_SECOND)
    with sitting(embedded, keys) as office:
        office.refresh()
        office.revoke(str(keys.identities[0].recipient()), "stolen")
        assert refusal(lambda: office.open(first)).code == "recipient-revoked"


def test_what_is_sealed_to_revoked_keys_alone_is_released_to_nobody(embedded: World) -> None:
    _, (first, *_) = collected(embedded)
    kit = embedded.kit(COORDINATOR)
    (recovery,) = recovery_of(embedded, COORDINATOR)
    revoke(embedded)
    kit.publish_revocation(revocation(embedded, str(recovery.recipient())))
    embedded.move(A_SECOND)
    with sitting(embedded, with_new_key(embedded)) as office:
        assert refusal(lambda: office.open(first)).code == "recipient-revoked"


def test_a_pack_of_what_is_for_a_revoked_key_too_is_for_the_office_alone_and_an_incident(embedded: World) -> None:
    case, _ = collected(embedded)
    revoke(embedded)
    embedded.move(A_SECOND)
    with sitting(embedded, with_new_key(embedded)) as office:
        assert len(fetch_pack(office, case).messages) == 3
    assert embedded.logged(event="incident")["case"] == case
