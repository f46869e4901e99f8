"""The pack of a case, as an agency asks for it over HTTP: how soon its first byte is here, and all of it."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agencies.documents.case_note import CaseNote
from agencies.kit.client import Kit
from agencies.kit.compose import about
from agencies.names import CaseRef
from agencies.tar import read_members
from gateway.inprocess import begin, made_up_settings, serving
from gateway.made_up import MadeUpArea, found
from tests.bench.rounds import Progress
from tests.bench.table import Row, amount
from tests.factories import the_documents
from tests.servers.child import free_port

ITEMS, ROUNDS = 40, 41
MOST_S = 0.050  # issue 4: a pack of 40 items starts streaming within 50 ms
READER = "lantern"
_IDLE = 0.15  # of one processor: the worker's loops look again ten times a second


def rows(progress: Progress, notes: list[str]) -> Iterator[Row]:
    """Yield the rows: the first byte of a pack, and its last; `notes` gets what a clock on the wall says of both."""
    with tempfile.TemporaryDirectory(prefix="marac-bench-") as folder:
        place, port = Path(folder), free_port()
        (place / "home").mkdir(mode=0o700)
        progress.say("an area with one case")
        area = found(place, f"http://127.0.0.1:{port}", _now())
        settings = made_up_settings(area, place / "home", port)
        begin(settings, area, _now())
        with serving(settings, area, _now):
            case = _case(area, progress)
            with area.kit(READER, _now) as kit:
                progress.say("the pack, again and again")
                took = [_timed(kit, case) for _ in range(ROUNDS + 1) if _is_idle()][1:]
    first, whole, first_wall, whole_wall = (statistics.median(one) for one in zip(*took, strict=True))
    notes.append(f"By the wall, with all else that this machine did: {amount(first_wall, 's')} to the first byte, "
                 f"{amount(whole_wall, 's')} in all.")  # fmt: skip
    yield Row(f"pack of {ITEMS} messages, first byte", "none", MOST_S, first, rounds=ROUNDS)
    yield Row(f"pack of {ITEMS} messages, all of it", "none", 2 * MOST_S, whole, rounds=ROUNDS)


def _now() -> datetime:
    return datetime.now(UTC)


def _case(area: MadeUpArea, progress: Progress) -> CaseRef:
    """Return a case of which the reader holds so many messages: a referral's two, and notes."""
    with area.kit("rivermead", _now) as sender:
        accepted = sender.submit(sender.prepare(the_documents()))
    case = accepted[0].manifest.case
    note = CaseNote(to=(area.party(READER),), sort="event", nature="fact", text="He was seen there. (made up)")
    with area.kit("coordinator", _now) as office:
        for number in range(ITEMS - 2):
            progress.say("messages for it", f"{number + 1} of {ITEMS - 2}")
            office.submit(office.prepare_any(about("case-note", case), {"case-note": note}, unread_too=True))
    return case


def _is_idle() -> bool:
    """Return True as soon as this process has nothing to do: the log of the round before is sequenced."""
    while True:
        began, at = time.process_time(), time.perf_counter()
        time.sleep(0.1)
        if time.process_time() - began < _IDLE * (time.perf_counter() - at):
            return True


def _timed(kit: Kit, case: CaseRef) -> tuple[float, float, float, float]:
    """Return after how many seconds the first and the last byte were here: of the processor, then on the wall."""
    fields = kit.fields(**{"marac-purpose": "referral"})
    began, at = time.process_time(), time.perf_counter()
    parts = kit.gateway.parts(f"/v1/cases/{case}/pack", fields)
    got = [next(parts)]
    first, first_wall = time.process_time() - began, time.perf_counter() - at
    got += parts
    whole, whole_wall = time.process_time() - began, time.perf_counter() - at
    if len(list(read_members(got))) != 1 + 2 * ITEMS:
        raise AssertionError("the pack does not hold what was sent")
    return first, whole, first_wall, whole_wall
