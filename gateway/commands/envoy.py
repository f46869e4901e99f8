"""The coordinator's kit as the office's way to the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager

from agencies.directory import Directory
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import load_keyring
from agencies.kit.wire import Unreachable
from agencies.register import Register
from gateway.commands.office import Office
from gateway.commands.outcome import Stopped, wall_clock


def current_directory(office: Office, opened: str) -> Directory:
    """Return who takes part and whose keys were revoked, as the gateway knows it now.

    Raises Stopped if the gateway does not answer; otherwise as `publish_register` does.
    """
    try:
        with _kit(office, opened) as kit:
            return kit.refresh()
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


@contextmanager
def _kit(office: Office, opened: str) -> Iterator[Kit]:
    home = Home.load(office.kit)
    with Kit(home, load_keyring(home, opened, wall_clock()), wall_clock) as kit:
        yield kit
