"""Worlds whose area sends notices: to a mail server and to a webhook's receiver that are really there."""

import email
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.policy import default
from pathlib import Path

from tests.journeys.conftest import MakeWorld
from tests.journeys.world import Stack, World
from tests.notices.mail_server import Mailbox, mail_server
from tests.notices.receiver import Received, receiver
from tests.notices.tls import certificate, serving

GAP = timedelta(minutes=30)  # the setting's own


@dataclass(frozen=True)
class Told:
    """A world, and what was told outside of it."""

    world: World
    mail: Mailbox
    posted: Received

    def set(self, *members: str) -> None:
        """These members are told by e-mail."""
        for short in members:
            self.world.kit(short).set_notices(mailbox(short), None)

    def at(self, short: str) -> int:
        """Return how many mails went to a member."""
        mails = [email.message_from_bytes(raw, policy=default) for raw in self.mail.mails]
        return sum(mail["To"] == mailbox(short) for mail in mails)

    def until(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds; the worker looks at once what is to be told."""

        def holds() -> bool:
            self.world.move(timedelta())
            return condition()

        self.world.until(holds, pause_s=0.2)

    @property
    def hook(self) -> str:
        """The receiver's address."""
        return f"https://127.0.0.1:{self.posted.port}/collect"


def mailbox(short: str) -> str:
    """Return a member's role mailbox."""
    return f"duty-desk@{short}.example"


def told_worlds(make_world: MakeWorld, folder: Path) -> Iterator[Callable[..., Told]]:
    """Yield how to make such a world on a stack, with further settings by name."""
    file = certificate(folder)
    with ExitStack() as closing:
        mail = closing.enter_context(mail_server(serving(file)))
        posted = closing.enter_context(receiver(serving(file)))

        def make(stack: Stack | None = None, **settings: str | int) -> Told:
            where: dict[str, str | int] = {
                "smtp_host": "127.0.0.1",
                "smtp_port": mail.port,
                "smtp_from": "office@notices.example",
                "webhooks": True,
                "webhook_networks": "127.0.0.0/8",
                "notices_ca": str(file),
            }
            return Told(make_world(stack, **{**where, **settings}), mail, posted)

        yield make
