"""The inbox: shown once, receipts kept until sent, and a SIGKILL between any two steps is healed by running again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agencies.kit.inbox import Inbox, NotInInbox, State
from agencies.names import parse_delivery_id, parse_message_id
from crypto.draw import draw_uuid7
from tests.agencies.made_area import NOW

ROOT = Path(__file__).parents[2]
DELIVERY = parse_delivery_id(draw_uuid7(NOW))
MESSAGE = parse_message_id(draw_uuid7(NOW))
STEPS = ("leased", "saved", "collected-sent", "opened", "claimed", "opened-sent")


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox.sqlite") as box:
        yield box


def state(inbox: Inbox) -> State:
    item = inbox.item(DELIVERY)
    assert item is not None
    return item.state


def test_a_delivery_goes_its_way_and_is_shown_to_one_caller_only(inbox: Inbox) -> None:
    assert inbox.leased(DELIVERY, MESSAGE) is State.LEASED
    assert not inbox.claim(DELIVERY)
    inbox.saved(DELIVERY, "collected note")
    (collected,) = inbox.pending()
    inbox.sent(collected)
    assert state(inbox) is State.COLLECTED
    inbox.opened(DELIVERY, "opened note")
    assert [inbox.claim(DELIVERY), inbox.claim(DELIVERY)] == [True, False]
    assert state(inbox) is State.SHOWN


def test_a_message_that_comes_under_a_second_delivery_id_is_not_shown_again(inbox: Inbox) -> None:
    other = parse_delivery_id(draw_uuid7(NOW))
    shown = []
    for delivery in (DELIVERY, other):
        inbox.leased(delivery, MESSAGE)
        inbox.saved(delivery, "collected note")
        inbox.opened(delivery, "opened note")
        shown.append(inbox.claim(delivery))
    assert shown == [True, False]


def test_every_step_repeated_changes_nothing(inbox: Inbox) -> None:
    for _ in range(2):
        inbox.leased(DELIVERY, MESSAGE)
        inbox.saved(DELIVERY, "collected note")
        inbox.opened(DELIVERY, "opened note")
    assert [receipt.state for receipt in inbox.pending()] == ["collected", "opened"]
    assert state(inbox) is State.OPENED


def test_a_renewed_receipt_is_sent_again(inbox: Inbox) -> None:
    inbox.leased(DELIVERY, MESSAGE)
    inbox.saved(DELIVERY, "by the old key")
    inbox.sent(inbox.pending()[0])
    inbox.renew(DELIVERY, "collected", "by the new key")
    assert [receipt.note for receipt in inbox.pending()] == ["by the new key"]


def test_a_recall_waits_for_its_answer_and_an_answered_one_asked_again_is_answered_again(inbox: Inbox) -> None:
    inbox.noticed(DELIVERY, MESSAGE, "notice")
    assert state(inbox) is State.RECALLED
    inbox.answered(DELIVERY, State.DESTROYED, "destroyed note")
    inbox.sent(inbox.pending()[0])
    assert inbox.pending() == []
    inbox.noticed(DELIVERY, MESSAGE, "notice")
    assert state(inbox) is State.DESTROYED
    assert [receipt.state for receipt in inbox.pending()] == ["destroyed"]


def test_a_delivery_that_was_never_pulled_is_not_in_the_inbox(inbox: Inbox) -> None:
    with pytest.raises(NotInInbox):
        inbox.saved(DELIVERY, "note")


def test_the_file_is_private_and_holds_no_journal_that_is_less_than_full(inbox: Inbox, tmp_path: Path) -> None:
    assert inbox.items() == []
    assert (tmp_path / "inbox.sqlite").stat().st_mode & 0o077 == 0
    assert inbox._sql.execute("PRAGMA synchronous").fetchone() == (2,)


CHILD = """
import os, signal, sys
from pathlib import Path
from agencies.kit.inbox import Inbox
delivery, message, last = sys.argv[2:5]
def step(name):
    print(name, flush=True)
    if name == last:
        os.kill(os.getpid(), signal.SIGKILL)
with Inbox(Path(sys.argv[1])) as box:
    box.leased(delivery, message); step("leased")
    box.saved(delivery, "collected note"); step("saved")
    for receipt in box.pending():
        box.sent(receipt)
    step("collected-sent")
    box.opened(delivery, "opened note"); step("opened")
    if box.claim(delivery):
        print("SHOWN", flush=True)
    step("claimed")
    for receipt in box.pending():
        box.sent(receipt)
    step("opened-sent")
"""


@pytest.mark.parametrize("last", STEPS)
def test_killed_after_any_step_and_run_again_it_is_shown_exactly_once(tmp_path: Path, last: str) -> None:
    path, shown = tmp_path / "inbox.sqlite", 0
    for until in (last, "never", "never"):
        ran = run_child(path, until)
        assert ran.returncode == (-signal.SIGKILL if until != "never" else 0), ran.stderr
        shown += ran.stdout.count("SHOWN")
    assert shown == 1
    with Inbox(path) as box:
        assert box.pending() == []
        assert state(box) is State.SHOWN


def run_child(path: Path, last: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(path), DELIVERY, MESSAGE, last]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def test_of_two_kits_on_one_inbox_one_alone_may_show(inbox: Inbox, tmp_path: Path) -> None:
    inbox.leased(DELIVERY, MESSAGE)
    inbox.saved(DELIVERY, "note")
    inbox.opened(DELIVERY, "note")
    with Inbox(tmp_path / "inbox.sqlite") as second:
        assert [inbox.claim(DELIVERY), second.claim(DELIVERY)] == [True, False]
