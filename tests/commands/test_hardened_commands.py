"""No command opens or makes a secret key before its process can leave no core."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.running import Places, init_options

# Says, of each key file that is opened, whether the process could be dumped then (3: PR_GET_DUMPABLE).
WATCHED = """
import ctypes, sys
from gateway.cli import main

def watch(event, arguments):
    if event == "open" and ".signkey" in str(arguments[0]):
        print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), file=sys.stderr)

sys.addaudithook(watch)
main()
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's own")


def said_by(*arguments: object) -> set[str]:
    """Return what was said of the key files by one command, as a process of its own."""
    command = [sys.executable, "-c", WATCHED, *map(str, arguments)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
    return {line for line in ended.stderr.splitlines() if line.startswith("dumpable")}


def test_marac_init_makes_keys_in_a_process_that_leaves_no_core(tmp_path: Path) -> None:
    assert said_by(*init_options(Places(tmp_path))) == {"dumpable 0"}


@pytest.mark.parametrize("act", ["preview", "schedule"])
def test_marac_retention_opens_keys_in_a_process_that_leaves_no_core(area: Places, act: str) -> None:
    assert said_by("retention", act, "--home", area.home) == {"dumpable 0"}
