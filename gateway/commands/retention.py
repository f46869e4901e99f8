"""`marac retention`: what is due to be destroyed, scheduling it, and destroying what has waited out its grace."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agencies.kit.terminal import takes
from gateway.commands.options import AsJson, Home
from gateway.commands.outcome import Exit, Stopped, say, say_json

if TYPE_CHECKING:
    from broker.services.schedule import Due
    from broker.services.watch import Yes
    from broker.wiring import Broker

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Destruction of cases whose time is over. The worker does it too.")


@dataclass(frozen=True, kw_only=True)
class RetentionOptions:
    """Which area, and how to answer."""

    home: Home = Path()
    as_json: AsJson = False


ClockIsRight = Annotated[
    bool, typer.Option("--yes-the-clock-is-right", help="Go on though nothing was logged for half a year.")
]
SoMany = Annotated[
    bool, typer.Option("--yes-so-many", help="Go on though more cases are due at once than the settings allow.")
]


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """Which area, how to answer, and what the person answers for."""

    home: Home = Path()
    as_json: AsJson = False
    clock_is_right: ClockIsRight = False
    so_many: SoMany = False


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Which area, how to answer, what the person answers for, and whether they have decided already."""

    home: Home = Path()
    as_json: AsJson = False
    clock_is_right: ClockIsRight = False
    so_many: SoMany = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: destruction cannot be undone.")] = False


@app.command("preview")
@takes(RetentionOptions)
def preview(options: RetentionOptions) -> None:
    """Show which cases are due or scheduled; nothing is changed.

    Example: marac retention preview --home ./area
    """
    due = _with_broker(options.home, _preview)
    if options.as_json:
        say_json({"cases": [_row(one) for one in due]})
        return
    if not due:
        say("No case is due.")
    for one in due:
        state = f"scheduled on {one.scheduled_at:%Y-%m-%d}" if one.scheduled_at else "not yet scheduled"
        began = f"last referral {one.last_referral_at:%Y-%m-%d}" if one.last_referral_at else "looked up only"
        say(f"{one.case}  {began}  due {one.due_at:%Y-%m-%d}  {state}")


@app.command("schedule")
@takes(ScheduleOptions)
def schedule(options: ScheduleOptions) -> None:
    """Schedule what is due; it is destroyed once its grace is over.

    Example: marac retention schedule --home ./area
    """
    from broker.services.watch import Yes

    yes = Yes(options.clock_is_right, options.so_many)
    count = _with_broker(options.home, lambda broker: _schedule(broker, yes))
    _tell("scheduled", count, options.as_json, "Look through them with: marac retention preview")


@app.command("run")
@takes(RunOptions)
def run(options: RunOptions) -> None:
    """Destroy scheduled cases whose grace is over.

    Each leaves a signed tombstone.

    Example: marac retention run --home ./area
    """
    if not options.yes:
        if not sys.stdin.isatty():
            raise Stopped("nobody is there to be asked: nothing was destroyed", "give --yes", Exit.USAGE)
        typer.confirm("Destroy every scheduled case whose grace is over? This cannot be undone.", abort=True)
    from broker.services.watch import Yes

    yes = Yes(options.clock_is_right, options.so_many)
    count = _with_broker(options.home, lambda broker: _run(broker, yes))
    _tell("destroyed", count, options.as_json, "Their tombstones are in the database and in the folder outside/.")


def _with_broker(home: Path, use: Callable[["Broker"], Coroutine[None, None, T]]) -> T:
    from gateway.commands.area_env import load_settings
    from gateway.commands.running import open_broker
    from gateway.commands.service_keys import open_service_keys

    settings = load_settings(home)
    keys = open_service_keys(settings)

    async def once() -> T:
        async with open_broker(settings, keys) as broker:
            return await use(broker)

    return asyncio.run(once())


async def _preview(broker: "Broker") -> list["Due"]:
    return list(await broker.preview_retention())


async def _schedule(broker: "Broker", yes: "Yes") -> int:
    total = 0
    while count := await broker.schedule_due(yes):
        total += count
    await _sequence(broker)
    return total


async def _run(broker: "Broker", yes: "Yes") -> int:
    from rich.console import Console
    from rich.progress import Progress

    total = 0
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Destroying", total=None)
        # Only what is in the log that outsiders can check is destroyed: entries first, then the cases.
        await _sequence(broker)
        while count := await broker.purge_due(yes):
            total += count
            progress.update(bar, completed=total)
        await _sequence(broker)
    return total


async def _sequence(broker: "Broker") -> None:
    while await broker.sequence():
        pass


def _row(due: "Due") -> dict[str, str | None]:
    return {
        "case": due.case,
        "opened_at": due.opened_at.isoformat(),
        "last_referral_at": due.last_referral_at.isoformat() if due.last_referral_at else None,
        "due_at": due.due_at.isoformat(),
        "scheduled_at": due.scheduled_at.isoformat() if due.scheduled_at else None,
    }


def _tell(what: str, count: int, as_json: bool, next_step: str) -> None:
    if as_json:
        say_json({what: count})
        return
    say(f"{count} {'case' if count == 1 else 'cases'} {what}.")
    if count:
        say(next_step)
