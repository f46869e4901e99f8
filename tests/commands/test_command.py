"""The command itself: help, version, and how faults end."""

import subprocess
import sys

import pytest

from crypto.errors import Tampered
from gateway.commands.faults import explain
from gateway.commands.outcome import Exit
from tests.commands.running import PROGRAM, marac

COMMANDS = [
    ["init"], ["serve"], ["worker"], ["migrate"], ["demo"],
    ["agency", "add"], ["agency", "renew"], ["agency", "suspend"], ["agency", "resume"], ["agency", "remove"],
    ["officer", "add"], ["officer", "remove"], ["area", "renew"],
    ["area", "new-key"], ["register", "list"], ["register", "show"],
    ["register", "publish"],
    ["register", "revoke"], ["area", "enter-register"],
    ["retention", "preview"], ["retention", "schedule"], ["retention", "run"],
]  # fmt: skip
HEAVY = ("sqlalchemy", "fastapi", "uvicorn", "uvloop", "alembic", "aio_pika", "structlog")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    answer = marac(*command, "--help")
    assert answer.code == 0
    assert f"Example: marac {' '.join(command)}" in answer.out


def test_the_option_for_tests_is_not_shown() -> None:
    assert "work-factor" not in marac("init", "--help").out


def test_the_version_is_told() -> None:
    answer = marac("--version")
    assert answer.code == 0
    assert answer.out.startswith("marac ")


def test_help_does_not_load_what_it_does_not_need() -> None:
    code = f"import sys, gateway.cli; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_unknown_command_is_wrong_use() -> None:
    assert marac("no-such-command").code == 2


def test_a_program_sees_the_exit_code_of_the_installed_command() -> None:
    ended = subprocess.run([PROGRAM, "register", "show", "--office", "."], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_an_unexpected_fault_is_told_without_its_message_and_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert explain(ValueError("her name and her address")) == Exit.INTERNAL
    told = capsys.readouterr().err
    assert "her name" not in told
    assert "Traceback" not in told
    assert "ValueError" in told


def test_a_failed_check_has_a_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(Tampered("the file was changed")) == Exit.CHECK_FAILED
    assert "Next:" in capsys.readouterr().err
