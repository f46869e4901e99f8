"""`python -m tests.journeys.kills.child`: starts a server or a kit for each line of its input, as a process of its own.

Everything is imported once, before the first of them is forked: hundreds of processes start in a moment each. A line is
a Job as JSON; its answer is the new process's id. At the end of the input every process left is killed.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import uvloop

from agencies.kit.client import AlreadyShown, Kit
from agencies.kit.compose import decode_composed
from agencies.kit.home import Home
from agencies.kit.inbox import State
from agencies.kit.keyring import load_keyring
from broker.queues import open_queue
from broker.services.desk import Directories
from broker.settings import Settings
from broker.wiring import Broker, ServiceKeys, build_broker
from crypto.blind_index import parse_index_key
from crypto.keys import parse_signing_key
from gateway.app import create_app
from gateway.logs import configure_logs
from gateway.serve import running
from tests.journeys.kills.clock import FileClock
from tests.journeys.kills.counted import CountedQueue, CountedStore
from tests.journeys.kills.kit_steps import CountedHome
from tests.journeys.kills.steps import FileSteps, Steps


@dataclass(frozen=True)
class Job:
    """What a new process is to be.

    folder   its own: plan, trace, log, `url` once it listens, `shown` with the messages a kit has shown, `composed`
             with what it sends
    secrets  a server's gateway, log and index keys, or a kit's passphrase; made-up people's
    url      whom a kit talks to
    acts     what a kit does, in this order: send, pull, open, answer
    """

    kind: str
    folder: str
    clock: str
    settings: dict[str, str | int] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    home: str = ""
    url: str = ""
    acts: tuple[str, ...] = ()

    def encode(self) -> str:
        """Return the line that `main` reads."""
        return json.dumps(asdict(self)) + "\n"


def main() -> None:
    """Fork a process for each line, until there are no more lines."""
    alive: set[int] = set()
    # Read by readline alone: an iterator would hold back lines, and a forked copy would hold them too.
    while line := sys.stdin.readline():
        alive = {pid for pid in alive if os.waitpid(pid, os.WNOHANG) == (0, 0)}
        pid = os.fork()
        if pid == 0:
            _become(Job(**json.loads(line)))
        alive.add(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in alive:
        os.kill(pid, signal.SIGKILL)  # ours, and not reaped yet: the id is still its own


def _become(job: Job) -> NoReturn:
    folder = Path(job.folder)
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    code = 1
    try:
        _run(job, Steps(folder))
        code = 0
    except BaseException:  # noqa: BLE001 - the process's entry point: what ended it is for its log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(job: Job, steps: Steps) -> None:
    if job.kind == "server":
        configure_logs(sys.stdout)
        uvloop.run(_serve(job, steps))
    else:
        _use_kit(job, steps)


async def _serve(job: Job, steps: Steps) -> None:
    folder, settings = Path(job.folder), Settings.model_validate(job.settings)
    gateway, log = (parse_signing_key(secret) for secret in job.secrets[:2])
    index = parse_index_key(job.secrets[2])
    clock = FileClock(Path(job.clock))
    FileSteps(steps, "outside", [settings.outside])
    broker = await _counted(settings, clock, ServiceKeys(gateway, log, index), steps)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, broker.desk.clock_moved.ring)
    try:
        async with running(create_app(broker, run_worker=True)) as url:
            _say(folder / "url", url)
            await stop.wait()
    finally:
        await broker.close()


async def _counted(settings: Settings, clock: FileClock, keys: ServiceKeys, steps: Steps) -> Broker:
    """Return the broker that `build_broker` checked and made, on the same ports, counted."""
    built = await build_broker(settings, clock, keys, clock_is_injected=True)
    store = CountedStore(built.store, steps)
    desk = replace(built.desk, store=store, directories=Directories(settings))
    queue = open_queue(settings.amqp_url, store, clock, settings.delivery_limit)
    return Broker(desk, CountedQueue(queue, steps), {}, keys.log)


def _use_kit(job: Job, steps: Steps) -> None:
    clock, home = FileClock(Path(job.clock)), Home.load(Path(job.home))
    keyring = load_keyring(home, job.secrets[0], clock())
    counted = CountedHome(home.path, replace(home.settings, url=job.url), steps)
    FileSteps(steps, "home", [home.path, home.path / "deliveries"])
    with Kit(counted, keyring, clock) as kit:
        for act in job.acts:
            _ACTS[act](kit, Path(job.folder))


def _send(kit: Kit, folder: Path) -> None:
    kit.submit(decode_composed((folder / "composed").read_bytes()))


def _pull(kit: Kit, _folder: Path) -> None:
    kit.pull(wait_s=1)


def _open(kit: Kit, folder: Path) -> None:
    shown = os.open(folder / "shown", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for item in kit.inbox.items():
        if item.state in (State.SAVED, State.COLLECTED, State.OPENED):
            try:
                opened = kit.open(item.delivery)
            except AlreadyShown:
                continue
            os.write(shown, f"{opened.manifest.message}\n".encode())


def _answer(kit: Kit, _folder: Path) -> None:
    for item in kit.inbox.items():
        if item.state is State.RECALLED:
            kit.answer_recall(item.delivery)


_ACTS = {"send": _send, "pull": _pull, "open": _open, "answer": _answer}


def _say(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.rename(path)


if __name__ == "__main__":
    main()
