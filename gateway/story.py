"""What every step of the demo is told with: the members' kits, what earlier steps left, and what must hold."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit
from agencies.kit.opening import Opened
from agencies.kit.signing import RequestSigner
from agencies.kit.wire import Problem
from agencies.names import CaseRef, DeliveryId, MessageId
from agencies.notes.manifest import parse_manifest
from crypto import note as signed_note
from gateway.inprocess import InProcess
from gateway.made_up import AREA, MadeUpArea, MovableClock

WAIT_S = 20
LOOK_AGAIN_S = 0.1


class StepFailed(Exception):
    """A step of the demo did not hold; the text says which claim."""


@dataclass
class Story:
    """What the steps share: the area, its clock, and what earlier steps left."""

    area: MadeUpArea
    clock: MovableClock
    gateway: InProcess
    console: Console
    number: int = 0
    sent: list[Accepted] = field(default_factory=list)
    cases: list[CaseRef] = field(default_factory=list)
    deliveries: dict[tuple[str, str], DeliveryId] = field(default_factory=dict)

    @contextmanager
    def kit(self, short: str) -> Iterator[Kit]:
        """Yield the kit of a member."""
        with self.area.kit(short, self.clock) as kit:
            yield kit

    def tell(self, headline: str, *details: str) -> None:
        """Print a step that held, in a line or two."""
        self.number += 1
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right", width=2)
        grid.add_column(width=1)
        grid.add_column()
        grid.add_row(str(self.number), "[bold green]✓[/]", escape(headline))
        for detail in details:
            grid.add_row("", "", f"[dim]{escape(detail)}[/]")
        self.console.print(grid, highlight=False)


def hold(held: bool, claim: str) -> None:
    """Go on only if `held`. Raises StepFailed, which says what had to hold."""
    if not held:
        raise StepFailed(claim)


def refusal(act: Callable[[], object]) -> Problem:
    """Return the problem that the gateway answers `act` with."""
    try:
        act()
    except Problem as problem:
        return problem
    raise StepFailed("what must be refused is refused")


def ask(story: Story, short: str, message: MessageId) -> httpx2.Response:
    """Return the gateway's whole answer to a question about a message, signed by a member's own key."""
    keyring = story.area.members[short].keyring
    signer = RequestSigner(AREA, keyring.agency, keyring.officer, story.clock)
    return httpx2.get(f"{story.gateway.url}/v1/messages/{message}", auth=signer, trust_env=False)


def reader(kit: Kit) -> dict[str, str]:
    """Return the fields of a request that opens something."""
    return kit.fields(**{"marac-purpose": "referral"})


def pull(story: Story, short: str, count: int) -> dict[str, DeliveryId]:
    """Return the next `count` deliveries of a member by document, once they have all arrived and are saved."""
    arrived: dict[str, DeliveryId] = {}
    ends = time.monotonic() + WAIT_S
    with story.kit(short) as kit:
        while len(arrived) < count:
            hold(time.monotonic() < ends, f"the queue brings {count} deliveries to {short}")
            pulled = kit.pull(wait_s=2)
            hold(not pulled.failed, "every delivery passes its checks")
            arrived |= {_document(kit, delivery): delivery for delivery in pulled.saved}
    story.deliveries |= {(short, document): delivery for document, delivery in arrived.items()}
    return arrived


def _document(kit: Kit, delivery: DeliveryId) -> str:
    item = kit.inbox.item(delivery)
    hold(item is not None, "what was saved is in the inbox")
    return "" if item is None else parse_manifest(signed_note.text_of(kit.home.manifest(item.message))).document


def open_(story: Story, short: str, deliveries: Iterable[DeliveryId]) -> dict[str, Opened]:
    """Return what a member opened, by document."""
    with story.kit(short) as kit:
        opened = [kit.open(delivery) for delivery in deliveries]
    return {each.manifest.document: each for each in opened}


def await_(story: Story, condition: Callable[[], bool], claim: str) -> None:
    """Return once `condition` holds, the worker woken meanwhile. Raises StepFailed."""
    ends = time.monotonic() + WAIT_S
    while not condition():
        hold(time.monotonic() < ends, claim)
        story.gateway.wake()
        time.sleep(LOOK_AGAIN_S)


@contextmanager
def progress_bar(console: Console, text: str, total: int) -> Iterator[Callable[[str], None]]:
    """Yield a function that moves a progress bar one step on and renames it."""
    columns = (TextColumn("       {task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=total)
        yield lambda description: progress.update(task, advance=1, description=description)
