"""The coordinator's kit as the office's way to the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from agencies.directory import Directory
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import load_keyring
from agencies.kit.wire import Problem, Unreachable
from agencies.notes.revocation import Revocation
from agencies.register import Register
from agencies.revocations import Revocations
from gateway.commands.office import Office
from gateway.commands.outcome import Stopped, wall_clock

CUT_OFF: Final = frozenset({"key-revoked", "key-unknown", "party-not-active"})
"""What the gateway answers an office whose own key, or whose own entry, it does not take any more."""


def current_directory(office: Office, opened: str, party: str) -> Directory:
    """Return who takes part and whose keys were revoked, as the gateway knows it now.

        party  whose note is to be judged by it: the office that is cut off may still renew its own entry

    Raises Stopped if the gateway does not answer; otherwise as `publish_register` does.
    """
    try:
        with _kit(office, opened) as kit:
            try:
                return kit.refresh()
            except Problem as problem:
                if problem.code not in CUT_OFF or party != kit.home.settings.party:
                    raise
                return _vouching_for_nothing(office, party)
    except Unreachable:
        raise Stopped(
            "the gateway did not answer, so it is not known whose keys were revoked: nothing was changed",
            "check that it runs, and its address in the office's kit/kit.json; then run it again",
        ) from None


def publish_register(office: Office, register: Register, opened: str) -> None:
    """The gateway has this register; one that it has already is not sent again.

        opened  the passphrase of the office's keys

    Raises Problem, Unreachable, BadAnswer; CheckFailed if the gateway serves what must not be trusted.
    """
    with _kit(office, opened) as kit:
        if kit.refresh().register.hash != register.hash:
            kit.publish_register(register.note)
        kit.refresh()


def publish_revocation(office: Office, note: str, opened: str) -> None:
    """The gateway has this revocation. Raises as `publish_register` does."""
    with _kit(office, opened) as kit:
        kit.publish_revocation(note)


def is_in_force(office: Office, register: Register, opened: str) -> bool:
    """Return whether this is the newest register at the gateway. Raises as `publish_register` does."""
    with _kit(office, opened) as kit:
        return kit.refresh().register.hash == register.hash


def publish_delegation(office: Office, note: str, opened: str) -> None:
    """The gateway has this delegation; one that it has already is not sent again.

    Raises as `publish_register` does.
    """
    with _kit(office, opened) as kit:
        kit.refresh()
        held = kit.home.trust()
        if held is None or note not in held.delegations:
            kit.publish_delegation(note)
        kit.refresh()


def _vouching_for_nothing(office: Office, party: str) -> Directory:
    """Return who takes part as this office last signed it, with every key of its own out of use.

    Which of them was revoked the gateway does not tell whom it cuts off. Taken as revoked, none vouches for a new
    one: that needs the telephone call and the proof.
    """
    area, register = office.area(), office.register()
    owner = register.party(party)
    revocations = Revocations()
    for key in owner.keys if owner else ():
        revocations = revocations.adding(Revocation(area.name, key.verify_key.keyid, key.since, "other"))
    return Directory(area, register, revocations)


@contextmanager
def _kit(office: Office, opened: str) -> Iterator[Kit]:
    home = Home.load(office.kit)
    with Kit(home, load_keyring(home, opened, wall_clock()), wall_clock) as kit:
        yield kit
