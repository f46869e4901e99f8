"""`marac demo`: the whole way of a message with made-up people, each step driven by another agency's key."""

import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from agencies.area import fingerprint
from agencies.kit import forms
from agencies.kit.export import EntryAltered, verify_export
from agencies.names import MessageId
from agencies.notes.tombstone import TYPE as TOMBSTONE
from agencies.notes.tombstone import case_commitment, parse_tombstone
from crypto import note as signed_note
from crypto.draw import draw_uuid7
from crypto.keys import VerifyKey
from gateway import demo_case
from gateway.inprocess import begin, interruptible, made_up_settings, serving
from gateway.logs import configure_logs
from gateway.made_up import AREA, CAST, MovableClock, found
from gateway.story import StepFailed, Story, ask, await_, hold, open_, progress_bar, pull, reader, refusal

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_REQUEST_ID = re.compile(rb'"request_id":"[^"]+"')


def run(*, sandbox: Callable[[Console], None] | None = None) -> int:
    """Tell the story and return 0 if every step held, else 1.

    sandbox  goes on afterwards, if the story held
    """
    folder = Path(tempfile.mkdtemp(prefix="marac-demo-"))
    console = Console()
    try:
        with interruptible():
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
        with progress_bar(console, "Keys for", len(CAST)) as advance:
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
        refused = refusal(lambda: kit.submit_referral(form.referral, form.safe_contact, form.exclusions))
    hold(refused.code == "isa-not-in-force", "an agency without the agreement is refused")
    story.tell(
        f"Harbour Drop-in has not signed the agreement: refused ({refused.code}).",
        "It is told to telephone the coordinator, and 999 if life is in danger. The refusal is in the log.",
    )


def _a_stranger_cannot_tell_a_case_from_none(story: Story) -> None:
    known = story.sent[0].manifest.message
    answers = [ask(story, "health", message) for message in (known, MessageId(draw_uuid7(story.clock())))]
    first, second = (_REQUEST_ID.sub(b"", answer.content) for answer in answers)
    hold({answer.status_code for answer in answers} == {404}, "a stranger is told nothing")
    hold(first == second, "a known case and no case are answered with the same bytes")
    story.tell(
        "Fenmark Health Trust has no part in the case. It asks about that message, and about one that never was:",
        f"both times 404 not-available, the same {len(first)} bytes but for the request's own number.",
    )


def _idva_and_coordinator_open(story: Story) -> None:
    lantern = open_(story, "lantern", pull(story, "lantern", 2).values())
    coordinator = open_(story, "coordinator", pull(story, "coordinator", 3).values())
    hold(sorted(lantern) == ["referral", "safe-contact"], "the IDVA service opens the referral and safe contact")
    hold(sorted(coordinator) == ["exclusions", "referral", "safe-contact"], "the coordinator opens all three")
    opened = lantern["referral"]
    ground = opened.document().model_dump()["grounds"][0]["reasons"]
    story.tell(
        "Lantern IDVA Service and the coordinator open the referral; nine checks passed before a word was shown:",
        f"“{ground}”",
        "Each header was released to a named officer, after its entry was in the log.",
    )


def _nobody_else_gets_the_safe_contact(story: Story) -> None:
    with story.kit("constabulary") as kit:
        hold(kit.pull().saved == (), "nothing waits for the police")
        stolen = story.deliveries["lantern", "safe-contact"]
        refused = refusal(lambda: kit.gateway.post(f"/v1/deliveries/{stolen}/header", None, reader(kit)))
    hold(refused.code == "not-available", "the safe contact is released to nobody else")
    story.tell(
        "Only those two hold the safe contact. The police, even with the delivery's number in hand: not-available.",
    )


def _a_message_is_taken_back(story: Story) -> None:
    form = forms.parse_form(forms.example())
    with story.kit("rivermead") as kit:
        sent = kit.submit_referral(form.referral, form.safe_contact, form.exclusions)
    story.cases.append(sent[0].manifest.case)
    arrived = pull(story, "lantern", 2)
    opened = open_(story, "lantern", [arrived["safe-contact"]])
    with story.kit("rivermead") as kit:
        states = {kit.recall(one.manifest.message, None, "wrong-case") for one in sent}
    hold(states == {"recalled"}, "every part of the message is recalled")
    with story.kit("lantern") as kit:
        notices = kit.pull().notices
        hold([notice.message for notice in notices] == [opened["safe-contact"].manifest.message], "one notice comes")
        refused = refusal(lambda: kit.open(arrived["referral"]))
        hold(refused.code == "not-available", "what was not opened cannot be opened any more")
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
    hold(named == row - 1, "one changed byte in the log is found, and its entry named")
    story.tell(
        f"Information Governance exports the log and verifies it offline: {verified.size} entries, one signed root.",
        f"With one byte changed in a copy, the check names the entry: number {named}.",
    )


def _seven_years_pass(story: Story) -> None:
    known = len({one.manifest.case for one in story.sent} | {*story.cases})
    with progress_bar(story.console, "Seven years pass", 9) as advance:
        for _ in range(7):
            story.clock.move(timedelta(days=366))
            advance(f"Seven years pass: {story.clock():%Y}")
        _await_scheduling(story, known)
        advance("The week before destruction passes")
        story.clock.move(timedelta(days=8))
        tombstones = _await_tombstones(story, known)
        advance("Destroyed")
    with story.kit("lantern") as kit:
        delivery = story.deliveries["lantern", "safe-contact"]
        refused = refusal(lambda: kit.gateway.post(f"/v1/deliveries/{delivery}/header", None, reader(kit)))
    hold(refused.code == "not-available", "what was destroyed cannot be had again")
    case = story.sent[0].manifest.case
    keys = [story.area.gateway.verify_key]
    stones = [parse_tombstone(signed_note.verify(note, keys, TOMBSTONE).text) for note in tombstones]
    ours = [stone for stone in stones if stone.case == case_commitment(stone.salt, case)]
    hold(len(ours) == 1, "one tombstone is that of the case")
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
    *demo_case.STEPS,
    _the_log_is_checked_offline,
    _seven_years_pass,
)


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

        await_(story, scheduled, "what is due is scheduled")


def _await_tombstones(story: Story, count: int) -> list[str]:
    """Return the tombstones, once there are `count`."""
    with story.kit("coordinator") as kit:
        await_(story, lambda: len(kit.tombstones()) >= count, "what was scheduled is destroyed")
        return kit.tombstones()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
