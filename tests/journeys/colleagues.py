"""Further officers of a member, and sessions in which one of them, or nobody by name, works with its kit's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from agencies import enrolment
from agencies.agency import OFFICER_KIND
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.names import OfficerId, draw_officer_id
from agencies.notes.party import PartyNote
from agencies.notes.register import Entry
from tests.journeys.register import entries_of, publish
from tests.journeys.world import World


def with_colleague(world: World, short: str) -> OfficerId:
    """Return a further officer of a member, for whom the agency speaks; the second register lists them."""
    member = world.area.members[short]
    officer = draw_officer_id(member.home.settings.area)
    said = PartyNote(
        id=officer,
        kind=OFFICER_KIND,
        name="Officer",
        keys=(),
        recipients=(),
        agency=world.party(short),
        roles=("reader",),
    )
    now = world.clock().replace(microsecond=0)
    entry = Entry(officer, "active", now, None, enrolment.party_note(said, member.keyring.agency))
    publish(world, [*entries_of(world), entry])
    return officer


@contextmanager
def session(world: World, short: str, officer: OfficerId | None) -> Iterator[Kit]:
    """Yield a member's kit with this officer, or none, named and not proved."""
    member = world.area.members[short]
    home = Home(member.home.path, replace(member.home.settings, officer=officer))
    with Kit(home, replace(member.keyring, officer=None), world.clock, pause=lambda _seconds: None) as kit:
        yield kit
