"""Further officers of a member, and sessions in which one of them, or nobody by name, works with its kit's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from agencies import enrolment
from agencies.agency import OFFICER_KIND, DatedKey, DatedRecipient
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import Keyring
from agencies.names import OfficerId, draw_officer_id
from agencies.notes.party import PartyNote
from agencies.notes.register import Entry
from crypto import age
from crypto.keys import SigningKey, generate_signing_key
from tests.journeys.register import entries_of, publish
from tests.journeys.world import World


def with_colleague(world: World, short: str) -> OfficerId:
    """Return a further officer of a member, for whom the agency speaks; the second register lists them."""
    officer = draw_officer_id(world.area.members[short].home.settings.area)
    _enter(world, short, PartyNote(id=officer, keys=(), recipients=(), **_said(world, short)))
    return officer


def with_keyed_colleague(world: World, short: str) -> tuple[OfficerId, Keyring]:
    """Return a further officer of a member, with keys of their own, and the folder's keys as they open them."""
    held, now = world.area.members[short].keyring, world.clock().replace(microsecond=0)
    officer = draw_officer_id(world.area.members[short].home.settings.area)
    key, working = generate_signing_key(officer), age.generate_identity()
    recipients = (DatedRecipient("working", str(working.recipient()), now, None),)
    keys = (DatedKey(key.verify_key, now, None),)
    _enter(world, short, PartyNote(id=officer, keys=keys, recipients=recipients, **_said(world, short)), key)
    return officer, replace(held, officer=key, identities=(held.identities[0], working))


@contextmanager
def session(world: World, short: str, officer: OfficerId | None, keyring: Keyring | None = None) -> Iterator[Kit]:
    """Yield a member's kit with this officer, or none, named and not proved but with a keyring of their own."""
    member = world.area.members[short]
    home = Home(member.home.path, replace(member.home.settings, officer=officer))
    keys = keyring or replace(member.keyring, officer=None)
    with Kit(home, keys, world.clock, pause=lambda _seconds: None) as kit:
        yield kit


def _said(world: World, short: str) -> dict[str, Any]:
    return {"kind": OFFICER_KIND, "name": "Officer", "agency": world.party(short), "roles": ("reader",)}


def _enter(world: World, short: str, said: PartyNote, signer: SigningKey | None = None) -> None:
    now, key = world.clock().replace(microsecond=0), signer or world.area.members[short].keyring.agency
    entry = Entry(said.id, "active", now, None, enrolment.party_note(said, key))
    publish(world, [*entries_of(world), entry])
