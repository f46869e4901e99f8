"""The sandbox made ready: its members with their published keys, a referral that waits, a key that is revoked."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from agencies.documents.exclusions import Exclusions
from agencies.kit import forms
from gateway.inprocess import begin, made_up_settings, serving
from gateway.made_up import CAST, MovableClock, Role, found
from gateway.sandbox.either_clock import Clock
from gateway.sandbox.guide import Guide
from gateway.sandbox.published import published
from gateway.sandbox.routes import furnish
from gateway.sandbox.rules import revoke_key
from gateway.sandbox.stage import Stage, done

HOST: Final = "127.0.0.1"  # and no setting: whoever reaches the sandbox may do anything in it
MEMBERS: Final[Sequence[Role]] = (
    *CAST,
    Role("millbrook", "health", "Millbrook Surgery", lapsed=True),
    Role("oakfield", "education", "Oakfield School", status="removed"),
    Role("ashdown", "voluntary-sector", "Ashdown Refuge"),
)
REMARKS: Final[Mapping[str, str]] = MappingProxyType({
    "coordinator": "receives everything",
    "lantern": "receives every referral",
    "rivermead": "has sent a referral",
    "harbour": "did not sign the agreement",
    "governance": "may export the log",
    "millbrook": "its agreement has lapsed",
    "oakfield": "has left the area",
    "ashdown": "has revoked its key",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sandbox is: an empty folder, a free port, and how its command was called.

    kept  whether the folder stays afterwards
    """

    folder: Path
    port: int
    program: str
    kept: bool


@contextmanager
def opened(place: Place, machine: Clock, told: Callable[[str], None]) -> Iterator[Guide]:
    """Yield the guide of a sandbox that serves until the block ends; its clock begins at the `machine`'s time.

        told  hears of each step

    Raises OSError if the port is taken meanwhile; BrokerError, NotAsPrepared if it is not fit to serve.
    """
    now, url = machine(), f"http://{HOST}:{place.port}"
    clock = MovableClock(now, time.monotonic)
    area = found(place.folder, url, now, lambda role: told(f"Keys for {role.name}"), MEMBERS, published())
    # Clients keep their own time when the sandbox's clock is moved: what they sign now is old there.
    settings = made_up_settings(area, place.folder / "gateway", place.port, note_life_days=36_500)
    settings.home.mkdir(mode=0o700)
    begin(settings, area, now)
    stage = Stage(area, clock, settings, url)
    guide = Guide(stage, place.program, REMARKS, place.kept)
    with serving(settings, area, clock, lambda app: furnish(app, stage, guide, clock, machine)):
        told("What the prepared cases rest on")
        done(revoke_key(stage, "ashdown"))
        stage.kept()
        told("A referral that waits")
        _refer(stage)
        yield guide


def _refer(stage: Stage) -> None:
    """Rivermead has sent a referral, and it waits at its recipients. The first of its messages is `stage.welcome`."""
    form = forms.parse_form(forms.example())
    with stage.area.kit("rivermead", stage.clock) as kit:
        sent = kit.submit_referral(form.referral, form.safe_contact, Exclusions())
        stage.welcome = sent[0].manifest.message
        stage.until(lambda: all(kit.status(one.manifest.message) != "accepted" for one in sent))
