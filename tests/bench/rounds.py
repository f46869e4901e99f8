"""Interleaved rounds: ours and the peer in turn, so that whatever slows the machine slows both."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

Work = Callable[[], object]
Clock = Callable[[], float]


class Medians(NamedTuple):
    """What one call takes, in seconds: ours and the peer's; and the median of ours / theirs, round by round."""

    ours: float
    theirs: float
    ratio: float


def interleaved(ours: Work, theirs: Work, rounds: int, clock: Clock = time.process_time) -> Medians:
    """Return the medians of `rounds` single calls of each: ours, the peer, ours, the peer.

    One call a turn, not a batch: in a loop of its own a call finds its code and tables in the cache, as it never
    does in a service. One call of each goes before, unmeasured. The clock is the processor's time that this process
    has used, which is the time on an idle machine and leaves out other people's work on a busy one. A processor
    that others share also runs faster and slower by halves: ratios are taken within a round, where both had the same.
    """
    took = [(timed(ours, clock), timed(theirs, clock)) for _ in range(rounds + 1)][1:]
    ratios = [mine / its for mine, its in took]
    return Medians(*map(statistics.median, zip(*took, strict=True)), statistics.median(ratios))


def timed(work: Work, clock: Clock = time.process_time) -> float:
    """Return the seconds that one call of `work` takes by `clock`."""
    started = clock()
    work()
    return clock() - started


class Progress:
    """One line on standard error that says what is being measured; rewritten where a person watches."""

    def __init__(self) -> None:
        self._tty = sys.stderr.isatty()

    def say(self, step: str, part: str = "") -> None:
        """Show `step`; `part`, such as a percentage, is for a terminal alone."""
        if self._tty:
            sys.stderr.write(f"\r\x1b[K{step} {part}".rstrip())
        elif not part:
            sys.stderr.write(f"{step}\n")
        sys.stderr.flush()

    def done(self) -> None:
        """Clear the line."""
        if self._tty:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
