"""No service leaves its memory on the disk; tests/journeys/canary shows it of the real ones."""

import subprocess
import sys

import pytest

SAYS = """
import ctypes, resource
from gateway.hardening import forbid_core_dumps
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
forbid_core_dumps()
print(before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
"""  # 3: PR_GET_DUMPABLE


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's own; elsewhere the limit is all there is")
def test_a_hardened_process_leaves_no_core_and_is_closed_to_debuggers() -> None:
    told = subprocess.run([sys.executable, "-c", SAYS], check=True, capture_output=True, text=True)
    assert told.stdout == "1 0 (0, 0)\n"
