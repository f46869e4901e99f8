"""`marac demo`: the whole way of a message with made-up people, each step driven by another agency's key."""

import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agencies.area import fingerprint
from agencies.kit import forms
from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit
from agencies.kit.export import EntryAltered, verify_export
from agencies.kit.opening import Opened
from agencies.kit.signing import RequestSigner
from agencies.kit.wire import Problem
from agencies.names import DeliveryId, MessageId
from agencies.notes.manifest import parse_manifest
from agencies.notes.tombstone import TYPE as TOMBSTONE
from agencies.notes.tombstone import case_commitment, parse_tombstone
from crypto import note as signed_note
from crypto.draw import draw_uuid7
from crypto.keys import VerifyKey
from gateway.inprocess import InProcess, begin, made_up_settings, serving
from gateway.logs import configure_logs
from gateway.made_up import AREA, CAST, MadeUpArea, MovableClock, found

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
WAIT_S = 20
LOOK_AGAIN_S = 0.1
_REQUEST_ID = re.compile(rb'"request_id":"[^"]+"')


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


def run(*, sandbox: Callable[[Console], None] | None = None) -> int:
    """Tell the story and return 0 if every step held, else 1.

    sandbox  goes on afterwards, if the story held
    """
    folder = Path(tempfile.mkdtemp(prefix="marac-demo-"))
    console = Console()
    try:
        _run(folder, console)
    except StepFailed as failed:
        console.print(f"[bold red] ✗ did not hold:[/] {failed}", highlight=False)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if sandbox is not None:
        sandbox(console)
    return 0


def _run(folder: Path, console: Console) -> None:
    with (folder / "gateway.log").open("w", encoding="utf-8") as log:
        configure_logs(log)
        clock, port = MovableClock(START, time.monotonic), _free_port()
        with _progress(console, "Keys for", len(CAST)) as advance:
            area = found(folder, f"http://127.0.0.1:{port}", clock(), lambda role: advance(f"Keys for {role.name}"))
        settings = made_up_settings(area, folder / "gateway", port)
        settings.home.mkdir()
        begin(settings, area, clock())
        with serving(settings, area, clock) as gateway:
            story = Story(area, clock, gateway, console)
            for step in STEPS:
                step(story)
            console.print(f"\nAll {story.number} steps held. Nothing here was real.")


def _everybody_proves_their_keys(story: Story) -> None:
    story.tell(
        "Seven members join the area: each proved its keys by opening a test message; six signed the agreement.",
        f"The area's root key, to be read aloud: {fingerprint(story.area.root.verify_key)}",
    )


def _a_referral_on_judgement_is_accepted(story: Story) -> None:
    form = forms.parse_form(forms.example())
    with story.kit("rivermead") as kit:
        story.sent = kit.submit_referral(form.referral, form.safe_contact, form.exclusions)
    sealed = sum(one.manifest.payload_length for one in story.sent)
    story.tell(
        f"Rivermead Housing refers on professional judgement: {form.referral.visible_high_risk_ticks} ticks of 24, "
        "below the area's 17, are accepted.",
        f"Case {story.sent[0].manifest.case}: body, safe contact and exclusions, {sealed:,} bytes that the broker "
        "cannot read.",
    )


def _who_did_not_sign_is_refused(story: Story) -> None:
    form = forms.parse_form(forms.example())
    with story.kit("harbour") as kit:
        refused = _refusal(lambda: kit.submit_referral(form.referral, form.safe_contact, form.exclusions))
    _hold(refused.code == "isa-not-in-force", "an agency without the agreement is refused")
    story.tell(
        f"Harbour Drop-in has not signed the agreement: refused ({refused.code}).",
        "It is told to telephone the coordinator, and 999 if life is in danger. The refusal is in the log.",
    )


def _a_stranger_cannot_tell_a_case_from_none(story: Story) -> None:
    known = story.sent[0].manifest.message
    answers = [_ask(story, "health", message) for message in (known, MessageId(draw_uuid7(story.clock())))]
    first, second = (_REQUEST_ID.sub(b"", answer.content) for answer in answers)
    _hold({answer.status_code for answer in answers} == {404}, "a stranger is told nothing")
    _hold(first == second, "a known case and no case are answered with the same bytes")
    story.tell(
        "Fenmark Health Trust has no part in the case. It asks about that message, and about one that never was:",
        f"both times 404 not-available, the same {len(first)} bytes but for the request's own number.",
    )


def _idva_and_coordinator_open(story: Story) -> None:
    lantern = _open(story, "lantern", _pull(story, "lantern", 2).values())
    coordinator = _open(story, "coordinator", _pull(story, "coordinator", 3).values())
    _hold(sorted(lantern) == ["referral", "safe-contact"], "the IDVA service opens the referral and safe contact")
    _hold(sorted(coordinator) == ["exclusions", "referral", "safe-contact"], "the coordinator opens all three")
    opened = lantern["referral"]
    ground = opened.document().model_dump()["grounds"][0]["reasons"]
    story.tell(
        "Lantern IDVA Service and the coordinator open the referral; nine checks passed before a word was shown:",
        f"“{ground}”",
        "Each header was released to a named officer, after its entry was in the log.",
    )


def _nobody_else_gets_the_safe_contact(story: Story) -> None:
    with story.kit("constabulary") as kit:
        _hold(kit.pull().saved == (), "nothing waits for the police")
        stolen = story.deliveries["lantern", "safe-contact"]
        refused = _refusal(lambda: kit.gateway.post(f"/v1/deliveries/{stolen}/header", None, _reader(kit)))
    _hold(refused.code == "not-available", "the safe contact is released to nobody else")
    story.tell(
        "Only those two hold the safe contact. The police, even with the delivery's number in hand: not-available.",
    )


def _a_message_is_taken_back(story: Story) -> None:
    form = forms.parse_form(forms.example())
    with story.kit("rivermead") as kit:
        sent = kit.submit_referral(form.referral, form.safe_contact, form.exclusions)
    arrived = _pull(story, "lantern", 2)
    opened = _open(story, "lantern", [arrived["safe-contact"]])
    with story.kit("rivermead") as kit:
        states = {kit.recall(one.manifest.message, None, "wrong-case") for one in sent}
    _hold(states == {"recalled"}, "every part of the message is recalled")
    with story.kit("lantern") as kit:
        notices = kit.pull().notices
        _hold([notice.message for notice in notices] == [opened["safe-contact"].manifest.message], "one notice comes")
        refused = _refusal(lambda: kit.open(arrived["referral"]))
        _hold(refused.code == "not-available", "what was not opened cannot be opened any more")
        kit.answer_recall(notices[0].delivery)
    story.tell(
        "A second referral was sent in error and is taken back. What nobody had opened can no longer be opened;",
        "what Lantern had opened comes back as a notice: its copy is destroyed and the broker has its signed word.",
    )


def _the_log_is_checked_offline(story: Story) -> None:
    path = story.area.folder / "log.jsonl"
    with story.kit("governance") as kit:
        kit.export_log(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    keys = [story.area.log.verify_key]
    verified = verify_export(lines, keys, f"{AREA}/log")
    row = len(lines) // 2
    changed = [*lines[:row], lines[row].replace(AREA, AREA.replace("f", "F", 1), 1), *lines[row + 1 :]]
    named = _altered(changed, keys)
    _hold(named == row - 1, "one changed byte in the log is found, and its entry named")
    story.tell(
        f"Information Governance exports the log and verifies it offline: {verified.size} entries, one signed root.",
        f"With one byte changed in a copy, the check names the entry: number {named}.",
    )


def _seven_years_pass(story: Story) -> None:
    with _progress(story.console, "Seven years pass", 9) as advance:
        for _ in range(7):
            story.clock.move(timedelta(days=366))
            advance(f"Seven years pass: {story.clock():%Y}")
        _await_scheduling(story, 2)
        advance("The week before destruction passes")
        story.clock.move(timedelta(days=8))
        tombstones = _await_tombstones(story, 2)
        advance("Destroyed")
    with story.kit("lantern") as kit:
        delivery = story.deliveries["lantern", "safe-contact"]
        refused = _refusal(lambda: kit.gateway.post(f"/v1/deliveries/{delivery}/header", None, _reader(kit)))
    _hold(refused.code == "not-available", "what was destroyed cannot be had again")
    case = story.sent[0].manifest.case
    keys = [story.area.gateway.verify_key]
    stones = [parse_tombstone(signed_note.verify(note, keys, TOMBSTONE).text) for note in tombstones]
    ours = [stone for stone in stones if stone.case == case_commitment(stone.salt, case)]
    _hold(len(ours) == 1, "one tombstone is that of the case")
    counts = ", ".join(f"{count} {kind} messages" for kind, count in ours[0].counts)
    story.tell(
        "Seven years after the last referral the cases were due; a week later they are destroyed, keys first.",
        "Lantern asks for a header it once had: not-available.",
    )
    story.tell(
        f"What remains is a signed tombstone: {counts}, destroyed {ours[0].destroyed:%d %B %Y} by {ours[0].rule}.",
        f"case {ours[0].case[:30]}…: only who knows the reference can tell whose it is.",
    )


STEPS: Sequence[Callable[[Story], None]] = (
    _everybody_proves_their_keys,
    _a_referral_on_judgement_is_accepted,
    _who_did_not_sign_is_refused,
    _a_stranger_cannot_tell_a_case_from_none,
    _idva_and_coordinator_open,
    _nobody_else_gets_the_safe_contact,
    _a_message_is_taken_back,
    _the_log_is_checked_offline,
    _seven_years_pass,
)


def _hold(held: bool, claim: str) -> None:
    if not held:
        raise StepFailed(claim)


def _refusal(act: Callable[[], object]) -> Problem:
    """Return the problem that the gateway answers `act` with."""
    try:
        act()
    except Problem as problem:
        return problem
    raise StepFailed("what must be refused is refused")


def _ask(story: Story, short: str, message: MessageId) -> httpx2.Response:
    """Return the gateway's whole answer to a question about a message, signed by a member's own key."""
    keyring = story.area.members[short].keyring
    signer = RequestSigner(AREA, keyring.agency, keyring.officer, story.clock)
    return httpx2.get(f"{story.gateway.url}/v1/messages/{message}", auth=signer, trust_env=False)


def _reader(kit: Kit) -> dict[str, str]:
    return kit.fields(**{"marac-purpose": "referral"})


def _pull(story: Story, short: str, count: int) -> dict[str, DeliveryId]:
    """Return the next `count` deliveries of a member by document, once they have all arrived and are saved."""
    arrived: dict[str, DeliveryId] = {}
    ends = time.monotonic() + WAIT_S
    with story.kit(short) as kit:
        while len(arrived) < count:
            _hold(time.monotonic() < ends, f"the queue brings {count} deliveries to {short}")
            pulled = kit.pull(wait_s=2)
            _hold(not pulled.failed, "every delivery passes its checks")
            arrived |= {_document(kit, delivery): delivery for delivery in pulled.saved}
    story.deliveries |= {(short, document): delivery for document, delivery in arrived.items()}
    return arrived


def _document(kit: Kit, delivery: DeliveryId) -> str:
    item = kit.inbox.item(delivery)
    _hold(item is not None, "what was saved is in the inbox")
    return "" if item is None else parse_manifest(signed_note.text_of(kit.home.manifest(item.message))).document


def _open(story: Story, short: str, deliveries: Iterable[DeliveryId]) -> dict[str, Opened]:
    """Return what a member opened, by document."""
    with story.kit(short) as kit:
        opened = [kit.open(delivery) for delivery in deliveries]
    return {each.manifest.document: each for each in opened}


def _altered(lines: Sequence[str], keys: Sequence[VerifyKey]) -> int | None:
    """Return the index of the entry that the offline check names as altered, or None."""
    try:
        verify_export(lines, keys, f"{AREA}/log")
    except EntryAltered as altered:
        return altered.index
    return None


def _await_scheduling(story: Story, count: int) -> None:
    """Wait until the log says that `count` cases are scheduled for destruction."""
    path = story.area.folder / "scheduled.jsonl"
    with story.kit("governance") as kit:

        def scheduled() -> bool:
            kit.export_log(path)
            return path.read_text(encoding="utf-8").count('\\"event\\":\\"schedule\\"') >= count

        _await(story, scheduled, "what is due is scheduled")


def _await_tombstones(story: Story, count: int) -> list[str]:
    """Return the tombstones, once there are `count`."""
    with story.kit("coordinator") as kit:
        _await(story, lambda: len(kit.tombstones()) >= count, "what was scheduled is destroyed")
        return kit.tombstones()


def _await(story: Story, condition: Callable[[], bool], claim: str) -> None:
    ends = time.monotonic() + WAIT_S
    while not condition():
        _hold(time.monotonic() < ends, claim)
        story.gateway.wake()
        time.sleep(LOOK_AGAIN_S)


@contextmanager
def _progress(console: Console, text: str, total: int) -> Iterator[Callable[[str], None]]:
    """Yield a function that moves a progress bar one step on and renames it."""
    columns = (TextColumn("       {task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=total)
        yield lambda description: progress.update(task, advance=1, description=description)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
