"""A kit's folder and inbox as they are, with every commit of the inbox told to Steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agencies.kit.home import Home, KitSettings
from agencies.kit.inbox import Inbox
from tests.journeys.kills.steps import Steps, outermost_in


class CountedInbox(Inbox):
    """An inbox whose transactions are durable steps, named by the method."""

    def __init__(self, path: Path, steps: Steps) -> None:
        super().__init__(path)
        self._steps = steps

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        label = outermost_in(Inbox.__module__)
        with super()._transaction():
            yield
            occurrence = self._steps.before(label)
        self._steps.after(label, occurrence)


class CountedHome(Home):
    """A folder whose inbox is counted; its files are counted by FileSteps."""

    def __init__(self, path: Path, settings: KitSettings, steps: Steps) -> None:
        super().__init__(path, settings)
        self._steps = steps

    def inbox(self) -> Inbox:
        return CountedInbox(self.path / "inbox.sqlite", self._steps)
