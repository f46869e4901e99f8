"""The `marac` command: the agencies' kit, the registrar's commands and the operator's, under one name."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from agencies.kit.cli import app as kit
from broker.errors import BrokerError
from gateway.commands import agency, area, demonstration, init, officer, register, retention, service
from gateway.commands.faults import explain
from gateway.commands.outcome import Exit, say
from gateway.hardening import forbid_core_dumps

app = typer.Typer(
    name="marac",
    help="The secure message broker between the agencies of a MARAC.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused, 4 a check failed, 70 a fault in marac itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"marac {version('marac-broker')}")
        raise typer.Exit


@app.callback()
def _marac(
    shown: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Refer, pull and open as an agency; keep the register as the coordinator; run the area's gateway."""


app.add_typer(kit)
app.command()(init.init)
app.command()(service.serve)
app.command()(service.worker)
app.command()(service.migrate)
app.add_typer(agency.app, name="agency")
app.add_typer(officer.app, name="officer")
app.add_typer(area.app, name="area")
app.add_typer(register.app, name="register")
app.add_typer(retention.app, name="retention")
app.command()(demonstration.demo)


def run(arguments: Sequence[str]) -> int:
    """Run one `marac` command and return its exit code; every fault ends as one line, without traceback or content."""
    try:
        app(args=list(arguments), prog_name="marac")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else Exit.OK
    except Exception as fault:  # noqa: BLE001 - the process's entry point: nothing may escape as a traceback
        return explain(fault)
    return Exit.OK


def main() -> None:
    """Run the command line of this process and leave with its exit code.

    Whatever key a command opens, and whatever it decrypts, was never in a process that can dump its core.
    """
    try:
        forbid_core_dumps()
    except BrokerError as fault:
        sys.exit(explain(fault))
    sys.exit(run(sys.argv[1:]))
