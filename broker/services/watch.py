"""Is the clock sane enough to destroy by it? Asked whenever something is due: design, section 7."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.errors import ClockUnsafe
from broker.ports import UnitOfWork

TOLERANCE = timedelta(minutes=5)
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


async def check_clock(uow: UnitOfWork, now: datetime, watch: Watch | None) -> None:
    """Return only if `now` agrees with the steady clock, the database's clock and what was written last.

        watch  None where the clock is injected: such a clock agrees with no other, and destroys what is made up

    Five minutes are allowed: several machines write here. Raises ClockUnsafe.
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
