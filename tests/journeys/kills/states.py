"""The states that operations begin in, made once by doing what leads to them, on the same stack."""

import shutil
from collections.abc import Callable
from pathlib import Path

from gateway.inprocess import begin, made_up_settings
from tests.journeys.kills.clock import FileClock
from tests.journeys.kills.nursery import Nursery
from tests.journeys.kills.scene import Memory, Prepared, Scene, Stack
from tests.journeys.world import Founded
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


_STEPS: dict[str, Callable[[Scene], None]] = {
    "founded": _begun,
    "submitted": _submitted,
    "pulled": _pulled,
    "opened": _opened,
}


def prepare_states(founded: Founded, nursery: Nursery, stack: Stack, folder: Path) -> dict[str, Prepared]:
    """Return every state, each made from the one before."""
    current = _empty(founded, stack, folder / "empty")
    states = {}
    for name, act in _STEPS.items():
        scene = Scene(founded.area, nursery, stack, current, folder / name)
        server = scene.start()
        act(scene)
        scene.settle()
        server.stop()
        states[name] = current = scene.prepare()
    return states


def _empty(founded: Founded, stack: Stack, folder: Path) -> Prepared:
    founded.copy(folder / "kits")
    (folder / "home").mkdir(mode=0o700)
    clock = FileClock.begin(folder / "clock")
    if stack.postgres is None:
        shutil.copyfile(founded.sqlite, folder / "home" / "broker.sqlite")
        return Prepared(folder, "", Memory())
    url = stack.postgres.fresh_database()
    begin(made_up_settings(founded.area, folder / "home", 8443, database_url=url), founded.area, clock())
    return Prepared(folder, database_name(url), Memory())
