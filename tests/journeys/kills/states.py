"""The states that operations begin in, made once by doing what leads to them, on the same stack."""

import shutil
from collections.abc import Callable
from pathlib import Path

from gateway.inprocess import begin, made_up_settings
from gateway.made_up import CAST, MadeUpArea, found
from tests.journeys.kills.clock import START, FileClock
from tests.journeys.kills.nursery import Nursery
from tests.journeys.kills.scene import Memory, Prepared, Scene, Stack
from tests.servers.postgres import database_name

MEMBERS = ("rivermead", "lantern", "coordinator")


def _begun(scene: Scene) -> None:
    for member in MEMBERS:
        with scene.kit(member) as kit:
            kit.refresh()


def _submitted(scene: Scene) -> None:
    scene.compose()
    scene.submit()


def _pulled(scene: Scene) -> None:
    scene.pull("lantern")


def _opened(scene: Scene) -> None:
    scene.open_all("lantern")


def _recalled(scene: Scene) -> None:
    with scene.kit("rivermead") as kit:
        kit.recall(scene.memory.answers[0][0].manifest.message, None, "sent-in-error")


_STEPS: dict[str, Callable[[Scene], None]] = {
    "founded": _begun,
    "submitted": _submitted,
    "pulled": _pulled,
    "opened": _opened,
    "recalled": _recalled,
}


def found_area(folder: Path) -> MadeUpArea:
    """Return an area of those who take part here; servers change, so the kits' own address is never used."""
    cast = [role for role in CAST if role.short in MEMBERS]
    return found(folder, "http://127.0.0.1:1", START, cast=cast)


def prepare_states(area: MadeUpArea, nursery: Nursery, stack: Stack, folder: Path) -> dict[str, Prepared]:
    """Return every state, each made from the one before."""
    current = _empty(area, stack, folder / "empty")
    states = {}
    for name, act in _STEPS.items():
        scene = Scene(area, nursery, stack, current, folder / name)
        scene.start()
        act(scene)
        scene.settle()
        scene.end_all()  # at rest: nothing that a slow goodbye would save
        states[name] = current = scene.prepare()
    return states


def _empty(area: MadeUpArea, stack: Stack, folder: Path) -> Prepared:
    shutil.copytree(area.folder, folder / "kits")
    (folder / "home").mkdir(mode=0o700)
    clock = FileClock.begin(folder / "clock")
    url = stack.postgres.fresh_database() if stack.postgres else ""
    begin(made_up_settings(area, folder / "home", 8443, database_url=url), area, clock())
    return Prepared(folder, database_name(url) if url else "", Memory())
