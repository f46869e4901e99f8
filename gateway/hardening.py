"""Keeps the memory of a service off the disk: for the length of a request it holds plaintext, and always its keys."""

import ctypes
import resource
import sys
from typing import Final

from broker.errors import UnsafeSettings

_PR_SET_DUMPABLE: Final = 4  # prctl(2), linux/prctl.h


def forbid_core_dumps() -> None:
    """No core of this process is ever written, and none but root reads its memory or attaches a debugger.

    The limit alone would not do: where the kernel pipes cores to a program it ignores a limit of 0.
    Raises UnsafeSettings if the system refuses: a service does not run without.
    Source: core(5), PR_SET_DUMPABLE in prctl(2).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise UnsafeSettings("the system does not let this process forbid its core dumps")
