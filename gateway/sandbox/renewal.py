"""What an area's people do every year, done for them when the sandbox's clock is moved over it."""

from datetime import timedelta
from typing import Final

from agencies.area import delegate, verify_area
from agencies.notes.register import MAX_BYTES
from agencies.register import draft_register, verify_register
from crypto import note as signed_note
from gateway.made_up import AREA
from gateway.sandbox.exchange import get, send
from gateway.sandbox.stage import Stage, done

_AHEAD: Final = timedelta(days=180)


def renew(stage: Stage) -> None:
    """Delegation and register hold for half a year more at least: without them every kit command would warn.

    Raises NotAsPrepared.
    """
    area, now = stage.area, stage.clock().replace(microsecond=0)
    held = send(stage.url, get("/v1/area")).members["delegations"]
    delegations = [str(note) for note in held] if isinstance(held, list) else []
    if verify_area(area.root.verify_key, delegations).latest.expires < now + _AHEAD:
        keys = (area.gateway.verify_key, area.log.verify_key, area.registrar.verify_key)
        delegations.append(delegate(area.root, delegations[-1], *keys, now))
        done(stage.post("delegate", "coordinator", "/v1/delegations", {"note": delegations[-1]}))
    note = str(done(stage.get("register", "coordinator", "/v1/register")).members["register"])
    register = verify_register(note, verify_area(area.root.verify_key, delegations))
    if register.expires < now + _AHEAD:
        text = draft_register(register, AREA, register.entries, now)
        following = signed_note.sign(text, [area.registrar], MAX_BYTES)
        done(stage.post("register", "coordinator", "/v1/register", {"note": following}))
