"""Is the clock sane enough to destroy by it? Asked whenever something is due: design, section 7."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.errors import ClockUnsafe, TooMuchDue
from broker.ports import UnitOfWork

TOLERANCE = timedelta(minutes=5)
# Every lease, opening and register is an entry: an area in use has some each day, one that meets twice a year still has
# some each half year, and a clock whose year is wrong is further off than that.
MOST_SILENT = timedelta(days=180)
FEW = 20  # fewer cases may be due at once in the smallest area: of so few a share says nothing
# Goes on while the machine sleeps, so that waking up is no jump; elsewhere than on Linux sleeping looks like one.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_s() -> float:
    """Return the seconds of a clock that nobody can set; only differences mean something."""
    return time.clock_gettime(_STEADY)


@dataclass(frozen=True, slots=True)
class Watch:
    """Where the process's clock stood at a moment of the steady one: both must have gone on alike since."""

    began: datetime
    began_s: float

    def jump(self, now: datetime, now_s: float) -> timedelta:
        """Return by how much the clock was set since, forwards or backwards."""
        return abs(now - self.began - timedelta(seconds=now_s - self.began_s))


@dataclass(frozen=True, slots=True)
class Yes:
    """What an operator answers for, on the command line of one run; the worker answers for nothing."""

    clock_is_right: bool = False
    so_many: bool = False


NO = Yes()


async def check_clock(uow: UnitOfWork, now: datetime, watch: Watch | None, yes: Yes = NO) -> None:
    """Return only if `now` agrees with the steady clock, the database's clock and what was written last.

        watch  None where the clock is injected: such a clock agrees with no other, and destroys what is made up

    Five minutes are allowed: several machines write here. Half a year without any entry is allowed too, for a clock
    that was far ahead when the process started agrees with all but that; more only if an operator says yes.
    Raises ClockUnsafe.
    """
    if watch is None:
        return
    if watch.jump(now, steady_s()) > TOLERANCE:
        raise ClockUnsafe("this machine's clock was set while the process ran: see that it is right, then restart")
    if abs(now - await uow.now()) > TOLERANCE:
        raise ClockUnsafe("this machine's clock and the database's differ by more than five minutes")
    written = [at for at in (await uow.log.newest_at(), await uow.tombstones.newest_at()) if at is not None]
    if written and now < max(written) - TOLERANCE:
        raise ClockUnsafe("this machine's clock is behind the newest entry of the log, or the newest tombstone")
    if written and now > max(written) + MOST_SILENT and not yes.clock_is_right:
        raise ClockUnsafe("nothing was logged for half a year by this machine's clock: it may be far ahead")


def check_share(due: int, cases: int, percent: int, yes: Yes = NO) -> None:
    """Return only if `due` of so many `cases` may be scheduled, or destroyed, at once.

        percent  of all cases, from the settings

    Raises TooMuchDue; not if an operator says yes, or there are few.
    """
    if due >= FEW and due * 100 > cases * percent and not yes.so_many:
        raise TooMuchDue(f"{due} of {cases} cases are due at once, more than {percent} % of them")
