"""What every command says loudly before, and after, delegation and register end; agencies/README.md, rule 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from agencies.area import EXPIRY_NOTICE, Area
from agencies.register import Register


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What the reader of a warning does about it."""

    delegation: str
    register: str


TELL = NextSteps("Tell the coordinator.", "Tell the coordinator.")
RENEW = NextSteps("Bring the root key and run: marac area renew", "Any change renews it, such as: marac agency renew")


def expiry_warnings(area: Area, register: Register, now: datetime, steps: NextSteps) -> Iterator[str]:
    """Yield a line for what has expired, and for what will within 60 days; no message is refused for it."""
    ends = area.latest.expires
    if area.is_expired(now):
        yield (
            f"WARNING: the root's delegation EXPIRED on {ends:%Y-%m-%d}. What is signed by the keys it named last is"
            f" still believed, and nobody new is let in. {steps.delegation}"
        )
    elif area.is_expiring(now):
        yield f"WARNING: the root's delegation expires on {ends:%Y-%m-%d}. {steps.delegation}"
    if register.is_expired(now):
        yield f"WARNING: the register EXPIRED on {register.expires:%Y-%m-%d}. {steps.register}"
    elif now >= register.expires - EXPIRY_NOTICE:
        yield f"WARNING: the register expires on {register.expires:%Y-%m-%d}. {steps.register}"
