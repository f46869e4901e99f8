"""A kit's folder, inbox and outbox as they are, with every commit of theirs told to Steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agencies.kit.database import Database
from agencies.kit.home import Home, KitSettings
from agencies.kit.inbox import Inbox
from agencies.kit.outbox import Outbox
from tests.journeys.kills.steps import Steps, outermost_in


class _Counted(Database):
    """A database whose transactions are durable steps, named by the method of `module` that makes them."""

    steps: Steps
    module: str

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        label = outermost_in(self.module)
        with super()._transaction():
            yield
            occurrence = self.steps.before(label)
        self.steps.after(label, occurrence)


class CountedInbox(_Counted, Inbox):
    """An inbox whose transactions are counted."""

    def __init__(self, path: Path, steps: Steps) -> None:
        super().__init__(path)
        self.steps, self.module = steps, Inbox.__module__


class CountedOutbox(_Counted, Outbox):
    """An outbox whose transactions are counted."""

    def __init__(self, path: Path, steps: Steps) -> None:
        super().__init__(path)
        self.steps, self.module = steps, Outbox.__module__


class CountedHome(Home):
    """A folder whose databases are counted; its files are counted by FileSteps."""

    def __init__(self, path: Path, settings: KitSettings, steps: Steps) -> None:
        super().__init__(path, settings)
        self._steps = steps

    def inbox(self) -> Inbox:
        return CountedInbox(self.path / "inbox.sqlite", self._steps)

    def outbox(self) -> Outbox:
        return CountedOutbox(self.path / "outbox.sqlite", self._steps)
