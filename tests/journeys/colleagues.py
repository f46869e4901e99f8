"""Further officers of a member, and sessions in which one of them, or nobody by name, works with its kit's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from agencies import enrolment
from agencies.agency import OFFICER_KIND, DatedKey, DatedRecipient
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import Keyring
from agencies.names import OfficerId, PartyId, draw_officer_id, office_id
from agencies.notes.party import PartyNote
from agencies.notes.register import Entry
from crypto import age
from crypto.keys import SigningKey, generate_signing_key
from tests.journeys.register import entries_of, publish
from tests.journeys.world import World


def with_colleague(world: World, short: str) -> OfficerId:
    """Return a further officer of a member, for whom the agency speaks; the second register lists them."""
    said = _said(world, short, None, None)
    _enter(world, (said, world.area.members[short].keyring.agency))
    return OfficerId(said.id)


def with_keyed_colleague(world: World, short: str) -> tuple[OfficerId, Keyring]:
    """Return a further officer of a member, with keys of their own, and the folder's keys as they open them."""
    held, key, working = world.area.members[short].keyring, _drawn_key(world, short), age.generate_identity()
    _enter(world, (_said(world, short, key, working), key))
    return OfficerId(key.name), replace(held, officer=key, identities=(held.identities[0], working))


def with_keyed_colleagues(world: World, short: str, count: int) -> list[OfficerId]:
    """Return further officers of a member, with keys that nobody has."""
    keys = [_drawn_key(world, short) for _ in range(count)]
    _enter(world, *((_said(world, short, key, age.generate_identity()), key) for key in keys))
    return [OfficerId(key.name) for key in keys]


@contextmanager
def session(world: World, short: str, officer: OfficerId | None, keyring: Keyring | None = None) -> Iterator[Kit]:
    """Yield a member's kit with this officer, or none, named and not proved but with a keyring of their own."""
    member = world.area.members[short]
    home = Home(member.home.path, replace(member.home.settings, officer=officer))
    keys = keyring or replace(member.keyring, officer=None)
    with Kit(home, keys, world.clock, pause=lambda _seconds: None) as kit:
        yield kit


def _drawn_key(world: World, short: str) -> SigningKey:
    return generate_signing_key(draw_officer_id(world.area.members[short].home.settings.area))


def _said(world: World, short: str, key: SigningKey | None, working: age.Identity | None) -> PartyNote:
    now, area = world.clock().replace(microsecond=0), world.area.members[short].home.settings.area
    return PartyNote(
        id=OfficerId(key.name) if key else draw_officer_id(area),
        kind=OFFICER_KIND,
        name="Officer",
        keys=(DatedKey(key.verify_key, now, None),) if key else (),
        recipients=(DatedRecipient("working", str(working.recipient()), now, None),) if working else (),
        agency=world.party(short),
        roles=("reader",),
    )


def _enter(world: World, *officers: tuple[PartyNote, SigningKey]) -> None:
    """The second register lists these officers too, each by a note that its key signed."""
    now = world.clock().replace(microsecond=0)
    entries = [Entry(said.id, "active", now, None, enrolment.party_note(said, key)) for said, key in officers]
    publish(world, [*entries_of(world), *entries])


def with_chairs(world: World, count: int) -> list[PartyId]:
    """Return so many chairs of meetings; the second register lists them, each with an agreement of its own."""
    now, area, made = world.clock().replace(microsecond=0), world.settings.area, []
    for number in range(1, count + 1):
        chair = office_id(area, f"chair-{number}")
        key, recipients = generate_signing_key(chair), [age.generate_identity().recipient() for _ in range(2)]
        said = PartyNote(
            id=chair,
            kind="chair",
            name=f"Chair {number}",
            isa=enrolment.sign_isa(world.area.isa, key),
            keys=(DatedKey(key.verify_key, now, None),),
            recipients=tuple(
                DatedRecipient(use, str(each), now, None)
                for use, each in zip(("working", "recovery"), recipients, strict=True)
            ),
        )
        made.append((said, key))
    _enter(world, *made)
    return [PartyId(said.id) for said, _ in made]
