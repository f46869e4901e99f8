"""An office without any key left: what its registrar signed is entered at the gateway, and referrals go on."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from agencies import enrolment
from agencies.agency import DatedRecipient
from agencies.directory import Directory
from agencies.kit.client import Kit
from agencies.names import DeliveryId
from agencies.notes.party import parse_party
from agencies.notes.revocation import Revocation
from broker.errors import BrokerError, NoteRejected, RegisterConflict
from broker.wiring import ServiceKeys, build_broker
from crypto import age
from crypto import note as signed_note
from crypto.keys import SigningKey, generate_signing_key
from tests.journeys.register import entries_of, with_entry, with_note
from tests.journeys.world import COORDINATOR, SENDER, World, refusal

A_SECOND = timedelta(seconds=1)


def enter(world: World, *notes: str) -> Directory:
    """Return what holds after `marac area enter-register`, beside the gateway that runs."""

    async def once() -> Directory:
        keys = ServiceKeys(world.area.gateway, world.area.log, world.area.index)
        broker = await build_broker(world.settings, world.clock, keys, clock_is_injected=True)
        try:
            return await broker.enter(notes)
        finally:
            await broker.close()

    return asyncio.run(once())


def revocation(world: World, key: str, signer: SigningKey | None = None) -> str:
    text = Revocation(world.area.members[SENDER].home.settings.area, key, world.clock(), "stolen").encode()
    return signed_note.sign(text, [signer or world.area.registrar])


def keys_of_the_office(world: World) -> Sequence[str]:
    """Its recipients, then its signing key."""
    party = world.kit(COORDINATOR).refresh().register.party(world.party(COORDINATOR))
    assert party is not None
    return [*(each.recipient for each in party.recipients), *(each.verify_key.keyid for each in party.keys)]


def register_with(world: World, key: SigningKey, working: age.Identity, recovery: age.Identity) -> str:
    """Return the registrar's next register, in which the office has these keys beside its old ones."""
    now, entry = world.clock().replace(microsecond=0), world.area.members[COORDINATOR].entries[0]
    said = enrolment.rotate_key(parse_party(signed_note.text_of(entry.note)), key, now)
    said = enrolment.rotate_recipient(said, working.recipient(), now)
    said = replace(
        said, recipients=(*said.recipients, DatedRecipient("recovery", str(recovery.recipient()), now, None))
    )
    entries = with_note(world, entry, enrolment.party_note(said, key))
    return world.area.next_register(entries, world.area.register, now)


def test_an_office_that_lost_every_key_takes_referrals_again_with_the_register_entered(world: World) -> None:
    for key in keys_of_the_office(world):
        world.kit(SENDER).publish_revocation(revocation(world, key))
    world.move(A_SECOND)
    assert refusal(world.refer).code == "nobody-to-receive"
    assert refusal(lambda: world.kit(COORDINATOR).publish_register(world.area.register)).code == "key-revoked"

    new, working, recovery = (
        generate_signing_key(world.party(COORDINATOR)), age.generate_identity(), age.generate_identity(),
    )  # fmt: skip
    assert enter(world, register_with(world, new, working, recovery)).register.number == 2

    accepted = world.refer()
    member = world.area.members[COORDINATOR]
    keyring = replace(member.keyring, agency=new, identities=(working,))
    with Kit(member.home, keyring, world.clock, pause=lambda _seconds: None) as office:
        saved: list[DeliveryId] = []

        def everything_came() -> bool:
            saved.extend(office.pull(wait_s=2).saved)
            return len(saved) == len(accepted)

        world.until(everything_came)
        documents = {office.open(delivery).manifest.document for delivery in saved}
        assert documents == {one.manifest.document for one in accepted}
        office.publish_register(
            world.area.next_register(
                office.directory().register.entries, office.directory().register.note, world.clock()
            )
        )


def test_what_is_entered_is_in_the_log_as_nobody_s_request(embedded: World) -> None:
    key = embedded.kit(SENDER).keyring.agency.verify_key.keyid
    now = embedded.clock().replace(microsecond=0)
    following = embedded.area.next_register(entries_of(embedded), embedded.area.register, now)
    assert enter(embedded, revocation(embedded, key), following).is_revoked(key, now + A_SECOND)
    for event in ("steward", "revoke"):
        entry = embedded.logged(event=event, rule="entered-at-gateway")
        assert (entry["agency"], entry["outcome"], entry["register"]) == (None, "permit", 2)
    embedded.move(A_SECOND)
    assert refusal(embedded.refer).code == "key-revoked"


def test_of_what_is_entered_everything_holds_or_nothing(embedded: World) -> None:
    now, key = embedded.clock().replace(microsecond=0), embedded.kit(SENDER).keyring.agency
    following = embedded.area.next_register(entries_of(embedded), embedded.area.register, now)
    mine = replace(embedded.area, registrar=generate_signing_key(embedded.area.registrar.name))
    removed = replace(embedded.area.members[SENDER].entries[0], status="removed", until=now)
    forged = mine.next_register(with_entry(embedded, removed), embedded.area.register, now)
    by_a_thief = revocation(embedded, keys_of_the_office(embedded)[0], signer=key)
    last = [
        revocation(embedded, each, embedded.kit(COORDINATOR).keyring.agency)
        for each in keys_of_the_office(embedded)[:2]
    ]
    refused: list[tuple[tuple[str, ...], type[BrokerError], str]] = [
        ((forged,), NoteRejected, "note-invalid"),
        ((following, by_a_thief), NoteRejected, "note-invalid"),
        ((following, "no note"), NoteRejected, "note-invalid"),
        ((embedded.area.register,), RegisterConflict, "register-conflict"),
        ((following, *last), BrokerError, "revocation-leaves-nobody"),
    ]
    for notes, kind, code in refused:
        with pytest.raises(kind) as failed:
            enter(embedded, *notes)
        assert failed.value.code == code
    held = embedded.kit(SENDER).refresh()
    assert held.register.number == 1
    assert not held.revocations.names(key.verify_key.keyid)
    assert embedded.entries(rule="entered-at-gateway") == []
    embedded.refer()
