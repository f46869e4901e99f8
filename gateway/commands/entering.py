"""Registers and revocations carried to the gateway's machine: into the database, past the office that cannot send."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from agencies.register import Register
from gateway.commands.area_env import load_settings
from gateway.commands.outcome import Exit, Stopped
from gateway.commands.running import open_broker
from gateway.commands.service_keys import open_service_keys


def enter(home: Path, files: Sequence[Path]) -> Register:
    """Return the register that is in force once what the files hold is entered.

    Raises Stopped for a file that is no text; BrokerError if something does not verify, or does not follow.
    """
    settings = load_settings(home)
    notes = [_read(file) for file in files]
    keys = open_service_keys(settings)

    async def once() -> Register:
        async with open_broker(settings, keys) as broker:
            directory = await broker.enter(notes)
            while await broker.sequence():
                pass
            return directory.register

    return asyncio.run(once())


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Stopped(f"{file} is no note", "give register.pending, or a revocation's note", Exit.USAGE) from None
